/**
 * A consumer on an AMQP queue, over all connections that there will be.
 *
 * AC1. Each subscription has a channel of its own. When that is lost, so are its unsettled deliveries: the broker hands them out
 *      again, and they can't be settled here any more.
 * AC2. It subscribes again when there is a connection, with a delay that doubles while the broker refuses.
 * AC3. A message whose body can't be read is rejected for good, never requeued: it goes where the broker sends dead letters.
 */
import type { Channel, ConsumeMessage } from "amqplib";
import { asFailure, Failure, schema, type Value } from "../../../core/mod.ts";
import type {
  QueueCodec,
  QueueConsumption,
  QueueDelivery,
  QueueMessage,
  TimerHandle,
} from "../../../ports/mod.ts";
import { bodyCodec } from "../body_codec.ts";
import { ownOptions } from "../driver_options.ts";
import { operationFailure } from "./amqp_failure.ts";
import { messageOf, publishedId } from "./amqp_message.ts";
import type { AmqpQueue, Broker } from "./amqp_queue.ts";
import type { BrokerLink } from "./broker_link.ts";
import { SettledOnce } from "../settled_once.ts";

const OPTIONS = schema.object({
  exclusive: schema.boolean({ default: false, doc: "Nobody else may consume the queue." }),
  no_local: schema.boolean({
    default: false,
    doc: "Not what the same connection published, where the broker can tell.",
  }),
  no_wait: schema.boolean({ default: false, doc: "Starts without waiting for the broker's word." }),
  consumer_tag: schema.string({ default: "", doc: "What the broker shows for the consumer." }),
});

/** What a consumption is made of. */
export interface AmqpConsumptionOptions {
  readonly prefetch: number;
  readonly receive: (delivery: QueueDelivery) => void;
  readonly autoAck: boolean;
  readonly driverOptions: Readonly<Record<string, Value>>;
  readonly closed: () => void;
}

/** A subscription: one channel, one consumer tag. */
interface Session {
  readonly channel: Channel;
  tag: string;
  isLost: boolean;
  /** Deliveries that the broker settled and that are still being worked on. */
  held: number;
  /** Deliveries were stopped because there are too many of those. */
  isHeldBack: boolean;
}

/** A delivery of an AMQP queue. */
class AmqpDelivery extends SettledOnce {
  readonly #session: Session;
  readonly #settle: (accepted: boolean) => void;
  readonly #isSettledByBroker: boolean;

  constructor(
    message: QueueMessage,
    session: Session,
    byBroker: boolean,
    settle: (accepted: boolean) => void,
  ) {
    super(message);
    this.#session = session;
    this.#isSettledByBroker = byBroker;
    this.#settle = settle;
  }

  get lost(): boolean {
    return this.#session.isLost && !this.settled && !this.#isSettledByBroker;
  }

  protected override demandReach(): void {
    if (!this.lost) return;
    const message = "the connection to the broker was lost: the message will be delivered again";
    throw new Failure("Unavailable", message, { retryable: false });
  }

  protected settle(accepted: boolean): void {
    this.#settle(accepted);
  }
}

/** A consumer's hold on an AMQP queue. */
export class AmqpConsumption implements QueueConsumption {
  readonly #queue: AmqpQueue;
  readonly #broker: Broker;
  readonly #options: AmqpConsumptionOptions;
  readonly #own: ReturnType<typeof decodeOwn>;
  readonly #link: BrokerLink;
  /** Codecs of messages that name their type. */
  #others: readonly QueueCodec[] = [];
  #session: Session | undefined;
  #subscribing: Promise<void> | undefined;
  #timer: TimerHandle | undefined;
  #failures = 0;
  #stopped = false;
  #ignoreOpen: (() => void) | undefined;

  /** Fails with Invalid for options that make no sense. */
  constructor(queue: AmqpQueue, broker: Broker, options: AmqpConsumptionOptions) {
    this.#queue = queue;
    this.#broker = broker;
    this.#options = options;
    this.#own = decodeOwn(options.driverOptions);
    // "Local" means the connection that publishes.
    this.#link = this.#own.no_local ? broker.publishing : broker.consuming;
  }

  /** Subscribes for the first time; fails where the broker refuses or can't be reached. */
  async start(): Promise<void> {
    this.#others = await Promise.all([bodyCodec("json/plain"), bodyCodec("application/msgpack")]);
    await (this.#subscribing = this.#subscribe());
    this.#subscribing = undefined;
    this.#ignoreOpen = this.#link.onOpen(() => this.#again());
    // It may have been lost before anybody looked.
    if (this.#session?.isLost === true) this.#later();
  }

  pause(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#ignoreOpen?.();
    const session = this.#session;
    if (session === undefined || session.isLost || session.isHeldBack) return;
    // What arrives until the broker has heard of it is not taken, and given back when the channel is closed.
    session.channel.cancel(session.tag).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.pause();
    this.#options.closed();
    await this.#subscribing?.catch(() => undefined);
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await closeChannel(session);
  }

  /** Subscribes anew, since the queue is called otherwise now. */
  renew(): void {
    if (this.#session !== undefined) void closeChannel(this.#session);
  }

  /** Subscribes again unless that is under way, or done. */
  #again(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#stopped || this.#subscribing !== undefined || this.#session?.isLost === false) return;
    this.#subscribing = this.#subscribe().catch((error: unknown) => this.#refused(error)).finally(() => {
      this.#subscribing = undefined;
      // It may have been lost again before this one was through.
      if (this.#session?.isLost === true) this.#later();
    });
  }

  #refused(error: unknown): void {
    const { message } = asFailure(error);
    this.#broker.log.warn("no messages from the queue for now", { queue: this.#queue.name, error: message });
    this.#later();
  }

  /** After a while; without a connection the next one calls. */
  #later(): void {
    if (this.#stopped || this.#timer !== undefined || this.#link.model === undefined) return;
    const { reconnectMs, reconnectMsMax } = this.#broker.settings;
    const delayMs = Math.min(reconnectMsMax, reconnectMs * 2 ** Math.min(this.#failures++, 30));
    this.#timer = this.#broker.clock.timer(delayMs, () => this.#again(), { background: true });
  }

  async #subscribe(): Promise<void> {
    const model = await this.#link.ready();
    await this.#queue.declareOn(model);
    const what = `consumer of queue ${this.#queue.name}`;
    try {
      const channel = await model.createChannel();
      const session: Session = { channel, tag: "", isLost: false, held: 0, isHeldBack: false };
      channel.on("error", (error) => {
        if (this.#session === session) {
          this.#broker.log.warn("a consumer's channel was closed", { error: error.message });
        }
      });
      channel.on("close", () => this.#lost(session));
      await channel.prefetch(this.#options.prefetch);
      // Deliveries may come before the answer does.
      this.#session = session;
      const subscribed = this.#consume(session);
      if (this.#own.no_wait) subscribed.catch((error: unknown) => this.#refused(error));
      else await subscribed;
      this.#failures = 0;
    } catch (error) {
      throw operationFailure(error, what);
    }
    if (this.#stopped && this.#session !== undefined) await closeChannel(this.#session);
  }

  async #consume(session: Session): Promise<void> {
    const { consumer_tag, exclusive, no_local } = this.#own;
    const { consumerTag } = await session.channel.consume(
      this.#queue.name,
      (message) => this.#arrived(session, message),
      {
        noAck: this.#options.autoAck,
        exclusive,
        noLocal: no_local,
        ...consumer_tag === "" ? {} : { consumerTag: consumer_tag },
      },
    );
    session.tag = consumerTag;
  }

  #lost(session: Session): void {
    session.isLost = true;
    if (this.#session === session && this.#subscribing === undefined) this.#later();
  }

  #arrived(session: Session, delivered: ConsumeMessage | null): void {
    if (delivered === null) {
      // The queue was deleted, or moved to another node.
      const { model } = this.#link;
      if (model !== undefined) this.#queue.forget(model);
      void closeChannel(session);
      return;
    }
    if (this.#stopped || session.isLost) return;
    const message = this.#read(session, delivered);
    if (message === undefined) return;
    const delivery = new AmqpDelivery(message, session, this.#options.autoAck, (accepted) => {
      this.#settled(session, delivered, accepted);
    });
    if (this.#options.autoAck && ++session.held > this.#heldMax) this.#holdBack(session);
    this.#options.receive(delivery);
  }

  #read(session: Session, delivered: ConsumeMessage): QueueMessage | undefined {
    const { clock, log, random } = this.#broker;
    const id = publishedId(delivered);
    try {
      return messageOf(delivered, {
        codecs: [this.#queue.codec, ...this.#others],
        freshId: () => random.bytes(16).toHex(),
        nowMs: clock.nowMs(),
        deliveriesBefore: this.#countDelivery(id, delivered.fields.redelivered),
      });
    } catch (error) {
      log.error("a message that can't be read was rejected", {
        queue: this.#queue.name,
        message: id,
        error: asFailure(error).message,
      });
      if (!this.#options.autoAck) session.channel.reject(delivered, false);
      return undefined;
    }
  }

  #countDelivery(id: string, isRedelivered: boolean): number {
    if (!isRedelivered) return 0;
    const counts = this.#queue.deliveryCounts;
    const before = (id === "" ? 0 : counts.get(id) ?? 0) + 1;
    if (id !== "") counts.set(id, before);
    return before;
  }

  #settled(session: Session, delivered: ConsumeMessage, accepted: boolean): void {
    if (accepted) this.#queue.deliveryCounts.delete(publishedId(delivered));
    if (this.#options.autoAck) {
      session.held--;
      if (session.isHeldBack && session.held <= this.#options.prefetch) this.#letThrough(session);
      return;
    }
    try {
      if (accepted) session.channel.ack(delivered);
      else session.channel.nack(delivered, false, true);
    } catch (error) {
      // The channel is being closed, and so gives the message back.
      throw operationFailure(error, "settling a message");
    }
  }

  /** A broker that settles on delivery knows no prefetch: past twice as many as that no more are taken. */
  get #heldMax(): number {
    return 2 * this.#options.prefetch;
  }

  #holdBack(session: Session): void {
    if (session.isHeldBack || session.tag === "") return;
    session.isHeldBack = true;
    session.channel.cancel(session.tag).catch(() => undefined);
  }

  #letThrough(session: Session): void {
    session.isHeldBack = false;
    session.tag = "";
    if (this.#stopped || session.isLost) return;
    this.#consume(session).catch((error: unknown) => this.#refused(error));
  }
}

function decodeOwn(driverOptions: Readonly<Record<string, Value>>) {
  return ownOptions(OPTIONS, driverOptions, "amqp");
}

/** What is unsettled on it goes back to the queue. */
async function closeChannel({ channel, isLost }: Session): Promise<void> {
  // It may be closed already, or be lost meanwhile: then there is nothing left to give back.
  if (!isLost) await Promise.resolve().then(() => channel.close()).catch(() => undefined);
}
