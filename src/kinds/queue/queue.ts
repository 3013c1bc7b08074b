/** `queue.queue`: a queue of a driver. */
import { type Decoded, Failure, parseEntryId, schema } from "../../core/mod.ts";
import {
  type Queue,
  type QueueDriver,
  QueueDriverResource,
  QueueResource,
  type Resources,
  type Service,
} from "../../ports/mod.ts";
import { defineKind, type Opened } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { bodyCodec } from "./body_codec.ts";

const CONFIG = schema.object({
  driver: schema.reference({ doc: "Queue driver." }),
  codec: schema.string({
    default: "json/plain",
    doc: "How bodies travel: json/plain or application/msgpack.",
  }),
  queue_name: schema.string({ default: "", doc: "Name outside; the entry's name by default." }),
  driver_options: schema.map(schema.any(), { doc: "What only its driver understands." }),
  dead_letter: schema.object({
    queue: schema.reference({ optional: true, doc: "Accepted; no built-in driver enforces it." }),
    max_attempts: schema.integer({ default: 0, min: 0, doc: "Accepted; no built-in driver enforces it." }),
  }),
  lifecycle: schema.any(),
});

/** A live queue and the driver it was declared on. */
interface OpenedQueue extends Opened<Queue> {
  readonly driver: string;
}

function driverOf(resources: Resources, id: string): QueueDriver {
  const driver = resources.find(QueueDriverResource, id);
  if (driver === undefined) {
    throw new Failure("NotFound", `driver: there is no queue driver ${id}`, { retryable: false });
  }
  return driver;
}

async function declare(id: string, config: Decoded<typeof CONFIG>, resources: Resources): Promise<Queue> {
  const codec = await bodyCodec(config.codec);
  return await driverOf(resources, config.driver).declare(id, {
    name: config.queue_name === "" ? parseEntryId(id).name : config.queue_name,
    codec,
    driverOptions: config.driver_options,
  });
}

function serviceOf(queue: Queue, driver: string): Service {
  return residentService(`queue on ${driver}`, (signal) => queue.open?.(signal));
}

export default defineKind({
  name: "queue.queue",
  announces: {
    system: "queue",
    register: "queue.queue.declare",
    remove: "queue.queue.delete",
    accept: "queue.accept",
    reject: "queue.reject",
  },
  doc: "A message queue.",
  config: CONFIG,
  provides: QueueResource,
  async open({ id, config, resources }): Promise<OpenedQueue> {
    const resource = await declare(id, config, resources);
    return { resource, service: serviceOf(resource, config.driver), driver: config.driver };
  },
  async change(current, { id, config, resources }): Promise<OpenedQueue> {
    const { driver } = current as OpenedQueue;
    const resource = await declare(id, config, resources);
    if (driver === config.driver) return { ...current, resource, driver };
    await resources.find(QueueDriverResource, driver)?.remove(id);
    return { resource, service: serviceOf(resource, config.driver), driver: config.driver };
  },
  async close(current, { id, resources }) {
    await resources.find(QueueDriverResource, (current as OpenedQueue).driver)?.remove(id);
  },
});
