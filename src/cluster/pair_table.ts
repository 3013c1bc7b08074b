/** Key-value pairs by namespace that the consensus core keeps, with versions, expiry and owners. */
import type { Value } from "../core/mod.ts";
import type { StorePage } from "../ports/mod.ts";

/** What a command gave. `problem` says why it was refused. */
export interface Outcome {
  readonly ok: boolean;
  /** Who holds what was wanted. */
  readonly pid?: string;
  readonly version?: string;
  readonly problem?: "exists" | "version";
}

interface Pair {
  readonly value: Uint8Array;
  readonly version: string;
  /** 0 for never. */
  readonly expiresMs: number;
  /** Pid that the pair goes with; "" for none. */
  readonly owner: string;
  readonly boot: number;
}

/** A pair that is to be written, and on which conditions. */
export interface PairWrite {
  readonly namespace: string;
  readonly key: string;
  readonly value: Uint8Array;
  /** 0 for no end. */
  readonly ttlMs: number;
  readonly onlyIfAbsent: boolean;
  /** Version the pair must have; "" for any. */
  readonly ifVersion: string;
  /** Pid that the pair goes with; "" for none. */
  readonly owner: string;
  readonly boot: number;
}

/** The pairs. */
export class PairTable {
  readonly #spaces = new Map<string, Map<string, Pair>>();
  /** Keys in order, made when they are asked for and dropped when one comes or goes. */
  readonly #ordered = new Map<string, string[]>();

  /** A pair that has not expired. */
  get(namespace: string, key: string, nowMs: number): Pair | undefined {
    const pair = this.#spaces.get(namespace)?.get(key);
    return pair === undefined || isExpired(pair, nowMs) ? undefined : pair;
  }

  /** Writes a pair, if its conditions hold. */
  put(
    put: PairWrite,
    { index, nowMs }: { index: number; nowMs: number },
  ): Outcome {
    const { namespace, key, value, owner, boot } = put;
    const known = this.get(namespace, key, nowMs);
    if (put.onlyIfAbsent && known !== undefined) return { ok: false, problem: "exists", pid: known.owner };
    if (put.ifVersion !== "" && known?.version !== put.ifVersion) return { ok: false, problem: "version" };
    let space = this.#spaces.get(namespace);
    if (space === undefined) this.#spaces.set(namespace, space = new Map());
    if (!space.has(key)) this.#ordered.delete(namespace);
    const expiresMs = put.ttlMs > 0 ? nowMs + put.ttlMs : 0;
    space.set(key, { value, version: String(index), expiresMs, owner, boot });
    return { ok: true, version: String(index) };
  }

  /** Removes a pair; with an owner, only when that is its owner. */
  delete(
    { namespace, key, owner }: { namespace: string; key: string; owner: string },
    nowMs: number,
  ): Outcome {
    const known = this.get(namespace, key, nowMs);
    if (known === undefined || owner !== "" && known.owner !== owner) return { ok: false };
    this.#remove(namespace, key);
    return { ok: true };
  }

  #remove(namespace: string, key: string): void {
    const space = this.#spaces.get(namespace);
    space?.delete(key);
    this.#ordered.delete(namespace);
    if (space?.size === 0) this.#spaces.delete(namespace);
  }

  /** The pid that owns a pair; "" when nobody does. */
  ownerOf(namespace: string, key: string): string {
    return this.#spaces.get(namespace)?.get(key)?.owner ?? "";
  }

  /** Removes pairs whose owner is lost; whether there were any. */
  release(isLost: (owner: { pid: string; boot: number }) => boolean): boolean {
    let isAny = false;
    for (const [namespace, space] of [...this.#spaces]) {
      for (const [key, { owner: pid, boot }] of [...space]) {
        if (pid === "" || !isLost({ pid, boot })) continue;
        isAny = true;
        this.#remove(namespace, key);
      }
    }
    return isAny;
  }

  /** Removes what has expired; how many pairs that was. */
  sweep(nowMs: number): number {
    let count = 0;
    for (const [namespace, space] of [...this.#spaces]) {
      for (const [key, pair] of [...space]) {
        if (!isExpired(pair, nowMs)) continue;
        this.#remove(namespace, key);
        count += 1;
      }
    }
    return count;
  }

  /** Whether anything has expired and is still here. */
  hasExpired(nowMs: number): boolean {
    for (const space of this.#spaces.values()) {
      for (const pair of space.values()) if (isExpired(pair, nowMs)) return true;
    }
    return false;
  }

  /** Owners of pairs, each once for each life of its node. */
  owners(): { pid: string; boot: number }[] {
    const found: { pid: string; boot: number }[] = [];
    for (const space of this.#spaces.values()) {
      for (const { owner, boot } of space.values()) if (owner !== "") found.push({ pid: owner, boot });
    }
    return found;
  }

  /** A page of pairs in the order of their keys. */
  list(
    namespace: string,
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
    nowMs: number,
  ): StorePage {
    const keys = this.#keys(namespace);
    const items: StorePage["items"] = [];
    let i = firstFrom(keys, after >= prefix ? after : prefix);
    for (; i < keys.length && items.length <= limit; i++) {
      const key = keys[i]!;
      if (key === after) continue;
      if (!key.startsWith(prefix)) break;
      const pair = this.get(namespace, key, nowMs);
      if (pair !== undefined) items.push({ key, value: pair.value, version: pair.version });
    }
    const hasMore = items.length > limit;
    if (hasMore) items.pop();
    return { items, cursor: hasMore ? items.at(-1)!.key : "", has_more: hasMore };
  }

  #keys(namespace: string): string[] {
    let keys = this.#ordered.get(namespace);
    if (keys === undefined) {
      keys = [...this.#spaces.get(namespace)?.keys() ?? []].sort();
      this.#ordered.set(namespace, keys);
    }
    return keys;
  }

  /** Everything, as plain data. */
  dump(): Value[] {
    const rows: Value[] = [];
    for (const [namespace, space] of this.#spaces) {
      for (const [key, { value, version, expiresMs, owner, boot }] of space) {
        rows.push([namespace, key, value, version, expiresMs, owner, boot]);
      }
    }
    return rows;
  }

  /** Everything that `dump` gave, in place of what is here. */
  load(rows: readonly Value[]): void {
    this.#spaces.clear();
    this.#ordered.clear();
    for (const row of rows) {
      const [namespace, key, value, version, expiresMs, owner, boot] = row as unknown as [
        string,
        string,
        Uint8Array,
        string,
        number,
        string,
        number,
      ];
      let space = this.#spaces.get(namespace);
      if (space === undefined) this.#spaces.set(namespace, space = new Map());
      space.set(key, { value, version, expiresMs, owner, boot });
    }
  }
}

function isExpired({ expiresMs }: Pair, nowMs: number): boolean {
  return expiresMs > 0 && expiresMs <= nowMs;
}

/** Index of the first key that is not before `from`. */
function firstFrom(keys: readonly string[], from: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
