/**
 * Key-value pairs that every node holds and changes by itself; nodes tell each other, and the last writer wins.
 *
 * P1. A pair is replaced only by a later stamp: time, then a counter, then the node that wrote. So the order of news does not matter.
 * P2. A removed pair leaves a mark until everybody can be expected to know; a mark has a stamp like a pair.
 * P3. Nodes that are linked tell each other everything, in parts, and then each change.
 */
import { CLUSTER_ITEM_BYTES_MAX, Failure, type Value } from "../core/mod.ts";
import type {
  Clock,
  ClusterPairs,
  NodeChannel,
  NodeChannelListener,
  StoreEntry,
  StorePage,
  TimerHandle,
} from "../ports/mod.ts";
import { fieldOf } from "./node_channels.ts";
import { demandItem } from "./wire.ts";

/** When a pair was written: milliseconds, a counter within them, and who wrote. */
type Stamp = readonly [ms: number, count: number, node: string];

interface Pair {
  readonly stamp: Stamp;
  /** Undefined for a mark of a removed pair. */
  readonly value: Uint8Array | undefined;
  /** 0 for never. */
  readonly expiresMs: number;
}

/** Keeps pairs on disk. */
export interface PairShelf {
  /** Pairs of a namespace that were kept. */
  load(namespace: string): Value[];
  save(namespace: string, row: Value): void;
  remove(namespace: string, key: string): void;
  close(): void;
}

/** What the pairs are made of. */
export interface ConvergingPairsOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly open: (listener: NodeChannelListener) => NodeChannel;
  /** Undefined when there is no place to keep anything. */
  readonly shelf: (() => PairShelf) | undefined;
}

/** Pairs in one message when everything is told. */
const PART = 500;
/** How long a mark of a removed pair is kept: a node that was away for longer may bring the pair back. */
const MARK_MS = 24 * 60 * 60 * 1000;
const SWEEP_MS = 60_000;
/** Nodes that missed a change are told everything again after this time. */
const REPAIR_MS = 1_000;

/** The pairs. */
export class ConvergingPairs implements ClusterPairs {
  readonly #options: ConvergingPairsOptions;
  readonly #channel: NodeChannel;
  readonly #spaces = new Map<string, Map<string, Pair>>();
  readonly #kept = new Set<string>();
  readonly #behind = new Set<string>();
  readonly #timers = new Map<string, TimerHandle>();
  #shelf: PairShelf | undefined;
  #last: Stamp = [0, 0, ""];

  constructor(options: ConvergingPairsOptions) {
    this.#options = options;
    this.#channel = options.open({
      up: (node) => this.#tellAll(node),
      down: (node) => void this.#behind.delete(node),
      receive: (_node, message) => this.#receive(message),
    });
    this.#every("repair", REPAIR_MS, () => {
      for (const node of [...this.#behind]) {
        this.#behind.delete(node);
        this.#tellAll(node);
      }
    });
    this.#every("sweep", SWEEP_MS, () => this.#sweep());
  }

  /** Ends its timers. */
  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#channel.close();
    this.#shelf?.close();
    this.#shelf = undefined;
  }

  #every(name: string, delayMs: number, work: () => void): void {
    const again = (): void => {
      this.#every(name, delayMs, work);
      work();
    };
    this.#timers.set(name, this.#options.clock.timer(delayMs, again, { background: true }));
  }

  keep(namespace: string): void {
    if (this.#kept.has(namespace)) return;
    if (this.#options.shelf === undefined) {
      throw new Failure("Unavailable", "cluster.raft.data_dir names no folder to keep pairs in", {
        retryable: false,
      });
    }
    this.#shelf ??= this.#options.shelf();
    this.#kept.add(namespace);
    for (const row of this.#shelf.load(namespace)) this.#merge(row);
    for (const [key, pair] of this.#spaces.get(namespace) ?? []) {
      this.#shelf.save(namespace, rowOf(namespace, key, pair));
    }
  }

  // --- The store --------------------------------------------------------------------------------------------------------

  #live(namespace: string, key: string): Pair & { value: Uint8Array } | undefined {
    const pair = this.#spaces.get(namespace)?.get(key);
    if (pair?.value === undefined || this.#isExpired(pair)) return undefined;
    return pair as Pair & { value: Uint8Array };
  }

  #isExpired({ expiresMs }: Pair): boolean {
    return expiresMs > 0 && expiresMs <= this.#options.clock.nowMs();
  }

  entry(namespace: string, key: string): StoreEntry | undefined {
    const pair = this.#live(namespace, key);
    return pair === undefined ? undefined : { key, value: pair.value, version: pair.stamp.join("-") };
  }

  put(namespace: string, key: string, value: Uint8Array, { ttlSeconds }: { ttlSeconds: number }): StoreEntry {
    demandItem(namespace.length + key.length + value.length);
    const stamp = this.#stamp();
    const expiresMs = ttlSeconds > 0 ? this.#options.clock.nowMs() + Math.ceil(ttlSeconds * 1000) : 0;
    this.#write(namespace, key, { stamp, value, expiresMs });
    return { key, value, version: stamp.join("-") };
  }

  delete(namespace: string, key: string): boolean {
    if (this.#live(namespace, key) === undefined) return false;
    this.#write(namespace, key, { stamp: this.#stamp(), value: undefined, expiresMs: 0 });
    return true;
  }

  list(
    namespace: string,
    { prefix, after, limit }: { prefix: string; after: string; limit: number },
  ): StorePage {
    const keys = [...this.#spaces.get(namespace)?.keys() ?? []]
      .filter((key) => key.startsWith(prefix) && key > after && this.#live(namespace, key) !== undefined)
      .sort();
    const items = keys.slice(0, limit).map((key) => this.entry(namespace, key)!);
    const hasMore = keys.length > limit;
    return { items, cursor: hasMore ? items.at(-1)!.key : "", has_more: hasMore };
  }

  // --- Writing and telling ----------------------------------------------------------------------------------------------

  /** A stamp later than all that were seen, even when clocks disagree. */
  #stamp(): Stamp {
    const [ms, count] = this.#last;
    const nowMs = this.#options.clock.nowMs();
    return this.#last = nowMs > ms ? [nowMs, 0, this.#options.node] : [ms, count + 1, this.#options.node];
  }

  #write(namespace: string, key: string, pair: Pair): void {
    this.#set(namespace, key, pair);
    const message = { pairs: [rowOf(namespace, key, pair)] };
    for (const node of this.#channel.peers()) {
      if (!this.#channel.send(node, message)) this.#behind.add(node);
    }
  }

  #set(namespace: string, key: string, pair: Pair): void {
    let space = this.#spaces.get(namespace);
    if (space === undefined) this.#spaces.set(namespace, space = new Map());
    space.set(key, pair);
    if (this.#kept.has(namespace)) this.#shelf?.save(namespace, rowOf(namespace, key, pair));
  }

  #tellAll(node: string): void {
    let pairs: Value[] = [];
    let bytes = 0;
    const send = (): void => {
      if (pairs.length > 0 && !this.#channel.send(node, { pairs })) this.#behind.add(node);
      pairs = [];
      bytes = 0;
    };
    for (const [namespace, space] of this.#spaces) {
      for (const [key, pair] of space) {
        const size = namespace.length + key.length + (pair.value?.length ?? 0);
        if (bytes + size > CLUSTER_ITEM_BYTES_MAX) send();
        bytes += size;
        pairs.push(rowOf(namespace, key, pair));
        if (pairs.length === PART) send();
      }
    }
    send();
  }

  #receive(message: Value): void {
    const pairs = fieldOf(message, "pairs");
    if (!Array.isArray(pairs)) throw malformed();
    for (const row of pairs) this.#merge(row);
  }

  #merge(row: Value): void {
    const [namespace, key, ms, count, node, value, expiresMs] = Array.isArray(row) ? row : [];
    if (
      typeof namespace !== "string" || typeof key !== "string" || typeof ms !== "number" ||
      typeof count !== "number" ||
      typeof node !== "string" || typeof expiresMs !== "number"
    ) throw malformed();
    const stamp: Stamp = [ms, count, node];
    if (isLater(stamp, this.#last)) this.#last = stamp;
    const known = this.#spaces.get(namespace)?.get(key);
    if (known !== undefined && !isLater(stamp, known.stamp)) return;
    this.#set(namespace, key, { stamp, value: value instanceof Uint8Array ? value : undefined, expiresMs });
  }

  /** Forgets marks that are old and pairs that have expired long ago. */
  #sweep(): void {
    const oldMs = this.#options.clock.nowMs() - MARK_MS;
    for (const [namespace, space] of this.#spaces) {
      for (const [key, { stamp, value, expiresMs }] of space) {
        const isOld = value === undefined ? stamp[0] < oldMs : expiresMs > 0 && expiresMs < oldMs;
        if (!isOld) continue;
        space.delete(key);
        if (this.#kept.has(namespace)) this.#shelf?.remove(namespace, key);
      }
    }
  }
}

function isLater(a: Stamp, b: Stamp): boolean {
  return a[0] !== b[0] ? a[0] > b[0] : a[1] !== b[1] ? a[1] > b[1] : a[2] > b[2];
}

function rowOf(namespace: string, key: string, { stamp, value, expiresMs }: Pair): Value {
  return [namespace, key, stamp[0], stamp[1], stamp[2], value ?? null, expiresMs];
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed pairs of another node");
}
