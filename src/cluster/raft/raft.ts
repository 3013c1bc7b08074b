/**
 * One member of the consensus core, after the Raft paper (Ongaro and Ousterhout 2014), with trial votes, a leader that steps down
 * when it can't reach a majority, snapshots, standbys that don't vote, and changes of one voter at a time.
 *
 * R1. At most one leader in each term. R2. Logs that agree at an index agree before it. R3. What was committed is in the log of
 *     every later leader. R4. Members apply the same entries in the same order.
 * R5. What a member promised (its vote, its log) is in its storage before anybody hears of it.
 * R6. A member that begins without memory votes only after a leader has brought it up to date: it may have promised something before.
 */
import { Failure, type Value } from "../../core/mod.ts";
import type { Clock, Random, TimerHandle } from "../../ports/mod.ts";
import { isStep, majorityOf, NO_CONFIG, packConfig, type RaftConfig, unpackConfig } from "./config.ts";
import { Leadership } from "./leadership.ts";
import { RaftLog, type RaftStorage, type Snapshot } from "./log.ts";
import type { RaftMessage } from "./messages.ts";

/** Settings of the core, in milliseconds and entries. */
export interface RaftSettings {
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly commitMs: number;
  readonly snapshotEntries: number;
  readonly snapshotMs: number;
  readonly trailingEntries: number;
  readonly appendEntriesMax: number;
}

/** What is replicated. */
export interface ReplicatedMachine {
  /** Applies a command; the same at every member. */
  apply(index: number, command: Uint8Array): Value;
  snapshot(): Uint8Array;
  restore(data: Uint8Array, index: number): void;
}

/** What a member is made of. */
export interface RaftOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: RaftStorage;
  readonly settings: RaftSettings;
  readonly machine: ReplicatedMachine;
  /** Sends, or loses. */
  readonly send: (to: string, message: RaftMessage) => void;
  /** The leader, the term or the configuration may be another one. */
  readonly changed: () => void;
  readonly snapshotPartBytes?: number;
}

type Role =
  | { readonly kind: "follower"; readonly leader: string }
  | { readonly kind: "candidate"; readonly isTrial: boolean; readonly votes: Set<string> }
  | { readonly kind: "leader"; readonly leadership: Leadership };

const SNAPSHOT_PART_BYTES = 1024 * 1024;
const NO_DATA = new Uint8Array(0);
const NOT_LEADER = "not the leader of the cluster";

interface Incoming {
  readonly index: number;
  readonly from: string;
  readonly data: Uint8Array;
  offset: number;
}

/** A member. */
export class Raft {
  readonly #options: RaftOptions;
  readonly #log: RaftLog;
  #term: number;
  #votedFor: string;
  #role: Role = { kind: "follower", leader: "" };
  #config: RaftConfig = NO_CONFIG;
  #configIndex = 0;
  #commit = 0;
  #applied = 0;
  #contactMs = -Infinity;
  #mayVote: boolean;
  #incoming: Incoming | undefined;
  #queue: { readonly command: Uint8Array; readonly resolve: (result: Promise<Value>) => void }[] = [];
  #waitingForIndex: { readonly index: number; readonly resolve: () => void }[] = [];
  #electionTimer: TimerHandle | undefined;
  #heartbeatTimer: TimerHandle | undefined;
  #snapshotTimer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: RaftOptions) {
    this.#options = options;
    const state = options.storage.load();
    this.#term = state.term;
    this.#votedFor = state.votedFor;
    this.#log = new RaftLog(options.storage, state);
    this.#mayVote = state.term > 0;
    if (state.snapshot !== undefined) {
      options.machine.restore(state.snapshot.data, state.snapshot.index);
      this.#commit = this.#applied = state.snapshot.index;
    }
    this.#findConfig();
  }

  // --- What is known ----------------------------------------------------------------------------------------------------

  get role(): Role["kind"] {
    return this.#role.kind;
  }

  get term(): number {
    return this.#term;
  }

  /** The leader as far as this member knows; "" when it knows of none. */
  get leader(): string {
    if (this.#role.kind === "leader") return this.#options.id;
    return this.#role.kind === "follower" ? this.#role.leader : "";
  }

  get config(): RaftConfig {
    return this.#config;
  }

  get commitIndex(): number {
    return this.#commit;
  }

  get appliedIndex(): number {
    return this.#applied;
  }

  get log(): Pick<RaftLog, "lastIndex" | "lastTerm" | "base" | "at" | "termAt"> {
    return this.#log;
  }

  /** What this member knows as leader; undefined when it is none. */
  get leadership(): Leadership | undefined {
    return this.#role.kind === "leader" ? this.#role.leadership : undefined;
  }

  /** Milliseconds since a leader was heard of. */
  get silenceMs(): number {
    return this.#role.kind === "leader" ? 0 : this.#now() - this.#contactMs;
  }

  /** Whether the member has taken part in anything yet. */
  get isEmpty(): boolean {
    return this.#log.lastIndex === 0;
  }

  // --- Life -------------------------------------------------------------------------------------------------------------

  /** Begins to listen for a leader. */
  start(): void {
    this.#waitForLeader();
    this.#watchSize();
  }

  /** The very first configuration; every member of it must be given the same one. Only an empty member may be. */
  bootstrap(config: RaftConfig): void {
    if (!this.isEmpty || this.#term > 0) throw new Error("a member is bootstrapped once");
    this.#setTerm(1, "");
    this.#mayVote = true;
    this.#log.append([{ term: 1, kind: "config", data: packConfig(config) }]);
    this.#findConfig();
    this.#options.changed();
  }

  /** Ends every timer; nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
    this.leadership?.end();
    this.#electionTimer?.cancel();
    this.#heartbeatTimer?.cancel();
    this.#snapshotTimer?.cancel();
    this.#options.storage.close();
  }

  // --- Wishes -----------------------------------------------------------------------------------------------------------

  /** Has a command applied everywhere; resolves with what it gave here. Fails with Unavailable when this is not the leader, or no longer. */
  propose(command: Uint8Array): Promise<Value> {
    if (this.#role.kind !== "leader") return Promise.reject(notLeader());
    return new Promise((resolve) => {
      this.#queue.push({ command, resolve });
      // Those that come at the same time are written at once.
      if (this.#queue.length === 1) this.#options.clock.soon(() => this.#flush());
    });
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    const { leadership } = this;
    try {
      if (leadership === undefined || this.#isClosed) throw notLeader();
      const term = this.#term;
      const first = this.#log.append(queue.map(({ command: data }) => ({ term, kind: "command", data })));
      queue.forEach(({ resolve }, i) => resolve(leadership.proposed(first + i)));
      leadership.replicate();
      this.#advance(leadership.committable());
    } catch (error) {
      for (const { resolve } of queue) resolve(Promise.reject(error));
      // One that can't write its log can't lead.
      if (leadership !== undefined) this.#follow(this.#term, "");
    }
  }

  /**
   * Changes who takes part, by one voter at most. Fails with Conflict while another change is under way, or when a new voter is not
   * up to date: it has to be a standby first.
   */
  changeConfig(config: RaftConfig): Promise<Value> {
    const { leadership } = this;
    if (leadership === undefined) return Promise.reject(notLeader());
    if (this.#configIndex > this.#commit || this.#commit < leadership.start) {
      return Promise.reject(new Failure("Conflict", "another change is under way", { retryable: true }));
    }
    if (!isStep(this.#config, config)) {
      return Promise.reject(new Failure("Invalid", "more than one voter would come or go"));
    }
    // One without a log may not vote yet (R6): with it the core could lose its majority.
    const late = config.voters.find((id) =>
      !this.#config.voters.includes(id) && leadership.matchOf(id) < this.#commit
    );
    if (late !== undefined) {
      return Promise.reject(new Failure("Conflict", `${late} is not up to date yet`, { retryable: true }));
    }
    const index = this.#log.append([{ term: this.#term, kind: "config", data: packConfig(config) }]);
    const done = leadership.proposed(index);
    this.#findConfig();
    leadership.heartbeat();
    this.#advance(leadership.committable());
    this.#options.changed();
    return done;
  }

  /** Resolves once this member may answer a read from what it has applied: nothing answered before is missing. */
  async readBarrier(): Promise<void> {
    const { leadership } = this;
    if (leadership === undefined) throw notLeader();
    await this.#whenApplied(await leadership.readIndex());
  }

  #whenApplied(index: number): Promise<void> {
    if (this.#applied >= index) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForIndex.push({ index, resolve }));
  }

  // --- Messages ---------------------------------------------------------------------------------------------------------

  /** Takes a message of another member. */
  receive(from: string, message: RaftMessage): void {
    if (this.#isClosed) return;
    if (message.kind === "ask") return this.#asked(from, message);
    if (message.kind === "vote") return this.#voted(from, message);
    if (message.term > this.#term) this.#follow(message.term, "");
    if (message.kind === "append" || message.kind === "snapshot") return this.#led(from, message);
    const { leadership } = this;
    if (leadership === undefined || message.term < this.#term) return;
    if (message.kind === "appended") leadership.appended(from, message);
    else leadership.received(from, message);
    this.#advance(leadership.committable());
  }

  #send(to: string, message: RaftMessage): void {
    if (!this.#isClosed) this.#options.send(to, message);
  }

  // --- Elections --------------------------------------------------------------------------------------------------------

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #waitForLeader(): void {
    const { heartbeatMs } = this.#options.settings;
    this.#wait(heartbeatMs * (1 + this.#options.random.float()));
  }

  #wait(delayMs: number): void {
    this.#electionTimer?.cancel();
    if (this.#isClosed) return;
    this.#electionTimer = this.#options.clock.timer(delayMs, () => this.#stand(true), { background: true });
  }

  /** Asks for votes: on trial first, so that a member that was cut off does not disturb the others. */
  #stand(isTrial: boolean): void {
    const { id, random, settings } = this.#options;
    if (!this.#isNeeded() || !this.#mayVote) return this.#waitForLeader();
    if (!isTrial) this.#setTerm(this.#term + 1, id);
    this.#role = { kind: "candidate", isTrial, votes: new Set() };
    this.#options.changed();
    this.#wait(Math.max(settings.electionMs, settings.heartbeatMs) * (1 + random.float()));
    const term = isTrial ? this.#term + 1 : this.#term;
    const { lastIndex, lastTerm } = this.#log;
    for (const voter of this.#config.voters) {
      if (voter !== id) this.#send(voter, { kind: "ask", term, lastIndex, lastTerm, isTrial });
    }
    this.#count(id);
  }

  /**
   * Whether this member may have to lead: as a voter, or as one that is none any more by an entry that may not be committed. Nobody
   * else may have that entry, and then nobody else can win.
   */
  #isNeeded(): boolean {
    const { id } = this.#options;
    if (this.#config.voters.includes(id)) return true;
    return this.#configIndex > this.#commit &&
      unpackConfig(this.#configAt(this.#configIndex - 1)).voters.includes(id);
  }

  #asked(from: string, { term, lastIndex, lastTerm, isTrial }: RaftMessage & { kind: "ask" }): void {
    // Whoever hears of a leader keeps it: the one who asks does not.
    const isLed = this.#role.kind === "leader" ||
      this.leader !== "" && this.#now() - this.#contactMs < this.#options.settings.heartbeatMs;
    if (isLed && term > this.#term) return;
    if (!isTrial && term > this.#term) this.#follow(term, "");
    const isNewer = lastTerm > this.#log.lastTerm ||
      lastTerm === this.#log.lastTerm && lastIndex >= this.#log.lastIndex;
    const isFree = isTrial
      ? term > this.#term
      : term === this.#term && (this.#votedFor === "" || this.#votedFor === from);
    const granted = isNewer && isFree && this.#mayVote;
    if (granted && !isTrial) {
      this.#setTerm(term, from);
      this.#waitForLeader();
    }
    this.#send(from, { kind: "vote", term: granted ? term : this.#term, isTrial, granted });
  }

  #voted(from: string, { term, isTrial, granted }: RaftMessage & { kind: "vote" }): void {
    if (!granted && term > this.#term) return this.#follow(term, "");
    if (this.#role.kind !== "candidate" || this.#role.isTrial !== isTrial || !granted) return;
    if (term === this.#term + (isTrial ? 1 : 0)) this.#count(from);
  }

  #count(voter: string): void {
    if (this.#role.kind !== "candidate") return;
    const { isTrial, votes } = this.#role;
    if (!this.#config.voters.includes(voter)) return;
    votes.add(voter);
    if (votes.size < majorityOf(this.#config)) return;
    if (isTrial) this.#stand(false);
    else this.#lead();
  }

  #lead(): void {
    const { clock, id, send, settings, snapshotPartBytes } = this.#options;
    const leadership = new Leadership({
      id,
      term: this.#term,
      log: this.#log,
      config: () => this.#config,
      commit: () => this.#commit,
      nowMs: () => clock.monotonicMs(),
      soon: (fire) => clock.soon(fire),
      send: (to, message) => this.#isClosed || send(to, message),
      entriesMax: settings.appendEntriesMax,
      snapshotPartBytes: snapshotPartBytes ?? SNAPSHOT_PART_BYTES,
    });
    this.#role = { kind: "leader", leadership };
    this.#electionTimer?.cancel();
    this.#log.append([{ term: this.#term, kind: "noop", data: NO_DATA }]);
    this.#beat();
    this.#advance(leadership.committable());
    this.#options.changed();
  }

  #beat(): void {
    const { leadership } = this;
    if (leadership === undefined || this.#isClosed) return;
    const { clock, settings } = this.#options;
    if (!leadership.hasMajority(Math.max(settings.electionMs, settings.heartbeatMs))) {
      return this.#follow(this.#term, "");
    }
    leadership.heartbeat();
    this.#heartbeatTimer?.cancel();
    this.#heartbeatTimer = clock.timer(settings.commitMs, () => this.#beat(), { background: true });
  }

  /** Becomes a follower, of `leader` when it is known. */
  #follow(term: number, leader: string): void {
    const { leadership } = this;
    this.#heartbeatTimer?.cancel();
    if (term > this.#term) this.#setTerm(term, "");
    const isSame = this.#role.kind === "follower" && this.#role.leader === leader;
    this.#role = { kind: "follower", leader };
    leadership?.end();
    if (!isSame || leader !== "") this.#waitForLeader();
    if (!isSame) this.#options.changed();
  }

  #setTerm(term: number, votedFor: string): void {
    if (term === this.#term && votedFor === this.#votedFor) return;
    this.#options.storage.saveVote(term, votedFor);
    this.#term = term;
    this.#votedFor = votedFor;
  }

  // --- Following --------------------------------------------------------------------------------------------------------

  #led(from: string, message: RaftMessage & { kind: "append" | "snapshot" }): void {
    const { round } = message;
    if (message.term < this.#term) {
      const last = this.#log.lastIndex;
      return this.#send(from, { kind: "appended", term: this.#term, ok: false, last, round });
    }
    this.#contactMs = this.#now();
    this.#follow(this.#term, from);
    if (message.kind === "snapshot") return this.#install(from, message);
    const { ok, last } = this.#accept(message);
    if (ok) this.#remember(from, message.commit);
    this.#send(from, { kind: "appended", term: this.#term, ok, last, round });
    if (ok) this.#advance(Math.min(message.commit, last));
  }

  /** One that began without memory knows now what it may have promised: see R6. */
  #remember(leader: string, commit: number): void {
    if (this.#mayVote || this.#log.lastIndex < commit) return;
    this.#setTerm(this.#term, leader);
    this.#mayVote = true;
  }

  #accept(
    { previous, previousTerm, entries }: RaftMessage & { kind: "append" },
  ): { ok: boolean; last: number } {
    const known = Math.max(0, this.#log.base - previous);
    // What a snapshot covers was committed, so it agrees.
    const start = previous + known;
    if (known === 0) {
      const term = this.#log.termAt(previous);
      if (term === undefined) return { ok: false, last: this.#log.lastIndex };
      if (term !== previousTerm) return { ok: false, last: this.#beforeTerm(previous, term) };
    }
    const fresh = entries.slice(known);
    const differs = fresh.findIndex((entry, i) => this.#log.termAt(start + 1 + i) !== entry.term);
    if (differs >= 0) {
      const first = start + 1 + differs;
      assertUncommitted(first, this.#commit);
      const isConfigTouched = this.#configIndex >= first;
      this.#log.replace(first, fresh.slice(differs));
      if (isConfigTouched || fresh.some(({ kind }) => kind === "config")) {
        this.#findConfig();
        this.#options.changed();
      }
    }
    return { ok: true, last: Math.max(previous + entries.length, start) };
  }

  /** The last index before all that is here of a term in which this log went wrong. */
  #beforeTerm(index: number, term: number): number {
    let before = index - 1;
    while (before > this.#commit && this.#log.termAt(before) === term) before -= 1;
    return before;
  }

  #install(from: string, message: RaftMessage & { kind: "snapshot" }): void {
    const { index, indexTerm, offset, data, size, round } = message;
    const answer = (offset: number): void =>
      this.#send(from, { kind: "received", term: this.#term, index, offset, round });
    if (index <= this.#commit || this.#log.termAt(index) === indexTerm) {
      this.#incoming = undefined;
      this.#advance(index);
      return answer(size);
    }
    if (
      this.#incoming?.index !== index || this.#incoming.from !== from || this.#incoming.data.length !== size
    ) {
      this.#incoming = { index, from, data: new Uint8Array(size), offset: 0 };
    }
    const incoming = this.#incoming;
    if (offset === incoming.offset && offset + data.length <= size) {
      incoming.data.set(data, offset);
      incoming.offset += data.length;
    }
    if (incoming.offset < size) return answer(incoming.offset);
    this.#incoming = undefined;
    this.#log.install({ index, term: indexTerm, config: message.config, data: incoming.data });
    this.#options.machine.restore(incoming.data, index);
    this.#commit = this.#applied = index;
    this.#findConfig();
    this.#wakeWaiting();
    this.#options.changed();
    answer(size);
  }

  // --- Applying ---------------------------------------------------------------------------------------------------------

  #advance(commit: number): void {
    if (commit <= this.#commit) return;
    this.#commit = commit;
    while (this.#applied < this.#commit) {
      const index = ++this.#applied;
      const { kind, data } = this.#log.at(index)!;
      const result = kind === "command" ? this.#options.machine.apply(index, data) : null;
      this.leadership?.applied(index, result);
    }
    this.#wakeWaiting();
    const { leadership } = this;
    if (leadership === undefined) return;
    // Others apply it as soon as they hear of it.
    leadership.replicate();
    const isMember = this.#config.voters.includes(this.#options.id);
    if (!isMember && this.#configIndex <= this.#commit) this.#follow(this.#term, "");
  }

  #wakeWaiting(): void {
    const waiting = this.#waitingForIndex;
    if (waiting.length === 0) return;
    this.#waitingForIndex = waiting.filter(({ index }) => index > this.#applied);
    for (const { index, resolve } of waiting) if (index <= this.#applied) resolve();
  }

  /** The configuration is the last one in the log, committed or not. */
  #findConfig(): void {
    for (let index = this.#log.lastIndex; index > this.#log.base; index--) {
      const entry = this.#log.at(index)!;
      if (entry.kind !== "config") continue;
      this.#config = unpackConfig(entry.data);
      this.#configIndex = index;
      return;
    }
    const { snapshot } = this.#log;
    this.#config = snapshot === undefined ? NO_CONFIG : unpackConfig(snapshot.config);
    this.#configIndex = snapshot?.index ?? 0;
  }

  #configAt(index: number): Uint8Array {
    for (let at = index; at > this.#log.base; at--) {
      const entry = this.#log.at(at)!;
      if (entry.kind === "config") return entry.data;
    }
    return this.#log.snapshot?.config ?? packConfig(this.#config);
  }

  #watchSize(): void {
    const { clock, settings } = this.#options;
    this.#snapshotTimer = clock.timer(settings.snapshotMs, () => {
      this.#watchSize();
      if (this.#applied - (this.#log.snapshot?.index ?? 0) >= settings.snapshotEntries) this.takeSnapshot();
    }, { background: true });
  }

  /** Puts what has been applied in place of the entries that led to it. */
  takeSnapshot(): void {
    const index = this.#applied;
    if (index <= (this.#log.snapshot?.index ?? 0)) return;
    const snapshot: Snapshot = {
      index,
      term: this.#log.termAt(index)!,
      config: this.#configAt(index),
      data: this.#options.machine.snapshot(),
    };
    this.#log.compact(snapshot, this.#options.settings.trailingEntries);
  }
}

function notLeader(): Failure {
  return new Failure("Unavailable", NOT_LEADER, { retryable: true });
}

/** R3 would be broken: better no member than a wrong one. */
function assertUncommitted(index: number, commit: number): void {
  if (index <= commit) {
    throw new Error(`entry ${index} was committed and is to be replaced (commit ${commit})`);
  }
}
