/** A bounded table that drops what was used least recently. */

/** Holds up to `sizeMax` items; 0 or less holds none. */
export class RecentTable<K, V> {
  readonly #items = new Map<K, V>();
  readonly #sizeMax: number;
  readonly #dropped: (value: V) => void;

  /** `dropped` gets every value that has to make room, is replaced or deleted. */
  constructor(sizeMax: number, dropped: (value: V) => void = () => {}) {
    this.#sizeMax = sizeMax;
    this.#dropped = dropped;
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
    this.delete(key);
    this.#items.set(key, value);
    if (this.#items.size > this.#sizeMax) this.delete(this.#items.keys().next().value!);
  }

  delete(key: K): void {
    const value = this.#items.get(key);
    if (value === undefined) return;
    this.#items.delete(key);
    this.#dropped(value);
  }

  clear(): void {
    for (const key of [...this.#items.keys()]) this.delete(key);
  }
}
