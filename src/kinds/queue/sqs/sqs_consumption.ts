/**
 * A consumer on an SQS queue.
 *
 * SC1. At most `prefetch` messages are unsettled, those that were asked for included.
 * SC2. SQS hides a delivered message from others for a while. That is prolonged while the message is worked on; when it could not be,
 *      the message counts as lost: it is delivered again, and not handled here any more.
 * SC3. A message whose body can't be read goes where the queue sends dead letters; where it sends none it is deleted.
 */
import type { Message } from "@aws-sdk/client-sqs";
import {
  asFailure,
  SQS_BATCH_MAX,
  SQS_HOLD_SECONDS,
  SQS_POLL_SECONDS,
  SQS_POLLS_MAX,
} from "../../../core/mod.ts";
import type {
  Clock,
  Log,
  QueueConsumption,
  QueueDelivery,
  QueueMessage,
  TimerHandle,
} from "../../../ports/mod.ts";
import { idOf, messageOf } from "./sqs_message.ts";
import type { SqsQueue } from "./sqs_queue.ts";
import { SettledOnce } from "../settled_once.ts";

const HOLD_MS = SQS_HOLD_SECONDS * 1000;
/** A message is prolonged when less than two thirds of its time are left: two attempts may fail. */
const PROLONG_EVERY_MS = HOLD_MS / 3;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 30_000;

/** What a consumption is made of. */
export interface SqsConsumptionOptions {
  readonly queue: SqsQueue;
  readonly prefetch: number;
  readonly receive: (delivery: QueueDelivery) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a delivery is settled. */
type Settle = (delivery: SqsDelivery, accepted: boolean) => Promise<void>;

/** A delivery of an SQS queue. */
class SqsDelivery extends SettledOnce {
  /** What names this delivery, not the message, to SQS. */
  readonly receipt: string;
  /** Until when it is hidden from others, on the monotonic clock. */
  heldUntilMs: number;
  readonly #clock: Clock;
  readonly #settle: Settle;

  constructor(message: QueueMessage, receipt: string, heldUntilMs: number, clock: Clock, settle: Settle) {
    super(message);
    this.receipt = receipt;
    this.heldUntilMs = heldUntilMs;
    this.#clock = clock;
    this.#settle = settle;
  }

  get lost(): boolean {
    return !this.settled && this.#clock.monotonicMs() >= this.heldUntilMs;
  }

  protected settle(accepted: boolean): Promise<void> {
    return this.#settle(this, accepted);
  }
}

/** A consumer's hold on an SQS queue. */
export class SqsConsumption implements QueueConsumption {
  readonly #options: SqsConsumptionOptions;
  readonly #ended = new AbortController();
  readonly #unsettled = new Set<SqsDelivery>();
  readonly #polls: Promise<void>[];
  /** Messages that were asked for and have not come. */
  #asked = 0;
  #room: (() => void)[] = [];
  #timer: TimerHandle | undefined;
  #hasDeadLetters: boolean | undefined;

  /** Begins at once. */
  constructor(options: SqsConsumptionOptions) {
    this.#options = options;
    const polls = Math.min(SQS_POLLS_MAX, Math.ceil(options.prefetch / SQS_BATCH_MAX));
    this.#polls = Array.from({ length: polls }, () => this.#poll());
    this.#prolongLater();
  }

  pause(): void {
    this.#ended.abort();
    for (const wake of this.#room.splice(0)) wake();
  }

  async close(): Promise<void> {
    this.pause();
    await Promise.all(this.#polls);
    this.#timer?.cancel();
    const left = [...this.#unsettled];
    this.#unsettled.clear();
    await this.#hide(left, 0).catch((error: unknown) => {
      // They come back by themselves.
      this.#warn("unsettled messages could not be given back at once", error);
    });
  }

  /** Asks for messages, as many as there is room for, until the consumer is stopped. Never fails. */
  async #poll(): Promise<void> {
    const { signal } = this.#ended;
    let failures = 0;
    while (!signal.aborted) {
      const wanted = Math.min(SQS_BATCH_MAX, this.#options.prefetch - this.#unsettled.size - this.#asked);
      if (wanted <= 0) {
        await new Promise<void>((resolve) => this.#room.push(resolve));
        continue;
      }
      this.#asked += wanted;
      let messages: readonly Message[] = [];
      try {
        messages = await this.#receive(wanted);
        failures = 0;
      } catch (error) {
        if (!signal.aborted) await this.#wait(failures++, error);
      } finally {
        this.#asked -= wanted;
      }
      // All of them at once: whoever waited in between would find room that is taken.
      await Promise.all(messages.map((message) => this.#arrived(message)));
    }
  }

  async #receive(wanted: number): Promise<readonly Message[]> {
    const { signal } = this.#ended;
    const { Messages = [] } = await this.#options.queue.request(
      "receive from",
      signal,
      ({ client, library, url }) =>
        client.send(
          new library.ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: wanted,
            WaitTimeSeconds: SQS_POLL_SECONDS,
            VisibilityTimeout: SQS_HOLD_SECONDS,
            MessageAttributeNames: ["All"],
            AttributeNames: ["All"],
          }),
          { abortSignal: signal },
        ),
    );
    return Messages;
  }

  async #wait(failures: number, error: unknown): Promise<void> {
    this.#warn("no messages from the queue for now", error);
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.min(failures, 10));
    await this.#options.clock.sleep(delayMs, this.#ended.signal).catch(() => undefined);
  }

  /** Hands a message over before it returns; the promise is for one that can't be read. */
  #arrived(delivered: Message): Promise<void> | undefined {
    const { clock, queue, receive } = this.#options;
    const receipt = delivered.ReceiptHandle ?? "";
    const settle: Settle = (delivery, accepted) => this.#settle(delivery, accepted);
    let message: QueueMessage;
    try {
      message = messageOf(delivered, queue.codec);
    } catch (error) {
      return this.#reject(delivered, receipt, error);
    }
    const delivery = new SqsDelivery(message, receipt, clock.monotonicMs() + HOLD_MS, clock, settle);
    this.#unsettled.add(delivery);
    if (!this.#ended.signal.aborted) receive(delivery);
    return undefined;
  }

  /** Removes what nobody will ever be able to read, unless SQS does so itself after some attempts. */
  async #reject(delivered: Message, receipt: string, error: unknown): Promise<void> {
    const { log, queue } = this.#options;
    const fields = { queue: queue.name, message: idOf(delivered), error: asFailure(error).message };
    try {
      this.#hasDeadLetters ??= await this.#asksForDeadLetters();
      if (this.#hasDeadLetters) {
        log.error("a message that can't be read is left to the queue's dead letters", fields);
        return;
      }
      log.error("a message that can't be read was deleted", fields);
      await this.#delete(receipt);
    } catch (failure) {
      this.#warn("a message that can't be read could not be removed", failure);
    }
  }

  async #asksForDeadLetters(): Promise<boolean> {
    const { Attributes } = await this.#options.queue.request(
      "ask",
      undefined,
      ({ client, library, url }) =>
        client.send(
          new library.GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["RedrivePolicy"] }),
        ),
    );
    return Attributes?.RedrivePolicy !== undefined;
  }

  async #settle(delivery: SqsDelivery, accepted: boolean): Promise<void> {
    this.#unsettled.delete(delivery);
    try {
      if (accepted) await this.#delete(delivery.receipt);
      else await this.#hide([delivery], 0);
    } finally {
      this.#room.shift()?.();
    }
  }

  async #delete(ReceiptHandle: string): Promise<void> {
    await this.#options.queue.request(
      "delete from",
      undefined,
      ({ client, library, url }) =>
        client.send(new library.DeleteMessageCommand({ QueueUrl: url, ReceiptHandle })),
    );
  }

  /** Hides deliveries from others for so many seconds from now on; 0 shows them. The result are those that SQS refused. */
  async #hide(deliveries: readonly SqsDelivery[], seconds: number): Promise<ReadonlySet<SqsDelivery>> {
    const refused = new Set<SqsDelivery>();
    for (let i = 0; i < deliveries.length; i += SQS_BATCH_MAX) {
      const batch = deliveries.slice(i, i + SQS_BATCH_MAX);
      const Entries = batch.map(({ receipt }, Id) => ({
        Id: String(Id),
        ReceiptHandle: receipt,
        VisibilityTimeout: seconds,
      }));
      const { Failed = [] } = await this.#options.queue.request(
        "settle on",
        undefined,
        ({ client, library, url }) =>
          client.send(new library.ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries })),
      );
      for (const { Id } of Failed) refused.add(batch[Number(Id)]!);
    }
    return refused;
  }

  #prolongLater(): void {
    this.#timer = this.#options.clock.timer(PROLONG_EVERY_MS, () => void this.#prolong(), {
      background: true,
    });
  }

  /** Never fails: what could not be prolonged is tried again, until it is lost. */
  async #prolong(): Promise<void> {
    const { clock } = this.#options;
    const now = clock.monotonicMs();
    const due = [...this.#unsettled].filter((each) =>
      !each.lost && each.heldUntilMs - now < 2 * PROLONG_EVERY_MS
    );
    try {
      const refused = due.length === 0 ? new Set() : await this.#hide(due, SQS_HOLD_SECONDS);
      for (const delivery of due) if (!refused.has(delivery)) delivery.heldUntilMs = now + HOLD_MS;
    } catch (error) {
      this.#warn("messages could not be kept from others", error);
    }
    this.#forgetLost();
    this.#prolongLater();
  }

  /** What is lost makes room for others. */
  #forgetLost(): void {
    for (const delivery of this.#unsettled) {
      if (!delivery.lost) continue;
      this.#unsettled.delete(delivery);
      this.#room.shift()?.();
    }
  }

  #warn(message: string, error: unknown): void {
    this.#options.log.warn(message, { queue: this.#options.queue.name, error: asFailure(error).message });
  }
}
