/** `queue.driver.memory`: queues inside the runtime, lost with it. */
import { schema } from "../../core/mod.ts";
import { type Queue, type QueueDeclaration, type QueueDriver, QueueDriverResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { ownOptions } from "./driver_options.ts";
import { MemoryQueue } from "./memory_queue.ts";
import { DRIVER_EVENTS } from "./driver_events.ts";

const OPTIONS = schema.object({
  max_length: schema.integer({ default: 0, min: 0, doc: "Most messages that wait; 0 means 1000." }),
});

class MemoryQueueDriver implements QueueDriver {
  readonly #queues = new Map<string, MemoryQueue>();

  declare(id: string, { driverOptions }: QueueDeclaration): Queue {
    const { max_length } = ownOptions(OPTIONS, driverOptions, "memory");
    let queue = this.#queues.get(id);
    if (queue === undefined) this.#queues.set(id, queue = new MemoryQueue(id));
    queue.setLengthMax(max_length);
    return queue;
  }

  remove(id: string): void {
    this.#queues.get(id)?.close();
    this.#queues.delete(id);
  }

  close(): void {
    for (const id of [...this.#queues.keys()]) this.remove(id);
  }
}

export default defineKind({
  name: "queue.driver.memory",
  announces: DRIVER_EVENTS,
  doc: "Queues in memory.",
  config: schema.object({ lifecycle: schema.any() }),
  provides: QueueDriverResource,
  open() {
    return { resource: new MemoryQueueDriver(), service: residentService("memory queue driver") };
  },
  // Nothing in the entry changes the driver; closing it would lose every message.
  change: (current) => current,
  close({ resource }) {
    (resource as MemoryQueueDriver).close();
  },
});
