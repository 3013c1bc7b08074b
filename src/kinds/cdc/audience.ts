/**
 * Those who want the changes of a source, and how far they got.
 *
 * AU1. Events go to everybody who wants them, in order. While one has no room, or nobody is there, the source waits: nothing
 *      is kept here but the event that it waits with.
 * AU2. A position counts as received once every event up to it was received, not only handed over.
 * AU3. When the last one leaves with events unreceived, a source that can is told to begin again behind what was received. Others
 *      who stay do not see their events twice because of one who leaves.
 */
import { CDC_RETRY_MS } from "../../core/mod.ts";
import type { CdcEvent, CdcSubscriber, Clock } from "../../ports/mod.ts";

/** Events up to `taken` belong to the transactions that end behind `before`. */
interface Unreceived {
  readonly taken: number;
  readonly before: bigint;
}

interface Member {
  readonly subscriber: CdcSubscriber;
  /** Events that it was handed. */
  taken: number;
  /** As many as it had at the end of the last transaction. */
  takenBefore: number;
  /** Transactions of which it may not have received all, oldest first. */
  transactions: Unreceived[];
}

/** The subscribers of one source. */
export class Audience {
  readonly #clock: Clock;
  readonly #members = new Set<Member>();
  readonly #arrivals = new Set<() => void>();
  /** End of the last transaction whose events were all handed over. */
  #position = 0n;
  /** Whether somebody was handed an event behind it. */
  #isAhead = false;
  #isOver = false;
  /** Called when the last one left with events unreceived. */
  #deserted: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get position(): bigint {
    return this.#position;
  }

  /** Begins at a position, with whoever is there. Without `deserted` nothing comes again. */
  begin(position: bigint, deserted?: () => void): void {
    this.#position = position;
    this.#deserted = deserted;
    this.#isAhead = false;
    // What they have not received of another connection is not told of again: they are still there.
    for (const member of this.#members) {
      member.takenBefore = member.taken;
    }
  }

  /** Takes in somebody; the result lets it go. One who comes after the end is told so at once. */
  join(subscriber: CdcSubscriber): () => void {
    if (this.#isOver) {
      subscriber.end();
      return () => undefined;
    }
    const member: Member = { subscriber, taken: 0, takenBefore: 0, transactions: [] };
    this.#members.add(member);
    for (const arrived of [...this.#arrivals]) arrived();
    return () => this.#leave(member);
  }

  /** Ends all of them, and whoever comes until it is `reopen`ed. */
  end(): void {
    this.#isOver = true;
    this.#deserted = undefined;
    for (const { subscriber } of this.#members) subscriber.end();
    this.#members.clear();
  }

  reopen(): void {
    this.#isOver = false;
  }

  /** Hands over an event: undefined once everybody took it at once, else a promise that waits for them. */
  hand(event: CdcEvent, signal: AbortSignal): Promise<void> | undefined {
    const done = new Set<Member>();
    return this.#offer(event, done) ? undefined : this.#handLater(event, done, signal);
  }

  /** All events up to `position` were handed over. */
  complete(position: bigint): void {
    for (const member of this.#members) {
      if (member.taken === member.takenBefore) continue;
      prune(member);
      member.transactions.push({ taken: member.taken, before: this.#position });
      member.takenBefore = member.taken;
    }
    this.#position = position;
    this.#isAhead = false;
  }

  /** The position up to which everybody received everything. */
  received(): bigint {
    let least = this.#position;
    for (const member of this.#members) {
      prune(member);
      const first = member.transactions[0];
      if (first !== undefined && first.before < least) least = first.before;
    }
    return least;
  }

  /** Resolves once everything that was handed over was received. */
  async allReceived(signal: AbortSignal): Promise<void> {
    while ([...this.#members].some(({ subscriber }) => (subscriber.unread() ?? 0) > 0)) {
      await this.#clock.sleep(CDC_RETRY_MS, signal);
    }
  }

  /** Resolves once somebody is there. */
  async someone(signal: AbortSignal): Promise<void> {
    while (this.#members.size === 0) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#arrivals.add(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      this.#arrivals.delete(resolve);
    }
  }

  #offer(event: CdcEvent, done: Set<Member>): boolean {
    if (this.#members.size === 0) return false;
    let isTaken = true;
    for (const member of this.#members) {
      if (done.has(member) || !wants(member.subscriber, event)) continue;
      if (member.subscriber.take(event)) {
        member.taken++;
        this.#isAhead = true;
        done.add(member);
      } else isTaken = false;
    }
    return isTaken;
  }

  async #handLater(event: CdcEvent, done: Set<Member>, signal: AbortSignal): Promise<void> {
    do {
      await (this.#members.size === 0 ? this.someone(signal) : this.#clock.sleep(CDC_RETRY_MS, signal));
      signal.throwIfAborted();
    } while (!this.#offer(event, done));
  }

  #leave(member: Member): void {
    if (!this.#members.has(member)) return;
    const received = this.received();
    const hasReadAll = member.subscriber.unread() === 0;
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#deserted === undefined) return;
    // The next one goes on behind what this one has read, also within a transaction.
    if (hasReadAll || !this.#isAhead && received === this.#position) return;
    this.#position = received;
    this.#isAhead = false;
    this.#deserted();
  }
}

function wants({ operations, tables }: CdcSubscriber, event: CdcEvent): boolean {
  return (operations?.has(event.op) ?? true) && (tables?.has(event.relation) ?? true);
}

/** Forgets what was received. */
function prune(member: Member): void {
  const { transactions } = member;
  if (transactions.length === 0) return;
  const unread = member.subscriber.unread();
  if (unread === undefined) return;
  const received = member.taken - unread;
  let count = 0;
  while (count < transactions.length && transactions[count]!.taken <= received) count++;
  if (count > 0) transactions.splice(0, count);
}
