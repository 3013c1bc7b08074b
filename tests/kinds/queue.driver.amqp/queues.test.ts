/** Queues and consumers of a RabbitMQ: what they are declared with, how they are limited, shared and stopped. */
// services: rabbitmq
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { failureOf, refusalOf } from "../../lua_entries.ts";
import { missing } from "../../services.ts";
import {
  amqpConsumer,
  amqpProject,
  asClient,
  BROKER,
  control,
  eventually,
  freshName,
  logged,
} from "../amqp_broker.ts";

const skip = missing("rabbitmq");

async function queueFacts(name: string): Promise<Record<string, unknown> | undefined> {
  const all = await control("list_queues", "name", "durable", "auto_delete", "arguments", "messages");
  return all.find((queue) => queue["name"] === name);
}

async function consumersOf(name: string): Promise<Record<string, unknown>[]> {
  return (await control("list_consumers")).filter((consumer) => consumer["queue_name"] === name);
}

/** Arguments of a queue as the broker prints them, by name. */
function argumentsOf(facts: Record<string, unknown> | undefined): Record<string, unknown> {
  const printed = facts!["arguments"] as [string, string, unknown][] | Record<string, unknown>;
  return Array.isArray(printed) ? Object.fromEntries(printed.map(([key, , value]) => [key, value])) : printed;
}

async function apply(app: TestApplication, name: string, kind: string, data: ValueMap): Promise<void> {
  const entry = { id: `app:${name}`, kind, meta: {}, data };
  const has = app.application.registry.get(entry.id) !== undefined;
  await app.application.registry.apply([{ kind: has ? "entry.update" : "entry.create", entry }]);
}

test(
  "a queue is declared as its options and the driver's defaults say, and stays when its entry goes [kind.queue.queue.amqp] [kind.queue.driver.amqp.defaults] [kind.queue.queue.name]",
  { skip },
  async () => {
    const name = freshName();
    const driver = `url: ${BROKER}\ndefault_message_ttl: 1h\ndefault_queue_ttl: 2h`;
    await withApplication(amqpProject({ name, driver }), async (app) => {
      const declare = async (amqp: ValueMap): Promise<Record<string, unknown>> => {
        const own = freshName();
        await apply(app, "other", "queue.queue", {
          driver: "driver",
          queue_name: own,
          driver_options: { amqp },
        });
        const facts = await queueFacts(own);
        return { ...facts, name: "", messages: 0, arguments: argumentsOf(facts) };
      };
      const plain = await queueFacts(name);
      assert.deepEqual([plain!["durable"], plain!["auto_delete"]], [true, false]);
      assert.deepEqual(argumentsOf(plain), { "x-message-ttl": 3_600_000, "x-expires": 7_200_000 });
      assert.deepEqual(
        await declare({
          durable: false,
          auto_delete: true,
          message_ttl: "5s",
          queue_expiry: "10m",
          max_length: 7,
        }),
        {
          name: "",
          messages: 0,
          durable: false,
          auto_delete: true,
          arguments: { "x-message-ttl": 5000, "x-expires": 600_000, "x-max-length": 7 },
        },
      );
      await apply(app, "driver", "queue.driver.amqp", {
        url: BROKER,
        default_message_ttl: "1h",
        default_queue_ttl: "2h",
        default_queue_expiry: "3h",
      });
      const renewed = await declare({ message_ttl: "0s" });
      assert.deepEqual(renewed["arguments"], { "x-message-ttl": 0, "x-expires": 10_800_000 });
      await app.application.registry.apply([{ kind: "entry.delete", id: "app:queue" }]);
      assert.equal(await failureOf(app.call("app:info")).then(({ kind }) => kind), "Internal");
    });
    assert.notEqual(await queueFacts(name), undefined, "messages of a broker outlive entries");
  },
);

test(
  "options that make no sense are refused and named, also for consumers [kind.queue.queue.amqp] [kind.queue.consumer.amqp]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName() }), async (app) => {
      for (
        const [amqp, message] of [
          ["durable", /^app:bad: driver_options\.amqp: expected a map/],
          [{ durable: "perhaps" }, /^app:bad: driver_options\.amqp\.durable: expected true or false/],
          [
            { message_ttl: "-1s" },
            /^app:bad: driver_options\.amqp\.message_ttl: expected a duration between/,
          ],
          [
            { queue_expiry: "0s" },
            /^app:bad: driver_options\.amqp\.queue_expiry: expected a duration between/,
          ],
          [{ max_length: -1 }, /^app:bad: driver_options\.amqp\.max_length: expected/],
        ] as const
      ) {
        const failure = await refusalOf(app, "app:bad", "queue.queue", {
          driver: "app:driver",
          driver_options: { amqp },
        });
        assert.equal(failure.kind, "Invalid");
        assert.match(failure.message, message);
      }
      await apply(app, "loud", "queue.consumer", {
        queue: "app:queue",
        func: "app:handler",
        driver_options: { amqp: { exclusive: "perhaps" } },
      });
      await assert.rejects(app.application.supervisor.start("app:loud"), {
        kind: "Invalid",
        message: /driver_options\.amqp\.exclusive: expected true or false/,
      });
    }),
);

test(
  "a queue that exists in another form is refused where the entry says how it is to be [kind.queue.queue.amqp]",
  { skip },
  async () => {
    const name = freshName();
    await withApplication(amqpProject({ name }), async (app) => {
      await app.call("app:publish", "kept");
      const more = { driver: "app:driver", queue_name: name };
      const failure = await refusalOf(app, "app:copy", "queue.queue", {
        ...more,
        driver_options: { amqp: { max_length: 5 } },
      });
      assert.equal(failure.kind, "Conflict");
      assert.match(failure.message, /exists at the broker in another form; delete it there.*x-max-length/);
      await assert.rejects(
        apply(app, "queue", "queue.queue", { ...more, driver_options: { amqp: { durable: false } } }),
        { kind: "Conflict", message: /another form/ },
      );
      assert.equal(await app.call("app:publish", "more"), true, "the old declaration stays in force");
      assert.equal((await app.call("app:info") as ValueMap)["message_count"], 2);
      const other = freshName();
      await apply(app, "queue", "queue.queue", { driver: "app:driver", queue_name: other });
      assert.deepEqual(await app.call("app:info"), { message_count: 0, consumer_count: 0, ready: true });
    });
  },
);

test(
  "a queue that was deleted meanwhile is declared again by the next message, and its consumer goes on [kind.queue.queue.amqp]",
  { skip },
  () => {
    const name = freshName();
    return withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
      const remove = () =>
        asClient(async (model) => void await (await model.createChannel()).deleteQueue(name));
      await remove();
      assert.equal(await app.call("app:publish", "after"), true);
      await app.until(() => logged(app).length === 1, "the message");
      await app.application.supervisor.stop("app:consumer");
      await remove();
      assert.equal(await app.call("app:publish", "later"), true);
      assert.equal((await app.call("app:info") as ValueMap)["message_count"], 1);
    });
  },
);

test(
  "consumers of the changed queue follow to its new name [kind.queue.queue.name]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName(), more: amqpConsumer() }), async (app) => {
      await apply(app, "queue", "queue.queue", { driver: "app:driver", queue_name: freshName() });
      await app.call("app:publish", "there");
      await app.until(() => logged(app).length === 1, "the message");
    }),
);

test(
  "prefetch is the consumer's, bounded by the driver's [kind.queue.driver.amqp.limits] [kind.queue.consumer.concurrency]",
  { skip },
  async () => {
    const name = freshName();
    const driver = `url: ${BROKER}\nprefetch_count: 3`;
    const more = amqpConsumer("many", "prefetch: 20") + amqpConsumer("few", "prefetch: 2");
    await withApplication(amqpProject({ name, driver, more }), async (app) => {
      assert.deepEqual((await consumersOf(name)).map((each) => each["prefetch_count"]).sort(), [2, 3]);
      for (let i = 0; i < 8; i++) await app.call("app:publish", { wait: "1h", i });
      await app.until(
        async () => (await app.call("app:info") as ValueMap)["message_count"] === 3,
        "all but 5 to stay",
      );
    });
    assert.equal((await queueFacts(name))!["messages"], 8, "nothing that was not settled is lost");
  },
);

test("consumers are told apart, exclusive or not, and may start without waiting [kind.queue.consumer.amqp]", {
  skip,
}, () => {
  const name = freshName();
  const fields = "driver_options: { amqp: { consumer_tag: worker-1, exclusive: true } }";
  return withApplication(amqpProject({ name, more: amqpConsumer("one", fields) }), async (app) => {
    const [consumer] = await consumersOf(name);
    assert.deepEqual([consumer!["consumer_tag"], consumer!["ack_required"]], ["worker-1", true]);
    const { supervisor } = app.application;
    await apply(app, "two", "queue.consumer", { queue: "app:queue", func: "app:handler" });
    await assert.rejects(supervisor.start("app:two"), {
      kind: "Conflict",
      retryable: true,
      message: /exclusive/,
    });
    await supervisor.stop("app:two");
    await apply(app, "eager", "queue.consumer", {
      queue: "app:queue",
      func: "app:handler",
      driver_options: { amqp: { no_wait: true, consumer_tag: "eager" } },
    });
    await supervisor.start("app:eager");
    await app.until(
      () => app.logs.some(({ fields }) => /exclusive/.test(String(fields["error"]))),
      "the refusal",
    );
    await supervisor.stop("app:one");
    await eventually(async () => (await consumersOf(name))[0]?.["consumer_tag"] === "eager", "the eager one");
    await app.call("app:publish", "go");
    await app.until(() => logged(app).length === 1, "the message");
  });
});

test("no_local consumes on the connection that publishes [kind.queue.consumer.amqp]", { skip }, async () => {
  for (const [fields, count] of [["driver_options: { amqp: { no_local: true } }", 1], ["", 2]] as const) {
    const name = freshName();
    const driver = `url: ${BROKER}\nconnection_name: ${name}`;
    await withApplication(amqpProject({ name, driver, more: amqpConsumer("one", fields) }), async () => {
      const all = await control("list_connections", "client_properties");
      const own = all.filter((connection) => JSON.stringify(connection).includes(name));
      assert.equal(own.length, count);
    });
  }
});

test(
  "with auto_ack the broker settles on delivery: what is refused does not come again, and no flood is taken in [kind.queue.consumer.auto-ack]",
  { skip },
  () => {
    const name = freshName();
    const fields = "auto_ack: true\nprefetch: 2";
    return withApplication(amqpProject({ name, more: amqpConsumer("one", fields) }), async (app) => {
      assert.equal((await consumersOf(name))[0]!["ack_required"], false);
      await app.call("app:publish", { refuse: 1 });
      await app.call("app:publish", "fine");
      await app.until(() => logged(app, "finished").length === 1, "the second message");
      assert.equal(logged(app).length, 2);
      await app.call("app:publish", { wait: "1h" });
      const count = 40;
      for (let i = 0; i < count; i++) await app.call("app:publish", "waits");
      await app.until(
        async () => (await app.call("app:info") as ValueMap)["consumer_count"] === 0,
        "it to be held back",
      );
      assert.ok(Number((await app.call("app:info") as ValueMap)["message_count"]) > count / 2);
    });
  },
);

test("with auto_ack a consumer that was held back goes on once it has room [kind.queue.consumer.auto-ack]", {
  skip,
}, () => {
  const fields = "auto_ack: true\nprefetch: 1";
  return withApplication(
    amqpProject({ name: freshName(), more: amqpConsumer("one", fields) }),
    async (app) => {
      for (let i = 0; i < 20; i++) await app.call("app:publish", { wait: "2ms" });
      await app.until(() => logged(app, "finished").length === 20, "all of them");
    },
  );
});

test("stopping a consumer gives back what it had not finished [queue.stop]", { skip }, () => {
  const name = freshName();
  return withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
    const { supervisor } = app.application;
    for (const body of [{ wait: "1h" }, "b", "c"]) await app.call("app:publish", body);
    await app.until(() => logged(app).length === 1, "the first");
    await supervisor.stop("app:consumer");
    assert.deepEqual(await app.call("app:info"), { message_count: 3, consumer_count: 0, ready: true });
    await app.call("app:publish", "d");
    assert.equal(logged(app).length, 1);
  });
});

test("several consumers share a queue, several queues a driver: each message goes to one [kind.queue.fan]", {
  skip,
}, () => {
  const second = `  - { name: second, kind: queue.queue, driver: driver, queue_name: ${freshName()} }\n`;
  const more = amqpConsumer("one", "prefetch: 1") + amqpConsumer("two", "prefetch: 1") + second;
  return withApplication(amqpProject({ name: freshName(), more }), async (app) => {
    for (let i = 0; i < 20; i++) await app.call("app:publish", i);
    await app.call("app:publish", "elsewhere", null, "app:second");
    await app.until(() => logged(app, "finished").length === 20, "all of them");
    const bodies = logged(app).map(({ body }) => Number(body)).sort((a, b) => a - b);
    assert.deepEqual(bodies, Array.from({ length: 20 }, (_, i) => i));
  });
});
