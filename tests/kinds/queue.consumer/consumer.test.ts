/** `queue.consumer`: workers, their limits, sharing, stopping. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { schema, type Value, type ValueMap } from "../../../src/core/mod.ts";
import { type QueueConsumeOptions, type QueueDelivery, QueueDriverResource } from "../../../src/ports/mod.ts";
import { defineKind } from "../../../src/registry/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { handled, PROJECT, publish, queueOf } from "../queue_project.ts";

const SIMULATED = { simulated: true };

function consumer(name: string, more = ""): string {
  return `  - name: ${name}
    kind: queue.consumer
    queue: app:queue
    func: handler
${more}    lifecycle: { auto_start: true, stop_timeout: 10s }
`;
}

function sleep(app: TestApplication, ms: number): Promise<void> {
  return app.application.ports.clock.sleep(ms);
}

test("a consumer binds a queue to a function; both must be named [kind.queue.consumer.core]", () =>
  withApplication(PROJECT + consumer("one"), async (app) => {
    await publish(app, ["a", "b"]);
    await app.world!.clock.settle();
    assert.deepEqual(handled(app), ["a", "b"]);
    assert.equal(app.application.supervisor.state("app:one")?.status, "running");
    for (
      const [missing, data] of [["queue", { func: "app:handler" }], ["func", { queue: "app:queue" }]] as const
    ) {
      const failure = await refusalOf(app, "app:bad", "queue.consumer", data);
      assert.equal(failure.kind, "Invalid");
      assert.match(failure.message, new RegExp(missing));
    }
  }, SIMULATED));

test("a consumer of a queue that is not there fails, and runs once it is [kind.queue.consumer.core]", () =>
  withApplication(
    PROJECT.replace("  - name: queue\n    kind: queue.queue\n    driver: driver\n", "") +
      consumer("one").replace(
        "auto_start: true",
        "auto_start: true, startup: optional, restart: { initial_delay: 1s }",
      ),
    async (app) => {
      const { registry, supervisor } = app.application;
      assert.notEqual(supervisor.state("app:one")?.status, "running");
      const queue = { id: "app:queue", kind: "queue.queue", meta: {}, data: { driver: "app:driver" } };
      await registry.apply([{ kind: "entry.create", entry: queue }]);
      await sleep(app, 5_000);
      await publish(app, ["late"]);
      await app.world!.clock.settle();
      assert.deepEqual(handled(app), ["late"]);
    },
    SIMULATED,
  ));

test("so many messages are handled at a time, one by default [kind.queue.consumer.concurrency]", async () => {
  for (const [more, atOnce] of [["", 1], ["    concurrency: 3\n", 3], ["    concurrency: 0\n", 1]] as const) {
    await withApplication(PROJECT + consumer("one", more), async (app) => {
      await publish(app, ["a?", "b?", "c?", "d?"]);
      await sleep(app, 500);
      assert.equal(handled(app).length, atOnce, more);
      await sleep(app, 1_000);
      assert.equal(handled(app).length, Math.min(4, 2 * atOnce), more);
      await sleep(app, 3_000);
      assert.deepEqual(handled(app, "finished").sort(), ["a?", "b?", "c?", "d?"]);
    }, SIMULATED);
  }
});

test("so many messages are held at a time, ten by default; the others stay in the queue [kind.queue.consumer.concurrency] [queue.worker]", async () => {
  for (
    const [more, held] of [["", 10], ["    prefetch: 3\n", 3], [
      "    concurrency: 5\n    prefetch: 2\n",
      2,
    ]] as const
  ) {
    await withApplication(PROJECT + consumer("one", more), async (app) => {
      await publish(app, Array.from({ length: 30 }, (_, i) => `${i}?`));
      await app.world!.clock.settle();
      assert.equal((await queueOf(app).info())["message_count"], 30 - held, more);
      await sleep(app, 1_500);
      assert.ok(Number((await queueOf(app).info())["message_count"]) < 30 - held, "the buffer refills");
    }, SIMULATED);
  }
});

test("numbers past the limits are refused [kind.queue.consumer.concurrency] [kind.queue.limits]", () =>
  withApplication(PROJECT, async (app) => {
    const refused = async (data: ValueMap): Promise<string> => {
      const failure = await refusalOf(app, "app:bad", "queue.consumer", {
        queue: "app:queue",
        func: "app:handler",
        ...data,
      });
      assert.equal(failure.kind, "Invalid");
      return failure.message;
    };
    assert.match(await refused({ concurrency: 1001 }), /concurrency exceeds maximum/);
    assert.match(await refused({ prefetch: 10_001 }), /prefetch exceeds maximum/);
    assert.match(await refused({ concurrency: -1 }), /concurrency/);
    assert.match(await refused({ prefetch: "many" }), /prefetch/);
    const largest = { queue: "app:queue", func: "app:handler", concurrency: 1000, prefetch: 10_000 };
    const entry = { id: "app:large", kind: "queue.consumer", meta: {}, data: largest };
    await app.application.registry.apply([{ kind: "entry.create", entry }]);
  }, SIMULATED));

test("several consumers share a queue: each message goes to one of them [kind.queue.fan]", () =>
  withApplication(
    PROJECT + consumer("one", "    prefetch: 1\n") + consumer("two", "    prefetch: 1\n"),
    async (app) => {
      assert.equal((await queueOf(app).info())["consumer_count"], 2);
      await publish(app, ["a?", "b?", "c?", "d?"]);
      await sleep(app, 500);
      assert.deepEqual(handled(app), ["a?", "b?"], "both work");
      await sleep(app, 3_000);
      assert.deepEqual(handled(app), ["a?", "b?", "c?", "d?"], "none twice");
    },
    SIMULATED,
  ));

test("stopping ends deliveries and handlers; what was not finished comes again [queue.stop]", () =>
  withApplication(PROJECT + consumer("one"), async (app) => {
    const { supervisor } = app.application;
    await publish(app, ["a?", "b", "c"]);
    await sleep(app, 500);
    await supervisor.stop("app:one");
    assert.equal(supervisor.state("app:one")?.status, "stopped");
    assert.deepEqual(handled(app), ["a?"]);
    await publish(app, ["d"]);
    await sleep(app, 5_000);
    assert.deepEqual([handled(app), handled(app, "finished")], [["a?"], []], "nothing is handled meanwhile");
    assert.equal((await queueOf(app).info())["message_count"], 4);
    assert.equal((await queueOf(app).info())["consumer_count"], 0);
    await supervisor.start("app:one");
    await sleep(app, 5_000);
    assert.deepEqual(handled(app).slice(1).sort(), ["a?", "b", "c", "d"]);
    assert.deepEqual(handled(app, "finished"), ["a?"]);
  }, SIMULATED));

interface Consumed {
  readonly prefetch: number;
  readonly options: QueueConsumeOptions | undefined;
  readonly settled: string[];
  deliver(body: string): void;
}

/** A driver whose deliveries a test makes. */
function manualKind(consumed: Consumed[]) {
  return defineKind({
    name: "queue.driver.manual",
    config: schema.object({}),
    provides: QueueDriverResource,
    open: () => ({
      resource: {
        declare: () => ({
          publish() {},
          info: () => ({}),
          consume(
            prefetch: number,
            receive: (delivery: QueueDelivery) => void,
            options?: QueueConsumeOptions,
          ) {
            const settled: string[] = [];
            const deliver = (body: string): void => {
              let isSettled = false;
              const settle = (how: string): void => {
                isSettled = true;
                settled.push(`${how} ${body}`);
              };
              receive({
                message: { id: body, body, headers: {} },
                released: false,
                get settled() {
                  return isSettled;
                },
                ack: () => settle("ack"),
                nack: () => settle("nack"),
              });
            };
            consumed.push({ prefetch, options, settled, deliver });
            return { pause() {}, close() {} };
          },
        }),
        remove() {},
      },
    }),
  });
}

const MANUAL = PROJECT.replace(
  "queue.driver.memory\n    lifecycle: { auto_start: true }",
  "queue.driver.manual",
);

test("auto_ack and the consumer's options are the driver's business; a handler still settles by its result [kind.queue.consumer.auto-ack]", async () => {
  const consumed: Consumed[] = [];
  const options: Value = { amqp: { exclusive: true } };
  await withApplication(
    MANUAL + consumer("plain") +
      consumer(
        "auto",
        `    auto_ack: true\n    prefetch: 7\n    driver_options: ${JSON.stringify(options)}\n`,
      ),
    async (app) => {
      const [plain, auto] = consumed.sort((a, b) => b.prefetch - a.prefetch);
      assert.deepEqual([plain!.options, auto!.options], [
        { autoAck: false, driverOptions: {} },
        { autoAck: true, driverOptions: options },
      ]);
      plain!.deliver("fine");
      plain!.deliver("bad!");
      await app.world!.clock.settle();
      assert.deepEqual(plain!.settled, ["ack fine", "nack bad!"]);
    },
    { ...SIMULATED, kinds: [manualKind(consumed)] },
  );
});

test("a queue in memory ignores auto_ack: a refused message comes again [kind.queue.consumer.auto-ack]", () =>
  withApplication(PROJECT + consumer("one", "    auto_ack: true\n"), async (app) => {
    await publish(app, ["a!"]);
    await app.world!.clock.settle();
    assert.deepEqual(handled(app), ["a!", "a!"]);
  }, SIMULATED));
