/**
 * What a leader keeps besides its log: how far each other member is, who waits for which entry, and which reads may be answered.
 *
 * D1. An entry counts as committed once a majority of voters has it and it is of the leader's own term.
 * D2. A read is answered once a majority has confirmed, after it was asked for, that the leader still leads.
 */
import { Failure, type Value } from "../../core/mod.ts";
import { majorityOf, othersOf, type RaftConfig } from "./config.ts";
import type { LogEntry, RaftLog } from "./log.ts";
import type { RaftMessage } from "./messages.ts";

/** What leading needs of the member. */
export interface LeadershipParts {
  readonly id: string;
  readonly term: number;
  readonly log: RaftLog;
  readonly config: () => RaftConfig;
  readonly commit: () => number;
  readonly nowMs: () => number;
  readonly soon: (fire: () => void) => void;
  readonly send: (to: string, message: RaftMessage) => void;
  readonly entriesMax: number;
  readonly snapshotPartBytes: number;
}

interface Progress {
  next: number;
  match: number;
  round: number;
  contactMs: number;
  /** An append is under way: the next waits for its answer or for the next heartbeat. */
  isBusy: boolean;
  /** The commit index it was told last. */
  told: number;
  /** The snapshot being sent, and how much of it has arrived. */
  snapshot: { readonly index: number; offset: number } | undefined;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (failure: Failure) => void;
}

type Read = Waiting<number> & { readonly round: number; readonly index: number };

/** One term of leading. */
export class Leadership {
  /** Index of the entry with which the term began. */
  readonly start: number;
  readonly #parts: LeadershipParts;
  readonly #progress = new Map<string, Progress>();
  readonly #proposals = new Map<number, Waiting<Value>>();
  #asked: Omit<Read, "round">[] = [];
  #reads: Read[] = [];
  #early: Waiting<number>[] = [];
  #round = 0;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.start = parts.log.lastIndex + 1;
  }

  #of(id: string): Progress {
    let progress = this.#progress.get(id);
    if (progress === undefined) {
      const { log, nowMs } = this.#parts;
      progress = {
        next: log.lastIndex + 1,
        match: 0,
        round: 0,
        contactMs: nowMs(),
        isBusy: false,
        told: 0,
        snapshot: undefined,
      };
      this.#progress.set(id, progress);
    }
    return progress;
  }

  /** A member may have lost what it had: nothing is taken for known of it any more. */
  forget(id: string): void {
    this.#progress.delete(id);
  }

  /** Index up to which a member is known to have the log. */
  matchOf(id: string): number {
    return id === this.#parts.id ? this.#parts.log.lastIndex : this.#of(id).match;
  }

  /** Milliseconds since a member was heard of. */
  silenceOf(id: string): number {
    return id === this.#parts.id ? 0 : this.#parts.nowMs() - this.#of(id).contactMs;
  }

  /** Whether a majority of the voters of a configuration has been heard of within `ms`. */
  hasMajority(ms: number, config = this.#parts.config()): boolean {
    return config.voters.filter((id) => this.silenceOf(id) <= ms).length >= majorityOf(config);
  }

  // --- Sending ----------------------------------------------------------------------------------------------------------

  /** Tells every member how things stand, and again what was not answered. */
  heartbeat(): void {
    const others = this.#others();
    for (const id of this.#progress.keys()) if (!others.includes(id)) this.#progress.delete(id);
    for (const id of others) {
      this.#of(id).isBusy = false;
      this.#feed(id, true);
    }
  }

  /** Sends what is new to those that owe no answer; the others get it when they have answered. */
  replicate(): void {
    for (const id of this.#others()) this.#feed(id, false);
  }

  #others(): string[] {
    return othersOf(this.#parts.config(), this.#parts.id);
  }

  #feed(id: string, always: boolean): void {
    const { entriesMax, log } = this.#parts;
    const progress = this.#of(id);
    if (progress.isBusy) return;
    if (log.termAt(progress.next - 1) === undefined) return this.#feedSnapshot(id, progress);
    progress.snapshot = undefined;
    const entries = log.from(progress.next, entriesMax);
    if (entries.length === 0 && !always && progress.told >= this.#parts.commit()) return;
    progress.isBusy = entries.length > 0;
    this.#append(id, progress.next - 1, entries);
  }

  #append(id: string, previous: number, entries: readonly LogEntry[]): void {
    const { log, send, term } = this.#parts;
    const previousTerm = log.termAt(previous);
    if (previousTerm === undefined) return;
    const commit = this.#of(id).told = this.#parts.commit();
    send(id, { kind: "append", term, previous, previousTerm, entries, commit, round: this.#round });
  }

  #feedSnapshot(id: string, progress: Progress): void {
    const { log, send, snapshotPartBytes, term } = this.#parts;
    const { snapshot } = log;
    if (snapshot === undefined) return;
    if (progress.snapshot?.index !== snapshot.index) progress.snapshot = { index: snapshot.index, offset: 0 };
    const { offset } = progress.snapshot;
    progress.isBusy = true;
    send(id, {
      kind: "snapshot",
      term,
      index: snapshot.index,
      indexTerm: snapshot.term,
      config: snapshot.config,
      offset,
      data: snapshot.data.subarray(offset, offset + snapshotPartBytes),
      size: snapshot.data.length,
      round: this.#round,
    });
  }

  // --- Answers ----------------------------------------------------------------------------------------------------------

  /** Takes the answer to an append. */
  appended(from: string, { ok, last, round }: { ok: boolean; last: number; round: number }): void {
    const progress = this.#heard(from, round);
    if (ok) {
      progress.match = Math.max(progress.match, Math.min(last, this.#parts.log.lastIndex));
      progress.next = Math.max(progress.next, progress.match + 1);
    } else {
      progress.next = Math.max(progress.match + 1, Math.min(progress.next - 1, last + 1), 1);
    }
    this.#feed(from, false);
  }

  /** Takes the answer to a part of a snapshot. */
  received(from: string, { index, offset, round }: { index: number; offset: number; round: number }): void {
    const progress = this.#heard(from, round);
    const { snapshot } = this.#parts.log;
    if (progress.snapshot?.index !== index || snapshot?.index !== index) return;
    if (offset >= snapshot.data.length) {
      progress.snapshot = undefined;
      progress.match = Math.max(progress.match, index);
      progress.next = progress.match + 1;
    } else progress.snapshot.offset = offset;
    this.#feed(from, false);
  }

  #heard(from: string, round: number): Progress {
    const progress = this.#of(from);
    progress.contactMs = this.#parts.nowMs();
    progress.round = Math.max(progress.round, round);
    progress.isBusy = false;
    this.#settleReads();
    return progress;
  }

  /** The highest index that may count as committed now. */
  committable(): number {
    const { commit, config, log, term } = this.#parts;
    const { voters } = config();
    const matches = voters.map((id) => this.matchOf(id)).sort((a, b) => b - a);
    const index = matches[majorityOf(config()) - 1] ?? 0;
    return index > commit() && log.termAt(index) === term ? index : commit();
  }

  // --- Those who wait ---------------------------------------------------------------------------------------------------

  /** Resolves with what applying the entry at `index` gives. */
  proposed(index: number): Promise<Value> {
    return new Promise((resolve, reject) => this.#proposals.set(index, { resolve, reject }));
  }

  /** The entry at `index` has been applied. */
  applied(index: number, result: Value): void {
    this.#proposals.get(index)?.resolve(result);
    this.#proposals.delete(index);
    if (index < this.start || this.#early.length === 0) return;
    const early = this.#early;
    this.#early = [];
    for (const waiting of early) this.#read(waiting);
  }

  /** Resolves with an index: what has been applied up to it is at least as new as anything that was answered before. */
  readIndex(): Promise<number> {
    return new Promise((resolve, reject) => {
      // An entry of this term tells that all earlier ones that were committed are known to be.
      if (this.#parts.commit() < this.start) this.#early.push({ resolve, reject });
      else this.#read({ resolve, reject });
    });
  }

  #read(waiting: Waiting<number>): void {
    this.#asked.push({ ...waiting, index: this.#parts.commit() });
    // Reads that come at the same time share a round.
    if (this.#asked.length === 1) this.#parts.soon(() => this.#confirm());
  }

  /** Begins a round for the reads that were asked for. Only answers to what is sent from now on count for them. */
  #confirm(): void {
    const asked = this.#asked;
    this.#asked = [];
    if (asked.length === 0) return;
    this.#round += 1;
    for (const read of asked) this.#reads.push({ ...read, round: this.#round });
    for (const id of this.#others()) this.#append(id, this.#of(id).match, []);
    this.#settleReads();
  }

  #settleReads(): void {
    const config = this.#parts.config();
    const rounds = config.voters
      .map((id) => id === this.#parts.id ? this.#round : this.#of(id).round)
      .sort((a, b) => b - a);
    const confirmed = rounds[majorityOf(config) - 1] ?? 0;
    const waiting: Read[] = [];
    for (const read of this.#reads) {
      if (read.round <= confirmed) read.resolve(read.index);
      else waiting.push(read);
    }
    this.#reads = waiting;
  }

  /** It leads no longer: nobody can be told how what they wait for ends. */
  end(): void {
    const failure = new Failure("Unavailable", "the leader of the cluster changed", { retryable: true });
    for (const waiting of [...this.#proposals.values(), ...this.#reads, ...this.#early]) {
      waiting.reject(failure);
    }
    this.#proposals.clear();
    this.#asked = [];
    this.#reads = [];
    this.#early = [];
  }
}

/** Only a leader can do what was asked for. */
export function notLeader(): Failure {
  return new Failure("Unavailable", "not the leader of the cluster", { retryable: true });
}
