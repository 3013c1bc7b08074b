/**
 * What components of an application share: a dictionary that is written during boot and only read afterwards.
 *
 * X1. A key is written once. X2. After `seal` every write fails. Both are mistakes of the program, not of its user.
 */

/** A typed key. Two keys are the same when their names are. */
export interface ContextKey<T> {
  readonly name: string;
  readonly phantom?: T;
}

/** Declares a key. */
export function defineContextKey<T>(name: string): ContextKey<T> {
  return { name };
}

/** Shared references by key. */
export class ApplicationContext {
  readonly #values = new Map<string, unknown>();
  #sealed = false;

  /** True once boot is over. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Writes `key`. Throws when it is written already or the context is sealed. */
  provide<T>(key: ContextKey<T>, value: T): void {
    if (this.#sealed) throw new Error(`context is sealed: ${key.name} comes too late`);
    if (this.#values.has(key.name)) throw new Error(`context key ${key.name} is provided twice`);
    this.#values.set(key.name, value);
  }

  /** The value at `key`. Throws when nobody provided it. */
  get<T>(key: ContextKey<T>): T {
    if (!this.#values.has(key.name)) throw new Error(`context key ${key.name} is not provided`);
    return this.#values.get(key.name) as T;
  }

  /** The value at `key`, if anybody provided it. */
  find<T>(key: ContextKey<T>): T | undefined {
    return this.#values.get(key.name) as T | undefined;
  }

  /** Ends writing. */
  seal(): void {
    this.#sealed = true;
  }
}
