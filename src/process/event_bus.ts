/**
 * The event bus: best-effort observation of what happens in the system.
 *
 * Owns subscriptions and the order of delivery. What events mean belongs to those who send them.
 *
 * B1. Events are delivered one after another, each to all its subscribers, in the order in which they were sent; never
 *     inside `send`.
 * B2. A subscriber gets the events sent after it subscribed, and none once it has unsubscribed.
 * B3. A subscriber that throws loses that event; nobody else notices.
 */
import { compileEventPattern, EVENTS_QUEUED_MAX, Failure, type NameMatcher } from "../core/mod.ts";
import type { Bus, BusEvent, Clock, Log } from "../ports/mod.ts";

/** What a bus is made of. */
export interface EventBusOptions {
  readonly clock: Clock;
  readonly log: Log;
}

interface Subscription {
  readonly system: NameMatcher | null;
  readonly kind: NameMatcher | null;
  readonly receive: (event: BusEvent) => void;
  /** Number of events queued before it. */
  readonly since: number;
}

const EVERYTHING = new Set(["*", "**", ""]);

function wants({ kind, system }: Subscription, event: BusEvent): boolean {
  return (system === null || system(event.system)) && (kind === null || kind(event.kind));
}

/** Publishes events to subscribers in this process. */
export class EventBus implements Bus {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #subscriptions = new Set<Subscription>();
  #queue: BusEvent[] = [];
  /** Events queued so far that are not in the queue any more. */
  #delivered = 0;
  #dropped = 0;
  #scheduled = false;
  #closed = false;

  constructor(options: EventBusOptions) {
    this.#clock = options.clock;
    this.#log = options.log.named("events");
  }

  /** Queues an event that somebody wants. Dropped when the bus is closed or `EVENTS_QUEUED_MAX` events wait. */
  send(event: BusEvent): void {
    if (this.#closed || !this.#isWanted(event)) return;
    if (this.#queue.length >= EVENTS_QUEUED_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(event);
    this.#schedule();
  }

  /** Fails with Unavailable when the bus is closed, with Invalid when a pattern is not acceptable. */
  subscribe(system: string, kind: string, receive: (event: BusEvent) => void): () => void {
    if (this.#closed) throw new Failure("Unavailable", "bus is closed");
    const subscription: Subscription = {
      system: EVERYTHING.has(system) ? null : compileEventPattern(system),
      kind: EVERYTHING.has(kind) ? null : compileEventPattern(kind),
      receive,
      since: this.#delivered + this.#queue.length,
    };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  /** Drops what waits and all subscribers; from now on sends are dropped and subscribing fails. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#subscriptions.clear();
  }

  /** Number of subscriptions. */
  get subscriberCount(): number {
    return this.#subscriptions.size;
  }

  /** Whoever subscribes later would not get it. */
  #isWanted(event: BusEvent): boolean {
    for (const subscription of this.#subscriptions) if (wants(subscription, event)) return true;
    return false;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  /** Delivers what was queued before it began; what subscribers send meanwhile waits for the next round. */
  #dispatch(): void {
    const events = this.#queue;
    this.#queue = [];
    const first = this.#delivered;
    // Counted as sent before anyone is called, so that a subscription made by a subscriber starts after these.
    this.#delivered += events.length;
    for (let i = 0; i < events.length && !this.#closed; i += 1) this.#deliver(events[i]!, first + i);
    if (this.#dropped > 0) {
      this.#log.warn("event queue was full, events dropped", { dropped: this.#dropped });
      this.#dropped = 0;
    }
  }

  #deliver(event: BusEvent, number: number): void {
    for (const subscription of this.#subscriptions) {
      if (number < subscription.since || !wants(subscription, event)) continue;
      try {
        subscription.receive(event);
      } catch (error) {
        this.#log.error("event subscriber failed", {
          system: event.system,
          kind: event.kind,
          path: event.path,
          error: error instanceof Error ? error.stack ?? error.message : String(error),
        });
      }
    }
  }
}
