/**
 * A queue of an AMQP broker.
 *
 * AQ1. It is declared once per connection, before it is used on that. One that exists in another form is used as it is, unless
 *      the entry or its driver says what it is to be: then everything on it fails with Conflict, and nothing is sent.
 * AQ2. Removing the entry leaves the broker's queue and its messages alone.
 */
import type { Channel, ChannelModel, Options } from "amqplib";
import {
  AMQP_DELIVERY_COUNTS_MAX,
  type Decoded,
  Failure,
  RecentTable,
  schema,
  type Value,
} from "../../../core/mod.ts";
import type {
  Clock,
  Log,
  Queue,
  QueueCodec,
  QueueConsumeOptions,
  QueueConsumption,
  QueueDeclaration,
  QueueDelivery,
  QueueMessage,
  Random,
  Waiter,
} from "../../../ports/mod.ts";
import { ownOptions } from "../driver_options.ts";
import { AmqpConsumption } from "./amqp_consumption.ts";
import { isOtherwiseDeclared, operationFailure } from "./amqp_failure.ts";
import { propertiesOf } from "./amqp_message.ts";
import type { BrokerLink } from "./broker_link.ts";
import { argumentMs, type BrokerSettings } from "./broker_settings.ts";
import type { Publisher } from "./publisher.ts";

/** What queues share: the driver's connections and settings. */
export interface Broker {
  readonly settings: BrokerSettings;
  /** One for each direction: a broker that is short of memory stops reading from who publishes, acknowledgements included. */
  readonly publishing: BrokerLink;
  readonly consuming: BrokerLink;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Durations that are absent decode to -1. */
const OPTIONS = schema.object({
  durable: schema.boolean({ default: true, doc: "Survives a restart of the broker, with its messages." }),
  auto_delete: schema.boolean({ default: false, doc: "Deleted when its last consumer has gone." }),
  message_ttl: schema.duration({ default: -1, doc: "How long its messages live." }),
  queue_expiry: schema.duration({ default: -1, doc: "Deleted when unused for so long." }),
  max_length: schema.integer({
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    doc: "Messages kept at most, the oldest are dropped; 0 any number.",
  }),
});

/** A declaration as the broker gets it. */
interface Form {
  readonly name: string;
  readonly codec: QueueCodec;
  readonly options: Decoded<typeof OPTIONS>;
  readonly arguments: Options.AssertQueue;
  /** The entry or its driver says something about it. */
  readonly isExplicit: boolean;
}

/** The queue of a `queue.driver.amqp`. */
export class AmqpQueue implements Queue {
  readonly #broker: Broker;
  /** Deliveries before the last one, of messages that came more than once. */
  readonly deliveryCounts = new RecentTable<string, number>(AMQP_DELIVERY_COUNTS_MAX);
  readonly #consumptions = new Set<AmqpConsumption>();
  #form: Form;
  /** Its declaration on each connection. */
  #declared = new WeakMap<ChannelModel, Promise<void>>();

  /** Fails with Invalid for options that make no sense. */
  constructor(broker: Broker, declaration: QueueDeclaration) {
    this.#broker = broker;
    this.#form = formOf(declaration, broker.settings);
  }

  get name(): string {
    return this.#form.name;
  }

  get codec(): QueueCodec {
    return this.#form.codec;
  }

  async open(): Promise<void> {
    await this.declareOn(await this.#broker.publishing.ready());
  }

  /** Takes another declaration. While the broker can be reached it is asked at once, and a refusal leaves all as it was. */
  async redeclare(declaration: QueueDeclaration): Promise<void> {
    const before = { form: this.#form, declared: this.#declared };
    this.#form = formOf(declaration, this.#broker.settings);
    if (isSame(before.form, this.#form)) return;
    this.#declared = new WeakMap();
    const { model } = this.#broker.publishing;
    try {
      if (model !== undefined) await this.declareOn(model);
    } catch (error) {
      // A broker that went away is no refusal.
      if (!(error instanceof Failure) || error.kind !== "Unavailable") {
        this.#form = before.form;
        this.#declared = before.declared;
        throw error;
      }
    }
    if (before.form.name !== this.#form.name) { for (const each of this.#consumptions) each.renew(); }
  }

  /** Makes sure of the queue on a connection. */
  async declareOn(model: ChannelModel): Promise<void> {
    let declared = this.#declared.get(model);
    if (declared === undefined) {
      this.#declared.set(model, declared = this.#declare(model));
      declared.catch(() => this.forget(model));
    }
    await declared;
  }

  /** The queue is not there any more: it will be declared again. */
  forget(model: ChannelModel): void {
    this.#declared.delete(model);
  }

  async publish(message: QueueMessage, caller?: Waiter): Promise<void> {
    const { codec, options } = this.#form;
    const content = codec.encode(message.body);
    const properties = propertiesOf(message, codec.contentType, options.durable);
    // The second time when it was deleted meanwhile, as one that expires is.
    for (const isLast of [false, true]) {
      const model = await this.#broker.publishing.ready();
      await this.declareOn(model);
      if (caller?.ended) throw new Failure("Canceled", "publishing was canceled", { retryable: false });
      if (await this.#broker.publisher.publish(model, this.name, content, properties)) return;
      this.forget(model);
      if (isLast) {
        throw new Failure(
          "Unavailable",
          `queue ${this.name} is gone from the broker as soon as it is declared`,
          {
            retryable: true,
          },
        );
      }
    }
  }

  async consume(
    prefetch: number,
    receive: (delivery: QueueDelivery) => void,
    options?: QueueConsumeOptions,
  ): Promise<QueueConsumption> {
    const consumption = new AmqpConsumption(this, this.#broker, {
      prefetch: Math.min(prefetch, this.#broker.settings.prefetchMax),
      receive,
      autoAck: options?.autoAck ?? false,
      driverOptions: options?.driverOptions ?? {},
      closed: () => this.#consumptions.delete(consumption),
    });
    await consumption.start();
    this.#consumptions.add(consumption);
    return consumption;
  }

  async info(): Promise<Record<string, Value>> {
    let model: ChannelModel;
    try {
      model = this.#broker.consuming.model ?? await this.#broker.publishing.ready();
      await this.declareOn(model);
    } catch (error) {
      if (error instanceof Failure && error.kind === "Unavailable") return { ready: false };
      throw error;
    }
    const facts = await onChannel(model, `queue ${this.name}`, (channel) => channel.checkQueue(this.name));
    return { message_count: facts.messageCount, consumer_count: facts.consumerCount, ready: true };
  }

  async #declare(model: ChannelModel): Promise<void> {
    const { arguments: wanted, isExplicit, name } = this.#form;
    const what = `queue ${name}`;
    try {
      await onChannel(model, what, (channel) => channel.assertQueue(name, wanted));
    } catch (error) {
      if (!(error instanceof Failure) || !isOtherwiseDeclared(error.cause)) throw error;
      if (isExplicit) {
        throw new Failure(
          "Conflict",
          `${what} exists at the broker in another form; delete it there, choose another queue_name, or change its options: ${
            (error.cause as Error).message
          }`,
          { retryable: false, cause: error },
        );
      }
      await onChannel(model, what, (channel) => channel.checkQueue(name));
      this.#broker.log.info("a queue exists in another form than by default, and is used as it is", {
        queue: name,
      });
    }
  }
}

function formOf({ name, codec, driverOptions }: QueueDeclaration, settings: BrokerSettings): Form {
  const path = "driver_options.amqp";
  const options = ownOptions(OPTIONS, driverOptions, "amqp");
  const { messageTtlMs, queueExpiryMs } = settings;
  const messageTtl = argumentMs(`${path}.message_ttl`, options.message_ttl, 0) ?? messageTtlMs;
  const expires = argumentMs(`${path}.queue_expiry`, options.queue_expiry, 1) ?? queueExpiryMs;
  if (new TextEncoder().encode(name).length > 255) {
    throw new Failure("Invalid", "queue_name: expected at most 255 bytes", { retryable: false });
  }
  const own = driverOptions["amqp"];
  return {
    name,
    codec,
    options,
    arguments: {
      durable: options.durable,
      autoDelete: options.auto_delete,
      ...messageTtl === undefined ? {} : { messageTtl },
      ...expires === undefined ? {} : { expires },
      ...options.max_length === 0 ? {} : { maxLength: options.max_length },
    },
    isExplicit: Object.keys(own ?? {}).length > 0 || messageTtlMs !== undefined ||
      queueExpiryMs !== undefined,
  };
}

function isSame(a: Form, b: Form): boolean {
  return a.name === b.name && a.codec === b.codec &&
    JSON.stringify(a.arguments) === JSON.stringify(b.arguments);
}

/** Runs `work` on a channel of its own: the broker closes a channel on which something fails. */
async function onChannel<T>(
  model: ChannelModel,
  what: string,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  try {
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    const result = await work(channel);
    await channel.close();
    return result;
  } catch (error) {
    throw operationFailure(error, what);
  }
}
