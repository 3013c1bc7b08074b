/**
 * One member of the consensus core, after the Raft paper (Ongaro and Ousterhout 2014), with trial votes, a leader that steps down
 * when it can't reach a majority, snapshots, standbys that don't vote, and changes of one voter at a time.
 *
 * R1. At most one leader in each term. R2. Logs that agree at an index agree before it. R3. What was committed is in the log of
 *     every later leader. R4. Members apply the same entries in the same order.
 * R5. What a member promised (its vote, its log) is in its storage before anybody hears of it.
 * R6. A member that begins without memory votes only after a leader has brought it up to date: it may have promised something before.
 */
import type { Value } from "../../core/mod.ts";
import type { TimerHandle } from "../../ports/mod.ts";
import { Applier } from "./applier.ts";
import { majorityOf, NO_CONFIG, packConfig, type RaftConfig, refusalOf } from "./config.ts";
import { Compaction } from "./compaction.ts";
import { configAt, isNeeded } from "./config_log.ts";
import { IncomingSnapshot } from "./incoming_snapshot.ts";
import { Leadership, notLeader } from "./leadership.ts";
import { RaftLog } from "./log.ts";
import type { RaftMessage } from "./messages.ts";
import type { RaftOptions } from "./parts.ts";
import { Word } from "./word.ts";

export type { RaftOptions, RaftSettings, ReplicatedMachine } from "./parts.ts";

type Role =
  | { readonly kind: "follower"; readonly leader: string }
  | { readonly kind: "candidate"; readonly isTrial: boolean; readonly votes: Set<string> }
  | { readonly kind: "leader"; readonly leadership: Leadership };

const SNAPSHOT_PART_BYTES = 1024 * 1024;

/** A member. */
export class Raft {
  readonly #options: RaftOptions;
  readonly #log: RaftLog;
  readonly #word: Word;
  #role: Role = { kind: "follower", leader: "" };
  #config: RaftConfig = NO_CONFIG;
  #configIndex = 0;
  readonly #applier: Applier;
  readonly #compaction: Compaction;
  #contactMs = -Infinity;
  readonly #incoming = new IncomingSnapshot();
  #queue: { readonly command: Uint8Array; readonly resolve: (result: Promise<Value>) => void }[] = [];
  #electionTimer: TimerHandle | undefined;
  #heartbeatTimer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: RaftOptions) {
    this.#options = options;
    const state = options.storage.load();
    this.#word = new Word(options.storage, state);
    this.#log = new RaftLog(options.storage, state);
    this.#applier = new Applier(options.machine, this.#log);
    this.#compaction = new Compaction(options, this.#log, this.#applier);
    if (state.snapshot !== undefined) this.#applier.restore(state.snapshot.data, state.snapshot.index);
    this.#readConfig();
  }

  // --- What is known ----------------------------------------------------------------------------------------------------

  get role(): Role["kind"] {
    return this.#role.kind;
  }

  get term(): number {
    return this.#word.term;
  }

  /** The leader as far as this member knows; "" when it knows of none. */
  get leader(): string {
    const role = this.#role;
    return role.kind === "leader" ? this.#options.id : role.kind === "follower" ? role.leader : "";
  }

  get config(): RaftConfig {
    return this.#config;
  }

  get commitIndex(): number {
    return this.#applier.commit;
  }

  get appliedIndex(): number {
    return this.#applier.applied;
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
    return this.leadership === undefined ? this.#now() - this.#contactMs : 0;
  }

  /** Whether it has taken part in nothing yet. */
  get isEmpty(): boolean {
    return this.#log.lastIndex === 0;
  }

  /** Whether it may be given the first configuration: it has heard of no core. One in term 1 was stopped while it was being given it. */
  get mayBootstrap(): boolean {
    return this.isEmpty && this.#word.term <= 1;
  }

  // --- Life -------------------------------------------------------------------------------------------------------------

  /** Begins to listen for a leader. */
  start(): void {
    this.#waitForLeader();
    this.#compaction.start();
  }

  /** The very first configuration; every member of it must be given the same one. Only an empty member may be. */
  bootstrap(config: RaftConfig): void {
    if (!this.mayBootstrap) throw new Error("a member is bootstrapped once");
    this.#word.give(1, "", true);
    this.#log.append([{ term: 1, kind: "config", data: packConfig(config) }]);
    this.#readConfig();
    this.#waitForLeader();
    this.#options.changed();
  }

  /** Ends every timer; nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
    this.leadership?.end();
    this.#electionTimer?.cancel();
    this.#heartbeatTimer?.cancel();
    this.#compaction.close();
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
      const term = this.#word.term;
      const first = this.#log.append(queue.map(({ command: data }) => ({ term, kind: "command", data })));
      queue.forEach(({ resolve }, i) => resolve(leadership.proposed(first + i)));
      leadership.replicate();
      this.#advance(leadership.committable());
    } catch (error) {
      for (const { resolve } of queue) resolve(Promise.reject(error));
      // One that can't write its log can't lead.
      if (leadership !== undefined) this.#follow(this.#word.term, "");
    }
  }

  /**
   * Changes who takes part, by one voter at most. Fails with Conflict while another change is under way, or when a new voter is not
   * up to date: it has to be a standby first.
   */
  changeConfig(config: RaftConfig): Promise<Value> {
    const { leadership } = this;
    if (leadership === undefined) return Promise.reject(notLeader());
    const refusal = refusalOf(this.#config, config, {
      isBusy: this.#configIndex > this.#applier.commit || this.#applier.commit < leadership.start,
      isCurrent: (id) => leadership.matchOf(id) >= this.#applier.commit,
    });
    if (refusal !== undefined) return Promise.reject(refusal);
    const index = this.#log.append([{ term: this.#word.term, kind: "config", data: packConfig(config) }]);
    const done = leadership.proposed(index);
    this.#readConfig();
    leadership.heartbeat();
    this.#advance(leadership.committable());
    this.#options.changed();
    return done;
  }

  /** Resolves once this member may answer a read from what it has applied: nothing answered before is missing. */
  async readBarrier(): Promise<void> {
    const { leadership } = this;
    if (leadership === undefined) throw notLeader();
    await this.#applier.reached(await leadership.readIndex());
  }

  // --- Messages ---------------------------------------------------------------------------------------------------------

  /** Takes a message of another member. */
  receive(from: string, message: RaftMessage): void {
    if (this.#isClosed) return;
    if (message.kind === "ask") return this.#asked(from, message);
    if (message.kind === "vote") return this.#voted(from, message);
    if (message.term > this.#word.term) this.#follow(message.term, "");
    if (message.kind === "append" || message.kind === "snapshot") return this.#led(from, message);
    const { leadership } = this;
    if (leadership === undefined || message.term < this.#word.term) return;
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
    const { id, random, settings } = this.#options;
    // One that votes alone has nobody to wait for.
    const isAlone = this.#config.voters.join() === id && this.#word.mayVote;
    this.#wait(isAlone ? 0 : settings.heartbeatMs * (1 + random.float()));
  }

  #wait(delayMs: number): void {
    this.#electionTimer?.cancel();
    if (this.#isClosed) return;
    this.#electionTimer = this.#options.clock.timer(delayMs, () => this.#stand(true), { background: true });
  }

  /** Asks for votes: on trial first, so that a member that was cut off does not disturb the others. */
  #stand(isTrial: boolean): void {
    const { id, random, settings } = this.#options;
    if (!isNeeded(id, this.#log, this.#applier.commit) || !this.#word.mayVote) return this.#waitForLeader();
    if (!isTrial) this.#word.give(this.#word.term + 1, id);
    this.#role = { kind: "candidate", isTrial, votes: new Set() };
    this.#options.changed();
    this.#wait(Math.max(settings.electionMs, settings.heartbeatMs) * (1 + random.float()));
    const term = isTrial ? this.#word.term + 1 : this.#word.term;
    const { lastIndex, lastTerm } = this.#log;
    for (const voter of this.#config.voters) {
      if (voter !== id) this.#send(voter, { kind: "ask", term, lastIndex, lastTerm, isTrial });
    }
    this.#count(id);
  }

  #asked(from: string, { term, lastIndex, lastTerm, isTrial }: RaftMessage & { kind: "ask" }): void {
    // Whoever hears of a leader keeps it: the one who asks does not.
    const isLed = this.#role.kind === "leader" ||
      this.leader !== "" && this.#now() - this.#contactMs < this.#options.settings.heartbeatMs;
    if (isLed && term > this.#word.term) return;
    if (!isTrial && term > this.#word.term) this.#follow(term, "");
    const isNewer = lastTerm > this.#log.lastTerm ||
      lastTerm === this.#log.lastTerm && lastIndex >= this.#log.lastIndex;
    const isFree = isTrial
      ? term > this.#word.term
      : term === this.#word.term && (this.#word.votedFor === "" || this.#word.votedFor === from);
    const granted = isNewer && isFree && this.#word.mayVote;
    if (granted && !isTrial) {
      this.#word.give(term, from);
      this.#waitForLeader();
    }
    this.#send(from, { kind: "vote", term: granted ? term : this.#word.term, isTrial, granted });
  }

  #voted(from: string, { term, isTrial, granted }: RaftMessage & { kind: "vote" }): void {
    if (!granted && term > this.#word.term) return this.#follow(term, "");
    if (this.#role.kind !== "candidate" || this.#role.isTrial !== isTrial || !granted) return;
    if (term === this.#word.term + (isTrial ? 1 : 0)) this.#count(from);
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
      term: this.#word.term,
      log: this.#log,
      config: () => this.#config,
      commit: () => this.#applier.commit,
      nowMs: () => clock.monotonicMs(),
      soon: (fire) => clock.soon(fire),
      send: (to, message) => this.#isClosed || send(to, message),
      entriesMax: settings.appendEntriesMax,
      snapshotPartBytes: snapshotPartBytes ?? SNAPSHOT_PART_BYTES,
    });
    this.#log.append([{ term: this.#word.term, kind: "noop", data: new Uint8Array(0) }]);
    this.#role = { kind: "leader", leadership };
    this.#electionTimer?.cancel();
    this.#beat();
    this.#advance(leadership.committable());
    this.#options.changed();
  }

  #beat(): void {
    const { leadership } = this;
    if (leadership === undefined || this.#isClosed) return;
    const { clock, settings } = this.#options;
    if (!leadership.hasMajority(Math.max(settings.electionMs, settings.heartbeatMs))) {
      return this.#follow(this.#word.term, "");
    }
    leadership.heartbeat();
    this.#heartbeatTimer?.cancel();
    this.#heartbeatTimer = clock.timer(settings.commitMs, () => this.#beat(), { background: true });
  }

  /** Becomes a follower, of `leader` when it is known. */
  #follow(term: number, leader: string): void {
    const { leadership } = this;
    this.#heartbeatTimer?.cancel();
    if (term > this.#word.term) this.#word.give(term, "");
    const isSame = this.#role.kind === "follower" && this.#role.leader === leader;
    this.#role = { kind: "follower", leader };
    if (leadership !== undefined) this.#contactMs = this.#now();
    leadership?.end();
    if (!isSame || leader !== "") this.#waitForLeader();
    if (!isSame) this.#options.changed();
  }

  // --- Following --------------------------------------------------------------------------------------------------------

  #led(from: string, message: RaftMessage & { kind: "append" | "snapshot" }): void {
    const { round } = message;
    if (message.term < this.#word.term) {
      const last = this.#log.lastIndex;
      return this.#send(from, { kind: "appended", term: this.#word.term, ok: false, last, round });
    }
    this.#contactMs = this.#now();
    this.#follow(this.#word.term, from);
    if (message.kind === "snapshot") return this.#install(from, message);
    const { ok, last, replaced } = this.#log.accept(message, this.#applier.commit);
    const hasConfig = message.entries.some(({ kind }) => kind === "config");
    if (replaced !== undefined && (hasConfig || this.#configIndex >= replaced)) {
      this.#readConfig();
      this.#options.changed();
    }
    if (ok) this.#remember(from, message.commit);
    this.#send(from, { kind: "appended", term: this.#word.term, ok, last, round });
    if (ok) this.#advance(Math.min(message.commit, last));
  }

  /** One that began without memory knows now what it may have promised: see R6. */
  #remember(leader: string, commit: number): void {
    if (this.#word.mayVote || this.#log.lastIndex < commit) return;
    this.#word.give(this.#word.term, leader, true);
  }

  #install(from: string, message: RaftMessage & { kind: "snapshot" }): void {
    const { index, indexTerm, size, round } = message;
    const answer = (offset: number): void =>
      this.#send(from, { kind: "received", term: this.#word.term, index, offset, round });
    if (index <= this.#applier.commit || this.#log.termAt(index) === indexTerm) {
      this.#incoming.clear();
      this.#advance(index);
      return answer(size);
    }
    const data = this.#incoming.take(from, message);
    if (data === undefined) return answer(this.#incoming.offset);
    this.#log.install({ index, term: indexTerm, config: message.config, data });
    this.#applier.restore(data, index);
    this.#readConfig();
    this.#options.changed();
    answer(size);
  }

  // --- Applying ---------------------------------------------------------------------------------------------------------

  #advance(commit: number): void {
    if (commit <= this.#applier.commit) return;
    this.#applier.advance(commit, (index, result) => this.leadership?.applied(index, result));
    const { leadership } = this;
    if (leadership === undefined) return;
    // Others apply it as soon as they hear of it.
    leadership.replicate();
    const isMember = this.#config.voters.includes(this.#options.id);
    if (!isMember && this.#configIndex <= commit) this.#follow(this.#word.term, "");
  }

  /** The configuration is the last one in the log, committed or not. */
  #readConfig(): void {
    const { config, index } = configAt(this.#log, this.#log.lastIndex);
    this.#config = config;
    this.#configIndex = index;
  }
}
