/**
 * What one node knows of all members, and how news changes it. After the SWIM paper and its "Lifeguard" successors.
 *
 * T1. A record wins by its incarnation; at the same incarnation worse news wins: alive, then suspect, then dead or left.
 * T2. The node itself is never anything but alive to itself: worse news about it is answered with a higher incarnation.
 * T3. What changed is told on, each piece a limited number of times.
 * T4. Joined and left alternate for each member, also when it comes back as another life of the same node.
 */
import type { Clock, NodeAddress, Random, TimerHandle } from "../ports/mod.ts";
import type { MemberRecord, MemberState } from "./member.ts";

/** A member as it is known. */
export interface Member extends MemberRecord {
  /** When its state changed last, by the clock that never goes back. */
  readonly changedMs: number;
}

/** Is told what became of members. */
export interface MemberEvents {
  joined(member: Member): void;
  left(member: Member): void;
  updated(member: Member): void;
  /** Another node uses this node's name. */
  conflict(record: MemberRecord): void;
}

/** Bounds of the table. */
export interface MemberTableOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly events: MemberEvents;
  /** How long a suspicion of one of `count` members waits for its answer. */
  readonly suspicionMs: (count: number) => number;
  /** How long a dead member keeps its name and address. */
  readonly reclaimMs: number;
  /** Others thought this life of this node gone, and it had to say that it is there. */
  readonly refuted: () => void;
}

interface News {
  readonly record: MemberRecord;
  toldTimes: number;
}

/** Times that one piece of news is told, for each factor of ten of members. */
const TELL_FACTOR = 4;
const RANK: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, dead: 2, left: 2 };

/** Members by id. */
export class MemberTable {
  readonly #options: MemberTableOptions;
  readonly #members = new Map<string, Member>();
  readonly #suspicions = new Map<string, TimerHandle>();
  readonly #news = new Map<string, News>();
  #self: Member;

  constructor(self: MemberRecord, options: MemberTableOptions) {
    this.#options = options;
    this.#self = { ...self, changedMs: options.clock.monotonicMs() };
    this.#members.set(self.id, this.#self);
    this.#tell(this.#self);
  }

  /** This node. */
  get self(): Member {
    return this.#self;
  }

  /** Every member that is known, dead ones included. */
  all(): Member[] {
    return [...this.#members.values()];
  }

  /** Those that take part: alive or suspected, this node included. */
  live(): Member[] {
    return this.all().filter(isLive);
  }

  /** A member, whatever its state. */
  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** Changes what this node tells of itself. */
  describe(meta: Readonly<Record<string, string>>): void {
    this.#renew({ meta });
    this.#options.events.updated(this.#self);
  }

  /** This node leaves. */
  leave(): void {
    this.#renew({ state: "left" });
  }

  #renew(change: Partial<Pick<MemberRecord, "meta" | "state">>, known = this.#self.incarnation): void {
    const incarnation = Math.max(known, this.#self.incarnation) + 1;
    this.#self = { ...this.#self, ...change, incarnation };
    this.#members.set(this.#self.id, this.#self);
    this.#tell(this.#self);
  }

  /** No answer came from a member. */
  suspect(id: string): void {
    const member = this.#members.get(id);
    if (member?.state === "alive" && id !== this.#self.id) this.merge({ ...member, state: "suspect" });
  }

  /** Takes what somebody says of a member. */
  merge(record: MemberRecord): void {
    if (record.id === this.#self.id) return this.#mergeSelf(record);
    const known = this.#members.get(record.id);
    if (known === undefined) {
      if (RANK[record.state] < RANK.dead) this.#enter(record, undefined);
      return;
    }
    const isNewer = record.incarnation > known.incarnation ||
      record.incarnation === known.incarnation && RANK[record.state] > RANK[known.state];
    if (!isNewer || this.#isTaken(known, record)) return;
    this.#enter(record, known);
  }

  #mergeSelf(record: MemberRecord): void {
    if (this.#self.state === "left") return;
    const isOther = record.boot !== this.#self.boot && !isSame(record.address, this.#self.address);
    if (isOther && record.state === "alive") this.#options.events.conflict(record);
    const isWorse = record.state !== "alive" && record.incarnation >= this.#self.incarnation;
    if (isWorse && record.boot === this.#self.boot) this.#options.refuted();
    if (isWorse || record.incarnation > this.#self.incarnation) this.#renew({}, record.incarnation);
  }

  /** A name belongs to who has it at one address until it has left or has been dead for a while. */
  #isTaken(known: Member, record: MemberRecord): boolean {
    if (isSame(record.address, known.address) || known.state === "left") return false;
    const deadMs = this.#options.clock.monotonicMs() - known.changedMs;
    return known.state !== "dead" || deadMs < this.#options.reclaimMs;
  }

  #enter(record: MemberRecord, known: Member | undefined): void {
    const { clock, events } = this.#options;
    const changedMs = known?.state === record.state ? known.changedMs : clock.monotonicMs();
    const member: Member = { ...record, changedMs };
    this.#members.set(record.id, member);
    this.#watch(member);
    this.#tell(record);
    const wasLive = known !== undefined && isLive(known);
    const isReborn = wasLive && known.boot !== member.boot;
    if (wasLive && (isReborn || !isLive(member))) events.left(isReborn ? known : member);
    if (isLive(member)) {
      if (!wasLive || isReborn) events.joined(member);
      else events.updated(member);
    }
  }

  /** A suspect that does not answer in time is dead. */
  #watch(member: Member): void {
    this.#suspicions.get(member.id)?.cancel();
    this.#suspicions.delete(member.id);
    if (member.state !== "suspect") return;
    const timer = this.#options.clock.timer(this.#options.suspicionMs(this.live().length), () => {
      this.#suspicions.delete(member.id);
      this.merge({ ...member, state: "dead" });
    }, { background: true });
    this.#suspicions.set(member.id, timer);
  }

  /** Forgets members that have been gone for longer than a name is kept. */
  forgetGone(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const member of this.#members.values()) {
      // Twice the time: others may still speak of it, and would bring it back as news.
      if (!isLive(member) && nowMs - member.changedMs > 2 * this.#options.reclaimMs) {
        this.#members.delete(member.id);
      }
    }
  }

  // --- News -------------------------------------------------------------------------------------------------------------

  #tell(record: MemberRecord): void {
    const { id, address, meta, incarnation, boot, state } = record;
    this.#news.set(id, { record: { id, address, meta, incarnation, boot, state }, toldTimes: 0 });
  }

  /** News for one more listener: those told least first, as long as `fits` takes them. */
  news(fits: (record: MemberRecord) => boolean): MemberRecord[] {
    const timesMax = TELL_FACTOR * Math.ceil(Math.log10(this.#members.size + 1));
    const waiting = [...this.#news.values()].sort((a, b) => a.toldTimes - b.toldTimes);
    const told: MemberRecord[] = [];
    for (const news of waiting) {
      // The first is told whatever its size: it would never be.
      if (!fits(news.record) && told.length > 0) break;
      news.toldTimes += 1;
      if (news.toldTimes >= timesMax) this.#news.delete(news.record.id);
      told.push(news.record);
    }
    return told;
  }

  /** Up to `count` live members at random, without this node and `except`. */
  choose(count: number, except = ""): Member[] {
    const others = this.live().filter(({ id }) => id !== this.#self.id && id !== except);
    return shuffled(others, this.#options.random).slice(0, count);
  }

  /** Ends every timer. */
  close(): void {
    for (const timer of this.#suspicions.values()) timer.cancel();
    this.#suspicions.clear();
  }
}

/** Whether a member takes part. */
export function isLive({ state }: Pick<MemberRecord, "state">): boolean {
  return state === "alive" || state === "suspect";
}

function isSame(a: NodeAddress, b: NodeAddress): boolean {
  return a.host === b.host && a.port === b.port;
}

/** The items in a random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
