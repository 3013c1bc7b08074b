/**
 * The log of one member of the consensus core: what is remembered, and what is on disk.
 *
 * L1. What a call changed is in the storage when it returns. L2. Indexes begin at 1; those up to `base` are covered by the snapshot.
 */
import { CLUSTER_ITEM_BYTES_MAX } from "../../core/mod.ts";

/** What an entry does. */
export type EntryKind = "noop" | "config" | "command";

/** An entry of the log. */
export interface LogEntry {
  readonly term: number;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** Everything up to an index, applied. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  readonly config: Uint8Array;
  readonly data: Uint8Array;
}

/** Where a member keeps what it must not forget. Every call is durable when it returns. */
export interface RaftStorage {
  load(): StoredState;
  saveVote(word: Pick<StoredState, "term" | "votedFor" | "mayVote">): void;
  /** Replaces everything from `first` on. */
  append(first: number, entries: readonly LogEntry[]): void;
  /** Keeps a snapshot, and of the log only what comes after `base`; with `isForeign` nothing of it. All of it or nothing is done. */
  saveSnapshot(snapshot: Snapshot, base: { index: number; term: number }, isForeign: boolean): void;
  close(): void;
}

/** What a storage holds. */
export interface StoredState {
  readonly term: number;
  readonly votedFor: string;
  /** Whether a member knows all that it has promised; false for an empty storage. */
  readonly mayVote: boolean;
  readonly snapshot: Snapshot | undefined;
  /** Index before the first entry, and the term of the entry there. */
  readonly base: number;
  readonly baseTerm: number;
  readonly entries: readonly LogEntry[];
}

/** The log. */
export class RaftLog {
  readonly #storage: RaftStorage;
  #entries: LogEntry[];
  #base: number;
  #baseTerm: number;
  snapshot: Snapshot | undefined;

  constructor(storage: RaftStorage, state: StoredState) {
    this.#storage = storage;
    this.#entries = [...state.entries];
    this.#base = state.base;
    this.#baseTerm = state.baseTerm;
    this.snapshot = state.snapshot;
  }

  /** Index of the last entry; 0 when there never was one. */
  get lastIndex(): number {
    return this.#base + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#baseTerm;
  }

  /** Index before the first entry that is here. */
  get base(): number {
    return this.#base;
  }

  /** Term of the entry at an index; undefined when it is not known (any more). */
  termAt(index: number): number | undefined {
    return index === this.#base ? this.#baseTerm : this.at(index)?.term;
  }

  /** The entry at an index. */
  at(index: number): LogEntry | undefined {
    return index <= this.#base ? undefined : this.#entries[index - this.#base - 1];
  }

  /** Up to `count` entries from an index on; fewer, but one, when they are long. */
  from(index: number, count: number): LogEntry[] {
    const start = index - this.#base - 1;
    const entries = start < 0 ? [] : this.#entries.slice(start, start + count);
    let bytes = 0;
    const tooMany = entries.findIndex(({ data }) => (bytes += data.length) > CLUSTER_ITEM_BYTES_MAX);
    return tooMany < 0 ? entries : entries.slice(0, Math.max(1, tooMany));
  }

  /** Adds entries at the end; returns the index of the first. */
  append(entries: readonly LogEntry[]): number {
    const first = this.lastIndex + 1;
    this.#storage.append(first, entries);
    this.#entries.push(...entries);
    return first;
  }

  /**
   * Takes what a leader has after `previous`. With `ok`, this log agrees with the leader's up to `last`; otherwise they can agree at
   * `last` at best. `replaced` is the first index at which an entry is another one now, or new. What was committed is never replaced.
   */
  accept(
    { previous, previousTerm, entries }: {
      previous: number;
      previousTerm: number;
      entries: readonly LogEntry[];
    },
    commit: number,
  ): { ok: boolean; last: number; replaced?: number } {
    const known = Math.max(0, this.#base - previous);
    // What a snapshot covers was committed, so it agrees.
    const start = previous + known;
    if (known === 0) {
      const term = this.termAt(previous);
      if (term === undefined) return { ok: false, last: this.lastIndex };
      if (term !== previousTerm) return { ok: false, last: this.#beforeTerm(previous, term, commit) };
    }
    const last = Math.max(previous + entries.length, start);
    const fresh = entries.slice(known);
    const differs = fresh.findIndex((entry, i) => this.termAt(start + 1 + i) !== entry.term);
    if (differs < 0) return { ok: true, last };
    const replaced = start + 1 + differs;
    if (replaced <= commit) {
      throw new Error(`entry ${replaced} was committed (up to ${commit}) and is to be replaced`);
    }
    this.#replace(replaced, fresh.slice(differs));
    return { ok: true, last, replaced };
  }

  /** The last index before all that is here of a term in which this log went wrong. */
  #beforeTerm(index: number, term: number, commit: number): number {
    let before = index - 1;
    while (before > commit && this.termAt(before) === term) before -= 1;
    return before;
  }

  #replace(first: number, entries: readonly LogEntry[]): void {
    this.#storage.append(first, entries);
    this.#entries.length = first - this.#base - 1;
    this.#entries.push(...entries);
  }

  /** Takes a snapshot of what has been applied; keeps `trailing` entries before it. */
  compact(snapshot: Snapshot, trailing: number): void {
    const base = Math.max(this.#base, snapshot.index - trailing);
    const baseTerm = this.termAt(base)!;
    this.#storage.saveSnapshot(snapshot, { index: base, term: baseTerm }, false);
    this.#entries = this.#entries.slice(base - this.#base);
    this.#base = base;
    this.#baseTerm = baseTerm;
    this.snapshot = snapshot;
  }

  /** Takes a snapshot that another member made, in place of all that is here. */
  install(snapshot: Snapshot): void {
    this.#storage.saveSnapshot(snapshot, snapshot, true);
    this.#entries = [];
    this.#base = snapshot.index;
    this.#baseTerm = snapshot.term;
    this.snapshot = snapshot;
  }
}
