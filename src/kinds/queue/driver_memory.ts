/** `queue.driver.memory`: queues inside the runtime, lost with it. */
import { Failure, isValueMap, schema, type Value } from "../../core/mod.ts";
import { type Queue, type QueueDriver, QueueDriverResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { MemoryQueue } from "./memory_queue.ts";

const OPTIONS = schema.object({
  max_length: schema.integer({ default: 0, min: 0, doc: "Most messages that wait; 0 means 1000." }),
});

class MemoryQueueDriver implements QueueDriver {
  readonly #queues = new Map<string, MemoryQueue>();

  declare(id: string, options: { driverOptions: Record<string, Value> }): Queue {
    const own = options.driverOptions["memory"];
    if (own !== undefined && own !== null && !isValueMap(own)) {
      throw new Failure("Invalid", "driver_options.memory: expected a map", { retryable: false });
    }
    const { max_length } = OPTIONS.decode(own, { path: "driver_options.memory", ns: "", references: [] });
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
  announces: {
    system: "queue",
    register: "queue.driver.register",
    remove: "queue.driver.delete",
    accept: "queue.accept",
    reject: "queue.reject",
  },
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
