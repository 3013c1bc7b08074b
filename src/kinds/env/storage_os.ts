/** `env.storage.os`: the environment of the operating system, read-only. */
import { schema } from "../../core/mod.ts";
import type { EnvStorage, Ports } from "../../ports/mod.ts";
import { readOnlyStorage } from "./map_storage.ts";
import { storageKind } from "./storage_kind.ts";

class OsStorage implements EnvStorage {
  readonly readonly = true;
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  get(key: string): string | undefined {
    return this.#ports.osVariable(key);
  }

  set(): void {
    throw readOnlyStorage();
  }

  delete(): void {
    throw readOnlyStorage();
  }

  all(): Record<string, string> {
    return this.#ports.osVariables();
  }
}

export default storageKind({
  name: "env.storage.os",
  doc: "Read-only environment of the operating system.",
  config: schema.object({}),
  create: ({ ports }) => new OsStorage(ports),
});
