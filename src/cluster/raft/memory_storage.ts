/** Storage of a member that has no disk: it lasts as long as the object does. */
import type { LogEntry, RaftStorage, Snapshot, StoredState } from "./log.ts";

/** A storage in memory. */
export class MemoryStorage implements RaftStorage {
  #term = 0;
  #votedFor = "";
  #mayVote = false;
  #base = { index: 0, term: 0 };
  #entries: LogEntry[] = [];
  #snapshot: Snapshot | undefined;

  load(): StoredState {
    return {
      term: this.#term,
      votedFor: this.#votedFor,
      mayVote: this.#mayVote,
      snapshot: this.#snapshot,
      base: this.#base.index,
      baseTerm: this.#base.term,
      entries: [...this.#entries],
    };
  }

  saveVote({ term, votedFor, mayVote }: Pick<StoredState, "term" | "votedFor" | "mayVote">): void {
    this.#term = term;
    this.#votedFor = votedFor;
    this.#mayVote = mayVote;
  }

  append(first: number, entries: readonly LogEntry[]): void {
    this.#entries.length = first - this.#base.index - 1;
    this.#entries.push(...entries);
  }

  saveSnapshot(snapshot: Snapshot, base: { index: number; term: number }, isForeign: boolean): void {
    this.#snapshot = snapshot;
    this.#entries = isForeign ? [] : this.#entries.slice(base.index - this.#base.index);
    this.#base = { index: base.index, term: base.term };
  }

  close(): void {}
}
