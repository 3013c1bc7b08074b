/**
 * The workers of one consumer: they take deliveries from a shared buffer and call the handler for each.
 *
 * W1. At most `concurrency` handlers run at a time; the rest of what the driver delivered waits in order.
 * W2. A handler that returns without error acknowledges its message, one that fails refuses it, unless the handler settled it.
 * W3. After `stop` no handler is started; those in progress are cancelled, and `stop` waits for them.
 */
import { Failure } from "../../core/mod.ts";
import {
  type CallOutcome,
  type Clock,
  type Frame,
  type Log,
  type QueueDelivery,
  QueueDeliveryAttachment,
  type QueueMessage,
  type Runtime,
  type Span,
  type Tracing,
  withAttachment,
} from "../../ports/mod.ts";

/** Handlers that may end within one go before others get their turn. */
const BATCH = 64;

/** What workers are made of. */
export interface WorkerPoolOptions {
  readonly id: string;
  readonly func: string;
  readonly concurrency: number;
  readonly frame: Frame;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  /** Id of the queue. */
  readonly queue: string;
  /** Absent when nothing is traced. */
  readonly tracing?: Tracing;
}

/** A delivery as its handler sees it: it can't be settled any more once the handler has ended. */
class HandledDelivery implements QueueDelivery {
  readonly #delivery: QueueDelivery;
  released = false;

  constructor(delivery: QueueDelivery) {
    this.#delivery = delivery;
  }

  get message(): QueueMessage {
    return this.#delivery.message;
  }

  get settled(): boolean {
    return this.#delivery.settled;
  }

  ack(): void | Promise<void> {
    return this.#delivery.ack();
  }

  nack(): void | Promise<void> {
    return this.#delivery.nack();
  }
}

/** Handlers of one consumer. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #abort = new AbortController();
  readonly #buffer: QueueDelivery[] = [];
  #taken = 0;
  #active = 0;
  #running = false;
  #stopped = false;
  #idle: (() => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Handlers in progress. */
  get active(): number {
    return this.#active;
  }

  /** Takes a delivery. */
  accept(delivery: QueueDelivery): void {
    this.#buffer.push(delivery);
    this.#run();
  }

  /** Cancels handlers and waits for them; fails with Timeout when `signal` aborts first. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#buffer.length = 0;
    this.#taken = 0;
    this.#abort.abort();
    if (this.#active === 0) return;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => resolve(false);
    this.#idle = () => resolve(true);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp);
    const ended = await promise;
    signal.removeEventListener("abort", giveUp);
    if (!ended) {
      throw new Failure(
        "Timeout",
        `consumer ${this.#options.id}: ${this.#active} messages are still being handled`,
        {
          retryable: false,
        },
      );
    }
  }

  /** Starts handlers while there is room. A handler may end at once: then the loop goes on instead of growing the stack. */
  #run(): void {
    if (this.#running) return;
    this.#running = true;
    let left = BATCH;
    while (!this.#stopped && this.#active < this.#options.concurrency && this.#taken < this.#buffer.length) {
      if (left-- === 0) {
        this.#options.clock.soon(() => {
          this.#running = false;
          this.#run();
        });
        return;
      }
      const delivery = this.#take();
      if (!delivery.lost) this.#start(delivery);
    }
    this.#running = false;
  }

  #take(): QueueDelivery {
    const delivery = this.#buffer[this.#taken++]!;
    if (this.#taken === this.#buffer.length) {
      this.#buffer.length = 0;
      this.#taken = 0;
    }
    return delivery;
  }

  #start(delivery: QueueDelivery): void {
    const { runtime, func, frame } = this.#options;
    const handled = new HandledDelivery(delivery);
    const span = this.#startSpan(delivery.message);
    this.#active++;
    const attached = withAttachment(frame, QueueDeliveryAttachment, handled);
    const outcome = runtime.call(func, [delivery.message.body], {
      frame: span === undefined ? attached : { ...attached, trace: span.context },
      signal: this.#abort.signal,
    });
    if (outcome instanceof Promise) outcome.then((later) => this.#ended(handled, later, span));
    else this.#ended(handled, outcome, span);
  }

  /** The handling of a message, inside of the trace that its headers tell of. */
  #startSpan({ headers, id }: QueueMessage): Span | undefined {
    const { queue, tracing } = this.#options;
    if (tracing?.sources.queues !== true) return undefined;
    const parent = tracing.extract((name) => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    });
    return tracing.start(queue, "consumer", parent, { "messaging.message.id": id });
  }

  #ended(delivery: HandledDelivery, outcome: CallOutcome, span: Span | undefined): void {
    delivery.released = true;
    span?.end(outcome.ok ? undefined : outcome.failure);
    if (!outcome.ok && !this.#stopped) {
      this.#options.log.warn("message handler failed", {
        message: delivery.message.id,
        error: outcome.failure.message,
      });
    }
    const settled = this.#settle(delivery, outcome.ok);
    if (settled === undefined) this.#left();
    else settled.finally(() => this.#left());
  }

  #settle(delivery: HandledDelivery, accepted: boolean): Promise<void> | undefined {
    if (delivery.settled) return undefined;
    const refused = (error: unknown): void => {
      this.#options.log.error(`message could not be ${accepted ? "acknowledged" : "given back"}`, {
        message: delivery.message.id,
        error: error instanceof Error ? error.message : String(error),
      });
    };
    try {
      const done = accepted ? delivery.ack() : delivery.nack();
      return done instanceof Promise ? done.catch(refused) : undefined;
    } catch (error) {
      refused(error);
      return undefined;
    }
  }

  #left(): void {
    this.#active--;
    if (this.#active === 0) this.#idle?.();
    this.#run();
  }
}
