/** `queue.driver.amqp`: queues of RabbitMQ and other brokers that speak AMQP 0-9-1. */
import type { ChannelModel } from "amqplib";
import { asFailure } from "../../core/mod.ts";
import {
  type Queue,
  type QueueDeclaration,
  type QueueDriver,
  QueueDriverResource,
  type Service,
} from "../../ports/mod.ts";
import { defineKind, type KindContext, type Opened } from "../../registry/mod.ts";
import { AmqpQueue, type Broker } from "./amqp/amqp_queue.ts";
import { BrokerLink } from "./amqp/broker_link.ts";
import { type BrokerSettings, brokerSettings, CONFIG } from "./amqp/broker_settings.ts";
import { Publisher } from "./amqp/publisher.ts";
import { DRIVER_EVENTS } from "./driver_events.ts";

type Context = Pick<KindContext<Parameters<typeof brokerSettings>[0]>, "id" | "config" | "ports" | "log">;

/** Queues of one broker. Nothing is connected before the service starts or a queue is used. */
class AmqpDriver implements QueueDriver {
  readonly #queues = new Map<string, AmqpQueue>();
  readonly #broker: Broker & { settings: BrokerSettings };

  constructor({ id, config, ports, log }: Context) {
    const settings = brokerSettings(config);
    const { clock } = ports;
    const random = ports.random.stream(`queue driver ${id}`);
    const named = log.named("queue.amqp", { driver: id });
    const link = (): BrokerLink => new BrokerLink({ settings, clock, random, log: named });
    this.#broker = {
      settings,
      publishing: link(),
      consuming: link(),
      publisher: new Publisher(),
      clock,
      random,
      log: named,
    };
    // So that they are there again before anybody asks, when a broker comes back without them.
    this.#broker.publishing.onOpen((model) => this.#declareAll(model));
  }

  async declare(id: string, declaration: QueueDeclaration): Promise<Queue> {
    const known = this.#queues.get(id);
    if (known !== undefined) {
      await known.redeclare(declaration);
      return known;
    }
    const queue = new AmqpQueue(this.#broker, declaration);
    // What the broker would refuse is refused with the entry, while it can be asked.
    const { model } = this.#broker.publishing;
    if (model !== undefined) await queue.declareOn(model);
    this.#queues.set(id, queue);
    return queue;
  }

  remove(id: string): void {
    this.#queues.delete(id);
  }

  /** Goes on by other settings; the same ones change nothing. */
  async replace(settings: BrokerSettings): Promise<void> {
    if (JSON.stringify(settings) === JSON.stringify(this.#broker.settings)) return;
    this.#broker.settings = settings;
    await Promise.all([this.#broker.publishing.replace(settings), this.#broker.consuming.replace(settings)]);
  }

  service(): Service {
    return {
      start: async () => {
        await this.#broker.publishing.connect();
        // A link that was closed before would refuse for ever.
        this.#broker.consuming.reopen();
        const { promise, resolve } = Promise.withResolvers<null>();
        const broker = this.#broker;
        return {
          get details() {
            const trouble = broker.publishing.trouble ?? broker.consuming.trouble;
            return trouble === undefined ? `connected to ${broker.settings.place}` : trouble.message;
          },
          ended: promise,
          stop: async () => {
            await this.close();
            resolve(null);
          },
        };
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#broker.publishing.close(), this.#broker.consuming.close()]);
  }

  #declareAll(model: ChannelModel): void {
    for (const queue of this.#queues.values()) {
      queue.declareOn(model).catch((error: unknown) => {
        this.#broker.log.error("a queue could not be declared", {
          queue: queue.name,
          error: asFailure(error).message,
        });
      });
    }
  }
}

export default defineKind({
  name: "queue.driver.amqp",
  announces: DRIVER_EVENTS,
  doc: "Queues of an AMQP broker such as RabbitMQ.",
  config: CONFIG,
  provides: QueueDriverResource,
  open(context): Opened<QueueDriver> {
    const driver = new AmqpDriver(context);
    return { resource: driver, service: driver.service() };
  },
  async change(current, { config }) {
    await (current.resource as AmqpDriver).replace(brokerSettings(config));
    return current;
  },
  async close({ resource }) {
    await (resource as AmqpDriver).close();
  },
});
