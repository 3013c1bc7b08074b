/** A bounded table that drops what was used least recently. */

/** Holds up to `sizeMax` items; 0 or less holds none. */
export class RecentTable<K, V> {
  readonly #items = new Map<K, V>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: K): V | undefined {
    const value = this.#items.get(key);
    if (value === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    if (this.#sizeMax <= 0) return;
    this.#items.delete(key);
    this.#items.set(key, value);
    if (this.#items.size > this.#sizeMax) this.#items.delete(this.#items.keys().next().value!);
  }

  clear(): void {
    this.#items.clear();
  }
}
