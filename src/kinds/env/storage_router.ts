/** `env.storage.router`: several storages, asked in order. */
import { Failure, schema } from "../../core/mod.ts";
import { type EnvStorage, EnvStorageResource, type Resources } from "../../ports/mod.ts";
import { storageKind } from "./storage_kind.ts";

/**
 * Reads stop at the first storage that has the key; a failure stops them too. What was found is kept, so a later change made
 * past the router is not seen. Writes go to the first storage only.
 */
class RouterStorage implements EnvStorage {
  readonly #resources: Resources;
  readonly #ids: readonly string[];
  readonly #found = new Map<string, string>();

  constructor(resources: Resources, ids: readonly string[]) {
    this.#resources = resources;
    this.#ids = ids;
  }

  get readonly(): boolean {
    return this.#storage(this.#ids[0]!).readonly;
  }

  get(key: string): string | undefined | Promise<string | undefined> {
    const known = this.#found.get(key);
    return known !== undefined ? known : this.#search(key, 0);
  }

  #search(key: string, from: number): string | undefined | Promise<string | undefined> {
    for (let i = from; i < this.#ids.length; i++) {
      const value = this.#storage(this.#ids[i]!).get(key);
      if (value instanceof Promise) {
        return value.then((found) => found === undefined ? this.#search(key, i + 1) : this.#keep(key, found));
      }
      if (value !== undefined) return this.#keep(key, value);
    }
    return undefined;
  }

  #keep(key: string, value: string): string {
    this.#found.set(key, value);
    return value;
  }

  async set(key: string, value: string): Promise<void> {
    await this.#storage(this.#ids[0]!).set(key, value);
    this.#found.set(key, value);
  }

  async delete(key: string): Promise<void> {
    await this.#storage(this.#ids[0]!).delete(key);
    this.#found.delete(key);
  }

  async all(): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const id of [...this.#ids].reverse()) Object.assign(values, await this.#storage(id).all());
    return Object.assign(values, Object.fromEntries(this.#found));
  }

  #storage(id: string): EnvStorage {
    const storage = this.#resources.find(EnvStorageResource, id);
    if (storage === undefined) {
      throw new Failure("NotFound", `storage not found: ${id}`, { retryable: false });
    }
    return storage;
  }
}

export default storageKind({
  name: "env.storage.router",
  doc: "Storages asked in order; the first one is written.",
  config: schema.object({ storages: schema.list(schema.reference({ doc: "A storage." })) }),
  create({ config, resources }) {
    if (config.storages.length === 0) {
      throw new Failure("Invalid", "storages: at least one storage is required", { retryable: false });
    }
    return new RouterStorage(resources, config.storages);
  },
});
