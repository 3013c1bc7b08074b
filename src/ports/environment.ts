/** Environment variables of the application (env entries), not the operating system's. */
import { defineResource } from "./resource.ts";

/** Where variables are kept; provided by the `env.storage.*` kinds. */
export interface EnvStorage {
  readonly readonly: boolean;
  get(key: string): string | undefined | Promise<string | undefined>;
  /** Throws PermissionDenied when read-only. */
  set(key: string, value: string): void | Promise<void>;
  delete(key: string): void | Promise<void>;
  all(): Record<string, string> | Promise<Record<string, string>>;
}

/** Resource type of env storages. */
export const EnvStorageResource = defineResource<EnvStorage>("env.storage");

/** One registered variable. */
export interface EnvVariable {
  /** Whether a module brings it: a variable of the application itself goes before it. */
  readonly isOfModule: boolean;
  readonly id: string;
  /** Public name, `""` when reachable only by id. */
  readonly name: string;
  readonly storage: string;
  readonly default: string | undefined;
  readonly readonly: boolean;
}

/** All registered variables, by public name or entry id. */
export interface Environment {
  variable(nameOrId: string): EnvVariable | undefined;
  /** Value, else the default; undefined when unset. Throws NotFound `environment variable not found` when not registered. */
  get(nameOrId: string): Promise<string | undefined> | string | undefined;
  set(nameOrId: string, value: string): Promise<void> | void;
  /** Every public variable with a value. */
  all(): Promise<Record<string, string>>;
  register(variable: EnvVariable): void;
  unregister(id: string): void;
}
