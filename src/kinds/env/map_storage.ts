/** Variables kept in memory: writable, or fixed when `readonly`. */
import { Failure } from "../../core/mod.ts";
import type { EnvStorage } from "../../ports/mod.ts";

/** The refusal of every storage that can't be written. */
export function readOnlyStorage(): Failure {
  return new Failure("PermissionDenied", "storage is read-only", { retryable: false });
}

/** A storage over a map of its own. */
export class MapStorage implements EnvStorage {
  readonly readonly: boolean;
  readonly #values: Map<string, string>;

  constructor(values: Readonly<Record<string, string>>, readonly: boolean) {
    this.readonly = readonly;
    this.#values = new Map(Object.entries(values));
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: string): void {
    if (this.readonly) throw readOnlyStorage();
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.readonly) throw readOnlyStorage();
    this.#values.delete(key);
  }

  all(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }
}
