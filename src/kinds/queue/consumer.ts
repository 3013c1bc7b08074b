/** `queue.consumer`: calls a function for each message of a queue. */
import {
  CONSUMER_CONCURRENCY_MAX,
  CONSUMER_PREFETCH_MAX,
  type Decoded,
  Failure,
  schema,
} from "../../core/mod.ts";
import { QueueResource, type Service } from "../../ports/mod.ts";
import { defineKind, frameOfLifecycle, type KindContext } from "../../registry/mod.ts";
import { WorkerPool } from "./worker_pool.ts";

const CONFIG = schema.object({
  queue: schema.reference({ doc: "Queue." }),
  func: schema.reference({ doc: "Function that handles a message; its argument is the body." }),
  concurrency: schema.integer({ default: 1, doc: "Messages handled at a time, at most 1000." }),
  prefetch: schema.integer({ default: 10, doc: "Unsettled messages held at a time, at most 10000." }),
  auto_ack: schema.boolean({ default: false, doc: "The broker settles on delivery (AMQP only)." }),
  driver_options: schema.map(schema.any(), { doc: "What only the queue's driver understands." }),
  lifecycle: schema.any(),
});

type Config = Decoded<typeof CONFIG>;

function checkLimits({ concurrency, prefetch }: Config): void {
  const refuse = (message: string): Failure => new Failure("Invalid", message, { retryable: false });
  if (concurrency > CONSUMER_CONCURRENCY_MAX) {
    throw refuse(`concurrency exceeds maximum: ${concurrency} > ${CONSUMER_CONCURRENCY_MAX}`);
  }
  if (prefetch > CONSUMER_PREFETCH_MAX) {
    throw refuse(`prefetch exceeds maximum: ${prefetch} > ${CONSUMER_PREFETCH_MAX}`);
  }
  if (concurrency < 0) throw refuse("concurrency must not be negative");
  if (prefetch < 0) throw refuse("prefetch must not be negative");
}

function consumerService(
  { id, entry, config, runtime, resources, security, ports, log, tracing }: KindContext<Config>,
): Service {
  const concurrency = config.concurrency || 1;
  const prefetch = Math.max(config.prefetch || 10, 1);
  return {
    async start() {
      const queue = resources.find(QueueResource, config.queue);
      if (queue === undefined) {
        throw new Failure("NotFound", `there is no queue ${config.queue}`, { retryable: true });
      }
      const pool = new WorkerPool({
        id,
        func: config.func,
        concurrency,
        frame: frameOfLifecycle(entry, security),
        runtime,
        clock: ports.clock,
        log: log.named("queue", { consumer: id, queue: config.queue }),
        queue: config.queue,
        tracing,
      });
      const consumption = await queue.consume(prefetch, (delivery) => pool.accept(delivery), {
        autoAck: config.auto_ack,
        driverOptions: config.driver_options,
      });
      const { promise, resolve } = Promise.withResolvers<null>();
      return {
        details: `consuming ${config.queue} with ${concurrency} workers`,
        ended: promise,
        async stop(_reason: string, signal: AbortSignal) {
          try {
            consumption.pause();
            await pool.stop(signal);
          } finally {
            await consumption.close();
            resolve(null);
          }
        },
      };
    },
  };
}

export default defineKind({
  name: "queue.consumer",
  doc: "Workers that handle the messages of a queue.",
  config: CONFIG,
  open(context) {
    checkLimits(context.config);
    return { service: consumerService(context) };
  },
});
