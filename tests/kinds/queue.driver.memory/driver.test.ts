/** `queue.driver.memory`: queues inside the runtime. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { handled, PROJECT, publish, queueOf } from "../queue_project.ts";

const SIMULATED = { simulated: true };

/** One worker takes messages; a message may ask to be refused some times. */
const CONSUMER = `
  - name: consumer
    kind: queue.consumer
    queue: queue
    func: handler
    lifecycle: { auto_start: true }
`;

test("what is refused goes to the tail and comes again at once [kind.queue.driver.memory] [queue.nack.memory]", () =>
  withApplication(PROJECT + CONSUMER, async (app) => {
    await publish(app, ["a!", "b", "c"]);
    await app.until(() => handled(app).length === 4, "four handlings");
    assert.deepEqual(handled(app), ["a!", "b", "c", "a!"]);
    assert.equal((await queueOf(app).info())["message_count"], 0);
  }));

test("what a full queue gets back is lost, and that is logged [queue.nack.memory]", () =>
  withApplication(
    PROJECT.replace("driver: driver", "driver: driver\n    driver_options: { memory: { max_length: 1 } }"),
    async (app) => {
      const queue = queueOf(app);
      const delivered: { nack(): unknown }[] = [];
      const consumption = await queue.consume(1, (delivery) => void delivered.push(delivery));
      await publish(app, ["first", "second"]);
      assert.equal(delivered.length, 1);
      assert.throws(() => delivered[0]!.nack(), { kind: "LimitExceeded", message: /queue is full/ });
      assert.equal(delivered.length, 2, "the next one comes");
      await consumption.close();
    },
    SIMULATED,
  ));

test("several queues share a driver, each with its own messages [kind.queue.fan] [kind.queue.driver.memory]", () =>
  withApplication(`${PROJECT}  - { name: other, kind: queue.queue, driver: driver }\n`, async (app) => {
    await publish(app, ["one", "two"]);
    await publish(app, ["three"], "app:other");
    assert.equal((await queueOf(app).info())["message_count"], 2);
    assert.equal((await queueOf(app, "app:other").info())["message_count"], 1);
  }, SIMULATED));

test("nothing survives the driver: its queues are closed and refuse publishers that waited [kind.queue.driver.memory]", () =>
  withApplication(
    PROJECT.replace("driver: driver", "driver: driver\n    driver_options: { memory: { max_length: 1 } }"),
    async (app) => {
      await publish(app, ["kept"]);
      const waiting = app.call("app:publish", ["waits"]);
      await app.world!.clock.settle();
      const { registry } = app.application;
      const queue = registry.get("app:queue")!;
      const driver = registry.get("app:driver")!;
      await registry.apply([{ kind: "entry.delete", id: "app:queue" }, {
        kind: "entry.delete",
        id: "app:driver",
      }]);
      await assert.rejects(waiting, /Internal: publishing failed: queue is closed: app:queue/);
      await registry.apply([{ kind: "entry.create", entry: driver }, { kind: "entry.create", entry: queue }]);
      assert.equal((await queueOf(app).info())["message_count"], 0);
    },
    SIMULATED,
  ));

test("a change of the driver's entry keeps the messages [kind.queue.driver.memory]", () =>
  withApplication(PROJECT, async (app) => {
    await publish(app, ["kept"]);
    const { registry } = app.application;
    const driver = registry.get("app:driver")!;
    await registry.apply([{ kind: "entry.update", entry: { ...driver, meta: { note: "x" } } }]);
    assert.equal((await queueOf(app).info())["message_count"], 1);
  }, SIMULATED));
