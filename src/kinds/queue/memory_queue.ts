/**
 * A bounded queue in memory.
 *
 * Q1. Messages leave in the order in which they came in; one that was refused by its handler goes to the tail at once, one
 *     that a stopped consumer leaves behind goes back to the head.
 * Q2. A consumer holds at most `prefetch` unsettled messages; consumers that have room take turns.
 * Q3. A publisher waits while the queue is full; waiting publishers are served in order.
 * Q4. Each message is settled at most once.
 */
import { Failure, QUEUE_LENGTH_DEFAULT, type Value } from "../../core/mod.ts";
import type { Queue, QueueConsumption, QueueDelivery, QueueMessage, Waiter } from "../../ports/mod.ts";
import { SettledOnce } from "./settled_once.ts";

interface Consumer {
  readonly prefetch: number;
  readonly receive: (delivery: QueueDelivery) => void;
  readonly unsettled: Set<MemoryDelivery>;
}

interface Publisher {
  readonly message: QueueMessage;
  readonly done: (failure: Failure | undefined) => void;
}

/** A delivery of a memory queue. */
class MemoryDelivery extends SettledOnce {
  readonly #settle: (delivery: MemoryDelivery, accepted: boolean) => void;

  constructor(message: QueueMessage, settle: (delivery: MemoryDelivery, accepted: boolean) => void) {
    super(message);
    this.#settle = settle;
  }

  protected settle(accepted: boolean): void {
    this.#settle(this, accepted);
  }
}

/** The queue of `queue.driver.memory`. */
export class MemoryQueue implements Queue {
  readonly #id: string;
  #lengthMax = QUEUE_LENGTH_DEFAULT;
  #closed = false;
  /** Messages from `#head` on; what stands before it has left. */
  #messages: (QueueMessage | undefined)[] = [];
  #head = 0;
  readonly #publishers = new Set<Publisher>();
  readonly #consumers: Consumer[] = [];
  #turn = 0;
  #pumping = false;

  constructor(id: string) {
    this.#id = id;
  }

  /** Bounds the queue; 0 means the default. Messages past a lower bound stay. */
  setLengthMax(lengthMax: number): void {
    this.#lengthMax = lengthMax === 0 ? QUEUE_LENGTH_DEFAULT : lengthMax;
    this.#pump();
  }

  publish(message: QueueMessage, caller?: Waiter): Promise<void> | void {
    if (this.#closed) throw this.#gone();
    if (this.#publishers.size === 0 && this.#length < this.#lengthMax) {
      this.#messages.push(message);
      this.#pump();
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const signal = caller?.signal;
    const abort = (): void =>
      publisher.done(new Failure("Canceled", "publishing was canceled", { retryable: false }));
    const publisher: Publisher = {
      message,
      done: (failure) => {
        this.#publishers.delete(publisher);
        signal?.removeEventListener("abort", abort);
        if (failure === undefined) resolve();
        else reject(failure);
      },
    };
    this.#publishers.add(publisher);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    return promise;
  }

  consume(prefetch: number, receive: (delivery: QueueDelivery) => void): QueueConsumption {
    if (this.#closed) throw this.#gone();
    const consumer: Consumer = { prefetch, receive, unsettled: new Set() };
    this.#consumers.push(consumer);
    this.#pump();
    return { pause: () => this.#pause(consumer), close: () => this.#leave(consumer) };
  }

  info(): Record<string, Value> {
    return { message_count: this.#length, consumer_count: this.#consumers.length, ready: !this.#closed };
  }

  /** Drops all messages, refuses waiting publishers and forgets consumers. */
  close(): void {
    this.#closed = true;
    this.#messages = [];
    this.#head = 0;
    this.#consumers.length = 0;
    for (const publisher of this.#publishers) publisher.done(this.#gone());
  }

  get #length(): number {
    return this.#messages.length - this.#head;
  }

  #gone(): Failure {
    return new Failure("Unavailable", `queue is closed: ${this.#id}`, { retryable: false });
  }

  #pause(consumer: Consumer): void {
    const at = this.#consumers.indexOf(consumer);
    if (at >= 0) this.#consumers.splice(at, 1);
  }

  #leave(consumer: Consumer): void {
    this.#pause(consumer);
    const left = [...consumer.unsettled].map((delivery) => delivery.message);
    consumer.unsettled.clear();
    this.#messages = [...left, ...this.#messages.slice(this.#head)];
    this.#head = 0;
    this.#pump();
  }

  #settled(consumer: Consumer, delivery: MemoryDelivery, accepted: boolean): void {
    // A consumer that left has given it back already.
    const isHeld = consumer.unsettled.delete(delivery);
    const isFull = this.#length >= this.#lengthMax;
    if (isHeld && !accepted && !isFull && !this.#closed) this.#messages.push(delivery.message);
    this.#pump();
    if (isHeld && !accepted && isFull) {
      throw new Failure("LimitExceeded", `queue is full: ${this.#id} lost message ${delivery.message.id}`, {
        retryable: false,
      });
    }
  }

  /** Hands out messages and lets publishers in until nothing more can move. Never runs inside itself. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        this.#admit();
        const consumer = this.#length === 0 ? undefined : this.#nextConsumer();
        if (consumer === undefined) return;
        const delivery = new MemoryDelivery(
          this.#take(),
          (settled, accepted) => this.#settled(consumer, settled, accepted),
        );
        consumer.unsettled.add(delivery);
        consumer.receive(delivery);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #admit(): void {
    for (const publisher of this.#publishers) {
      if (this.#length >= this.#lengthMax) return;
      this.#messages.push(publisher.message);
      publisher.done(undefined);
    }
  }

  #take(): QueueMessage {
    const message = this.#messages[this.#head]!;
    this.#messages[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }

  #nextConsumer(): Consumer | undefined {
    const count = this.#consumers.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#turn + i) % count;
      const consumer = this.#consumers[at]!;
      if (consumer.unsettled.size >= consumer.prefetch) continue;
      this.#turn = at + 1;
      return consumer;
    }
    return undefined;
  }
}
