/**
 * The application's variables: who they are and which storage holds their values.
 *
 * Storages belong to the `env.storage.*` kinds; this finds them by id when a variable is read or written, so that a
 * variable may be registered before its storage.
 *
 * V1. A public name stands for at most one variable. The application's own goes before one of its modules, which has the name again
 *     when that one is gone.
 */
import { Failure, parseEntryId } from "../core/mod.ts";
import {
  type Environment,
  type EnvStorage,
  EnvStorageResource,
  type EnvVariable,
  type Resources,
} from "../ports/mod.ts";

/** Variables of one application. */
export class VariableTable implements Environment {
  readonly #resources: Resources;
  readonly #written: (id: string) => void;
  readonly #byId = new Map<string, EnvVariable>();
  readonly #byName = new Map<string, EnvVariable>();

  /** `written` is told of each variable whose value was set. */
  constructor(resources: Resources, written: (id: string) => void = () => {}) {
    this.#resources = resources;
    this.#written = written;
  }

  variable(nameOrId: string): EnvVariable | undefined {
    return this.#byName.get(nameOrId) ?? this.#byId.get(nameOrId);
  }

  get(nameOrId: string): Promise<string | undefined> | string | undefined {
    const variable = this.#known(nameOrId);
    const value = this.#storageOf(variable).get(keyOf(variable));
    if (value instanceof Promise) return value.then((found) => found ?? fallback(variable));
    return value ?? fallback(variable);
  }

  set(nameOrId: string, value: string): Promise<void> | void {
    const variable = this.#known(nameOrId);
    if (variable.readonly) {
      throw new Failure("PermissionDenied", "environment variable is read-only", { retryable: false });
    }
    const storage = this.#storageOf(variable);
    if (storage.readonly) throw new Failure("PermissionDenied", "storage is read-only", { retryable: false });
    const work = storage.set(keyOf(variable), value);
    if (work instanceof Promise) return work.then(() => this.#written(variable.id));
    this.#written(variable.id);
  }

  async all(): Promise<Record<string, string>> {
    const values: Record<string, string> = {};
    for (const [name, variable] of this.#byName) {
      // A storage that is gone hides its variables from the listing; reading one of them says so.
      if (this.#resources.find(EnvStorageResource, variable.storage) === undefined) continue;
      const value = await this.get(variable.id);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  register(variable: EnvVariable): void {
    const { id, name } = variable;
    if (!/^[A-Za-z0-9_]*$/.test(name)) {
      throw new Failure("Invalid", `invalid variable name: ${name} (letters, digits and _ only)`, {
        retryable: false,
      });
    }
    const holder = this.#byName.get(name);
    const isTaken = holder !== undefined && holder.id !== id;
    if (isTaken && holder.isOfModule === variable.isOfModule) {
      throw new Failure("AlreadyExists", `variable ${name} is already registered by ${holder.id}`, {
        retryable: false,
      });
    }
    this.unregister(id);
    this.#byId.set(id, variable);
    if (name !== "" && (!isTaken || holder.isOfModule)) this.#byName.set(name, variable);
  }

  unregister(id: string): void {
    const variable = this.#byId.get(id);
    if (variable === undefined) return;
    this.#byId.delete(id);
    const { name } = variable;
    if (this.#byName.get(name) !== variable) return;
    this.#byName.delete(name);
    for (const other of this.#byId.values()) if (other.name === name) this.#byName.set(name, other);
  }

  #known(nameOrId: string): EnvVariable {
    const variable = this.variable(nameOrId);
    if (variable === undefined) {
      throw new Failure("NotFound", "environment variable not found", {
        retryable: false,
        details: { name: nameOrId },
      });
    }
    return variable;
  }

  #storageOf(variable: EnvVariable): EnvStorage {
    const storage = this.#resources.find(EnvStorageResource, variable.storage);
    if (storage === undefined) {
      throw new Failure("NotFound", `storage not found: ${variable.storage}`, { retryable: false });
    }
    return storage;
  }
}

/** The key under which a storage holds a variable: its public name, else its entry's name. */
function keyOf(variable: EnvVariable): string {
  return variable.name === "" ? parseEntryId(variable.id).name : variable.name;
}

function fallback(variable: EnvVariable): string | undefined {
  return variable.default === "" ? undefined : variable.default;
}
