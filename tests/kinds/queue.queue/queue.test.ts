/** `queue.queue`: what a queue says of itself, and what its driver gets of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { schema } from "../../../src/core/mod.ts";
import { type Queue, QueueDriverResource } from "../../../src/ports/mod.ts";
import { defineKind } from "../../../src/registry/mod.ts";
import { withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { PROJECT, publish, queueOf } from "../queue_project.ts";

const SIMULATED = { simulated: true };

/** A driver that writes down what it is asked for. */
function recordingKind(asked: Value[], removed: string[]) {
  const queue: Queue = {
    publish() {},
    consume: () => ({ pause() {}, close() {} }),
    info: () => ({}),
  };
  return defineKind({
    name: "queue.driver.recording",
    config: schema.object({}),
    provides: QueueDriverResource,
    open: () => ({
      resource: {
        declare(id, { name, codec, driverOptions }) {
          asked.push({ id, name, codec: codec.name, driverOptions });
          return { ...queue };
        },
        remove: (id) => void removed.push(id),
      },
    }),
  });
}

const RECORDED = `version: "1.0"
namespace: app
entries:
  - { name: first, kind: queue.driver.recording }
  - { name: second, kind: queue.driver.recording }
  - { name: plain, kind: queue.queue, driver: first }
  - name: full
    kind: queue.queue
    driver: app:first
    codec: application/msgpack
    queue_name: outside
    driver_options: { recording: { a: 1 }, amqp: { durable: true } }
    dead_letter: { queue: plain, max_attempts: 5 }
`;

test("the driver gets name, codec and options; the name is the entry's by default [kind.queue.queue.name] [kind.queue.queue.codec] [kind.queue.queue.driver] [kind.queue.queue.options] [kind.queue.queue.dlq]", async () => {
  const asked: Value[] = [];
  const removed: string[] = [];
  await withApplication(RECORDED, async ({ application: { registry } }) => {
    assert.deepEqual(asked, [
      { id: "app:plain", name: "plain", codec: "json/plain", driverOptions: {} },
      {
        id: "app:full",
        name: "outside",
        codec: "application/msgpack",
        driverOptions: { recording: { a: 1 }, amqp: { durable: true } },
      },
    ]);
    const plain = registry.get("app:plain")!;
    await registry.apply([{ kind: "entry.update", entry: { ...plain, data: { driver: "second" } } }]);
    assert.deepEqual([asked.length, removed], [3, ["app:plain"]], "the old driver lets go of it");
    await registry.apply([{ kind: "entry.delete", id: "app:full" }]);
    assert.deepEqual(removed, ["app:plain", "app:full"]);
  }, { ...SIMULATED, kinds: [recordingKind(asked, removed)] });
});

test("a queue needs a driver that is there and a codec that is known [kind.queue.queue.driver] [kind.queue.queue.codec] [kind.queue.limits]", () =>
  withApplication(PROJECT, async (app) => {
    const refused = async (data: ValueMap, kind: string, message: RegExp): Promise<void> => {
      const failure = await refusalOf(app, "app:bad", "queue.queue", data);
      assert.equal(failure.kind, kind, JSON.stringify(data));
      assert.match(failure.message, message);
    };
    await refused({}, "Invalid", /driver/);
    await refused({ driver: "app:none" }, "NotFound", /there is no queue driver app:none/);
    await refused({ driver: "app:handler" }, "NotFound", /there is no queue driver app:handler/);
    await refused({ driver: "app:driver", codec: "xml" }, "Invalid", /unknown payload codec: xml/);
    await refused(
      { driver: "app:driver", driver_options: { memory: { max_length: -1 } } },
      "Invalid",
      /driver_options\.memory\.max_length/,
    );
    await refused(
      { driver: "app:driver", driver_options: { memory: 5 } },
      "Invalid",
      /driver_options\.memory/,
    );
  }, SIMULATED));

test("options of other drivers are ignored [kind.queue.queue.options]", () =>
  withApplication(
    PROJECT.replace(
      "driver: driver",
      `driver: driver\n    driver_options: { amqp: { max_length: "nonsense" }, sqs: 7 }`,
    ),
    async (app) => {
      await publish(app, ["a", "b"]);
      assert.equal((await queueOf(app).info())["message_count"], 2);
    },
    SIMULATED,
  ));

test("a queue in memory holds as many messages as it says, by default 1000; then publishers wait [kind.queue.queue.memory-max] [queue.publish.full]", async () => {
  for (const [options, limit] of [["", 1000], ["max_length: 0", 1000], ["max_length: 3", 3]] as const) {
    const project = PROJECT.replace(
      "driver: driver",
      `driver: driver\n    driver_options: { memory: { ${options} } }`,
    );
    await withApplication(project, async (app) => {
      const bodies = Array.from({ length: limit + 2 }, (_, i) => `m${i}`);
      let isDone = false;
      const publishing = publish(app, bodies).then(() => isDone = true);
      await app.world!.clock.settle();
      assert.deepEqual([isDone, (await queueOf(app).info())["message_count"]], [false, limit], options);
      const taken: string[] = [];
      const consumption = await queueOf(app).consume(10_000, (delivery) => {
        taken.push(String(delivery.message.body));
        delivery.ack();
      });
      await publishing;
      assert.deepEqual(taken, bodies, "in order, none lost");
      await consumption.close();
    }, SIMULATED);
  }
});

test("a publisher that ends while it waits leaves no message behind [queue.publish.full]", () =>
  withApplication(
    PROJECT.replace("driver: driver", "driver: driver\n    driver_options: { memory: { max_length: 1 } }"),
    async (app) => {
      await publish(app, ["first"]);
      const abort = new AbortController();
      const ended = app.application.runtime.call("app:publish", [["never"]], { signal: abort.signal });
      await app.world!.clock.settle();
      abort.abort();
      assert.equal((await ended).ok, false);
      await app.world!.clock.settle();
      const taken: Value[] = [];
      await queueOf(app).consume(10, ({ message }) => void taken.push(message.body));
      assert.deepEqual(taken, ["first"]);
    },
    SIMULATED,
  ));

test("a change of the limit takes effect and keeps the messages [kind.queue.queue.memory-max]", () =>
  withApplication(PROJECT, async (app) => {
    await publish(app, ["a", "b"]);
    const { registry } = app.application;
    const queue = registry.get("app:queue")!;
    const data = { ...queue.data as ValueMap, driver_options: { memory: { max_length: 3 } } };
    await registry.apply([{ kind: "entry.update", entry: { ...queue, data } }]);
    const publishing = publish(app, ["c", "d"]);
    await app.world!.clock.settle();
    assert.equal((await queueOf(app).info())["message_count"], 3);
    await queueOf(app).consume(10, (delivery) => void delivery.ack());
    await publishing;
  }, SIMULATED));
