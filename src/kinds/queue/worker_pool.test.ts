import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../core/mod.ts";
import { type CallOutcome, EMPTY_FRAME, type QueueDelivery, type Runtime } from "../../ports/mod.ts";
import { simulatedPorts } from "../../platform/simulated/mod.ts";
import { WorkerPool } from "./worker_pool.ts";

/** A pool over handlers that end when a test says so. */
function pool(
  lost: string[] = [],
): { pool: WorkerPool; ends: ((outcome: CallOutcome) => void)[]; delivered(): string[] } {
  const ends: ((outcome: CallOutcome) => void)[] = [];
  const settled: string[] = [];
  const { clock } = simulatedPorts({ seed: 1, workingDirectory: "/" });
  const silent = { debug() {}, info() {}, warn() {}, error() {}, named: () => silent };
  const workers = new WorkerPool({
    queue: "app:jobs",
    id: "app:consumer",
    func: "app:handler",
    concurrency: 1,
    frame: EMPTY_FRAME,
    runtime: { call: () => new Promise<CallOutcome>((resolve) => ends.push(resolve)) } as unknown as Runtime,
    clock,
    log: silent as never,
  });
  const delivery = (body: string): QueueDelivery => ({
    message: { id: body, body, headers: {} },
    settled: false,
    released: false,
    get lost() {
      return lost.includes(body);
    },
    ack: () => void settled.push(`ack ${body}`),
    nack: () => void settled.push(`nack ${body}`),
  });
  workers.accept(delivery("one"));
  workers.accept(delivery("two"));
  return { pool: workers, ends, delivered: () => settled };
}

test("stop waits for handlers, and starts none of those that wait", async () => {
  const { pool: workers, ends, delivered } = pool();
  const stopping = workers.stop(new AbortController().signal);
  ends[0]!({ ok: false, failure: new Failure("Canceled", "context canceled") });
  await stopping;
  assert.deepEqual([ends.length, workers.active, delivered()], [1, 0, ["nack one"]]);
});

test("stop fails with Timeout when handlers don't end in time [queue.stop]", async () => {
  const { pool: workers } = pool();
  const limit = new AbortController();
  const stopping = workers.stop(limit.signal);
  limit.abort();
  await assert.rejects(stopping, {
    kind: "Timeout",
    message: /app:consumer: 1 messages are still being handled/,
  });
});

test("a delivery that was lost while it waited is not handled", async () => {
  const lost: string[] = [];
  const { pool: workers, ends } = pool(lost);
  lost.push("two");
  ends[0]!({ ok: true, value: null });
  await Promise.resolve();
  assert.deepEqual([ends.length, workers.active], [1, 0]);
});
