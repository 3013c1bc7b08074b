/** `queue.driver.amqp`: messages to a RabbitMQ and back, as handlers and other clients of the broker see them. */
// services: rabbitmq
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import type { GetMessage } from "amqplib";
import { withApplication } from "../../application.ts";
import { missing } from "../../services.ts";
import { amqpConsumer, amqpProject, asClient, freshName, logged } from "../amqp_broker.ts";

const skip = missing("rabbitmq");
const DEAD = `  - { name: dead, kind: queue.queue, driver: driver, queue_name: ${freshName()} }\n`;

/** Takes one message as another client. */
function take(queue: string): Promise<GetMessage> {
  return asClient(async (model) => {
    const channel = await model.createChannel();
    const message = await channel.get(queue, { noAck: true });
    assert.ok(message !== false, "the queue is empty");
    return message;
  });
}

/** Publishes as another client. */
function give(queue: string, content: string | Uint8Array, options = {}): Promise<void> {
  return asClient(async (model) => {
    const channel = await model.createConfirmChannel();
    channel.sendToQueue(queue, Buffer.from(content as string), options);
    await channel.waitForConfirms();
  });
}

test(
  "bodies, ids and headers reach the handler [queue.handler.body] [queue.headers]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName(), more: amqpConsumer() }), async (app) => {
      const bodies = [{ user: 17, tags: ["a", "b"], share: 0.5 }, "text", 42, true, "Zoë"];
      for (const body of bodies) {
        assert.equal(await app.call("app:publish", body, { priority: "high" }), true);
      }
      await app.until(() => logged(app, "finished").length === bodies.length, "all to be handled");
      assert.deepEqual(logged(app).map(({ body }) => body), bodies);
      const [first] = logged(app);
      assert.match(String(first!["id"]), /^[0-9a-f-]{36}$/);
      const { timestamp, ...headers } = first!["headers"] as Record<string, unknown>;
      assert.deepEqual(headers, { priority: "high" });
      assert.ok(Number.isInteger(timestamp));
      await app.until(
        async () => (await app.call("app:info") as { message_count: number }).message_count === 0,
        "an empty queue",
      );
    }),
);

test(
  "the content type is that of the codec, and messages are marked as persistent [queue.amqp.content-type] [kind.queue.queue.codec]",
  { skip },
  async () => {
    for (
      const [codec, type, first] of [["", "application/json", "{"], [
        "codec: application/msgpack",
        "application/msgpack",
        "\x82",
      ]] as const
    ) {
      const name = freshName();
      await withApplication(amqpProject({ name, queue: codec }), async (app) => {
        await app.call("app:publish", { a: 1, b: "x" }, {
          correlation_id: "c1",
          count: 3,
          share: 0.5,
          ok: true,
        });
        const { content, properties } = await take(name);
        assert.equal(properties.contentType, type);
        assert.equal(content.toString("latin1")[0], first);
        assert.equal(properties.deliveryMode, 2);
        assert.equal(properties.correlationId, "c1");
        assert.match(properties.messageId, /^[0-9a-f-]{36}$/);
        const { timestamp, ...headers } = properties.headers!;
        assert.deepEqual(headers, { correlation_id: "c1", count: 3, share: 0.5, ok: true });
        assert.equal(properties.timestamp, timestamp);
      });
    }
  },
);

test(
  "messages of other producers are read by their type; what only they have becomes headers [queue.handler.body] [queue.headers]",
  { skip },
  () => {
    const name = freshName();
    return withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
      await give(name, '{"a":[1,2]}');
      await give(name, '{"b":1}', {
        contentType: "application/json; charset=utf-8",
        correlationId: "c7",
        appId: "shop",
        timestamp: 1234,
        headers: { nested: { a: 1 }, list: [1], when: { "!": "timestamp", value: 99 }, n: 5 },
      });
      await give(name, "just text", { contentType: "text/plain" });
      await give(name, Buffer.from([0x81, 0xa1, 0x61, 0x01]), { contentType: "application/msgpack" });
      await app.until(() => logged(app, "finished").length === 4, "all to be handled");
      assert.deepEqual(logged(app).map(({ body }) => body), [{ a: [1, 2] }, { b: 1 }, "just text", { a: 1 }]);
      assert.deepEqual(logged(app)[1]!["headers"], {
        when: 99,
        n: 5,
        correlation_id: "c7",
        app_id: "shop",
        content_type: "application/json; charset=utf-8",
        timestamp: 1234,
      });
      assert.match(String(logged(app)[0]!["id"]), /^[0-9a-f]{32}$/, "one that has no id gets one");
    });
  },
);

test(
  "what a handler refuses comes again and says how often it came; what it takes is gone [queue.handler.result] [kind.queue.queue.dlq]",
  { skip },
  () => {
    const name = freshName();
    const queue = "dead_letter: { queue: dead, max_attempts: 2 }";
    return withApplication(amqpProject({ name, queue, more: amqpConsumer() + DEAD }), async (app) => {
      await app.call("app:publish", { refuse: 3 });
      await app.until(() => logged(app, "finished").length === 1, "the fourth delivery");
      const seen = logged(app).map(({ headers }) => (headers as Record<string, unknown>)["x_delivery_count"]);
      assert.deepEqual(seen, [undefined, 1, 2, 3]);
      assert.equal(new Set(logged(app).map(({ id }) => id)).size, 1, "it is the same message");
      await app.until(
        async () => (await app.call("app:info") as { message_count: number }).message_count === 0,
        "an empty queue",
      );
    });
  },
);

test(
  "a message that can't be read is rejected once, where the broker sends dead letters",
  { skip },
  async () => {
    const name = freshName();
    await asClient(async (model) => {
      const channel = await model.createChannel();
      await channel.assertQueue(`${name}.dead`);
      await channel.assertQueue(name, { deadLetterExchange: "", deadLetterRoutingKey: `${name}.dead` });
    });
    await withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
      assert.ok(
        app.logs.some(({ message }) => /used as it is/.test(message)),
        "the queue of somebody else is used",
      );
      await give(name, "{broken", { contentType: "application/json", messageId: "m1" });
      await app.call("app:publish", "fine");
      await app.until(() => logged(app, "finished").length === 1, "the other message");
      assert.deepEqual(logged(app).map(({ body }) => body), ["fine"]);
      const [refused] = logged(app, "a message that can't be read was rejected");
      assert.match(String(refused!["error"]), /no JSON/);
      assert.equal(refused!["message"], "m1");
    });
    assert.equal((await take(`${name}.dead`)).content.toString(), "{broken");
  },
);

test(
  "what can't be sent is refused, and the next message is not [queue.publish]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName() }), async (app) => {
      const long = "x".repeat(70_000);
      assert.match(
        String(await app.call("app:publish", "a", { long })),
        /^Internal\/false: .*headers can't be sent/,
      );
      assert.match(
        String(await app.call("app:publish", Uint8Array.of(255))),
        /^Internal\/false: .*no UTF-8 text/,
      );
      assert.equal(await app.call("app:publish", "b", { ["k".repeat(255)]: 1e300, n: -1 / 3 }), true);
      assert.deepEqual(await app.call("app:info"), { message_count: 1, consumer_count: 0, ready: true });
    }),
);

test(
  "where the broker itself counts deliveries, its count is told, whoever consumed before [queue.headers]",
  {
    skip,
  },
  async () => {
    const name = freshName();
    await asClient(async (model) => {
      const channel = await model.createChannel();
      await channel.assertQueue(name, { arguments: { "x-queue-type": "quorum" } });
      channel.sendToQueue(name, Buffer.from('{"refuse":4}'), { messageId: "m1", persistent: true });
      // Twice somebody else's.
      for (let turn = 0; turn < 2; turn++) {
        let message: GetMessage | false = false;
        while (message === false) message = await channel.get(name);
        channel.nack(message, false, true);
      }
      await channel.close();
    });
    await withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
      await app.until(() => logged(app, "finished").length === 1, "the message");
      const seen = logged(app).map(({ headers }) => (headers as Record<string, unknown>)["x_delivery_count"]);
      assert.deepEqual(seen, [2, 3, 4]);
    });
  },
);
