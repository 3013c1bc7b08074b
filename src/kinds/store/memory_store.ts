/**
 * A key-value store in memory.
 *
 * M1. It holds at most `entriesMax` entries; past that, new keys are refused and present ones can still be written.
 * M2. An entry past its time is never read, listed or counted as present, whether or not it was cleaned up.
 */
import { Failure, STORE_ENTRIES_DEFAULT, type Value } from "../../core/mod.ts";
import type { Clock, Store, StoreEntry, StoreInfo, StorePage, TimerHandle } from "../../ports/mod.ts";

interface Item extends StoreEntry {
  /** Milliseconds since the Unix epoch, Infinity without expiry. */
  readonly expiresMs: number;
}

/** What may change while a store lives. */
export interface MemoryStoreOptions {
  /** 0 means the default. */
  readonly entriesMax: number;
  /** 0 never cleans up. */
  readonly cleanupMs: number;
}

/** The store of `store.memory`. */
export class MemoryStore implements Store {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #items = new Map<string, Item>();
  #entriesMax = STORE_ENTRIES_DEFAULT;
  #cleanupMs = 0;
  #timer: TimerHandle | undefined;
  #version = 0;
  /** Keys in order; undefined when they must be sorted anew. */
  #keys: string[] | undefined = [];

  constructor(id: string, clock: Clock, options: MemoryStoreOptions) {
    this.#id = id;
    this.#clock = clock;
    this.configure(options);
  }

  /** Applies other options; what is stored stays, also when it is more than the new limit. */
  configure(options: MemoryStoreOptions): void {
    this.#entriesMax = options.entriesMax === 0 ? STORE_ENTRIES_DEFAULT : options.entriesMax;
    this.#cleanupMs = options.cleanupMs;
    this.#timer?.cancel();
    this.#schedule();
  }

  info(): StoreInfo {
    return {
      id: this.#id,
      backend: "memory",
      consistency: "local",
      durable: false,
      list: true,
      versioned: true,
      conditional_put: true,
      ttl: true,
    };
  }

  entry(key: string): StoreEntry | undefined {
    const item = this.#live(key);
    return item === undefined ? undefined : { key, value: item.value, version: item.version };
  }

  put(
    key: string,
    value: Value,
    options: { ttlSeconds: number; onlyIfAbsent?: boolean; ifVersion?: string },
  ): StoreEntry {
    const current = this.#live(key);
    if (options.onlyIfAbsent && current !== undefined) {
      throw new Failure("AlreadyExists", "key already exists", { retryable: false });
    }
    if (options.ifVersion !== undefined && current?.version !== options.ifVersion) {
      throw new Failure("Conflict", "version mismatch", { retryable: true });
    }
    if (current === undefined) this.#makeRoom(key);
    const expiresMs = options.ttlSeconds === 0 ? Infinity : this.#clock.nowMs() + options.ttlSeconds * 1000;
    const version = String(++this.#version);
    if (!this.#items.has(key)) this.#keys = undefined;
    this.#items.set(key, { key, value, version, expiresMs });
    return { key, value, version };
  }

  delete(key: string): boolean {
    const present = this.#live(key) !== undefined;
    if (this.#items.delete(key)) this.#keys = undefined;
    return present;
  }

  list({ prefix, after, limit }: { prefix: string; after: string; limit: number }): StorePage {
    const keys = this.#keys ??= [...this.#items.keys()].sort();
    const items: StoreEntry[] = [];
    for (let i = firstAtLeast(keys, after > prefix ? after : prefix); i < keys.length; i++) {
      const key = keys[i]!;
      if (!key.startsWith(prefix)) break;
      if (key === after) continue;
      const found = this.entry(key);
      if (found === undefined) continue;
      if (items.length === limit) return { items, cursor: items.at(-1)?.key ?? after, has_more: true };
      items.push(found);
    }
    return { items, cursor: items.at(-1)?.key ?? after, has_more: false };
  }

  /** Drops entries past their time. */
  cleanup(): void {
    const now = this.#clock.nowMs();
    for (const [key, item] of this.#items) {
      if (item.expiresMs <= now && this.#items.delete(key)) this.#keys = undefined;
    }
  }

  /** Entries held, those past their time included. */
  get size(): number {
    return this.#items.size;
  }

  /** Drops everything and stops cleaning up. */
  close(): void {
    this.#timer?.cancel();
    this.#items.clear();
    this.#keys = [];
  }

  #live(key: string): Item | undefined {
    const item = this.#items.get(key);
    return item === undefined || item.expiresMs !== Infinity && item.expiresMs <= this.#clock.nowMs()
      ? undefined
      : item;
  }

  #makeRoom(key: string): void {
    if (this.#items.has(key) || this.#items.size < this.#entriesMax) return;
    this.cleanup();
    if (this.#items.size >= this.#entriesMax) {
      throw new Failure(
        "LimitExceeded",
        `store is full: ${this.#id} holds ${this.#entriesMax} entries (max_size)`,
        {
          retryable: true,
        },
      );
    }
  }

  #schedule(): void {
    if (this.#cleanupMs <= 0) return;
    this.#timer = this.#clock.timer(this.#cleanupMs, () => {
      this.cleanup();
      this.#schedule();
    }, { background: true });
  }
}

/** Index of the first of the ordered `keys` that is not before `key`. */
function firstAtLeast(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
