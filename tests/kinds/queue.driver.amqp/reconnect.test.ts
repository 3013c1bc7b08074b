/** `queue.driver.amqp`: what happens when the broker goes away, and once it is back. */
// services: rabbitmq
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { missing } from "../../services.ts";
import {
  amqpConsumer,
  amqpProject,
  asClient,
  BROKER,
  control,
  crashBroker,
  eventually,
  freshName,
  logged,
  untilBroker,
} from "../amqp_broker.ts";

const skip = missing("rabbitmq");
const TROUBLE = "no connection to the broker; trying again";

/** A way to the broker that a test can cut. */
async function cuttable(): Promise<
  { url: string; cut(): void; freeze(): void; close(): void; mend(): Promise<void> }
> {
  const { connect } = await import("node:net");
  const sockets = new Set<Socket>();
  const broker = new URL(BROKER);
  const join = (socket: Socket): void => {
    const other = connect(Number(broker.port), broker.hostname);
    for (const end of [socket, other]) {
      sockets.add(end);
      end.on("error", () => undefined);
      end.on("close", () => sockets.delete(end));
    }
    socket.pipe(other).pipe(socket);
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer(join);
      server.listen(port, "127.0.0.1", () => resolve(server));
    });
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}/`,
    cut,
    // Those that are open stay so, in silence.
    freeze() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    close() {
      server.close();
      cut();
    },
    async mend() {
      server = await listen(port);
    },
  };
}

function details(app: TestApplication): string {
  return app.application.supervisor.state("app:driver")!.details;
}

test(
  "after a crash of the broker queues and consumers are there again, and nothing that was acknowledged is lost [kind.queue.driver.amqp.reconnect] [kind.queue.queue.amqp]",
  { skip },
  () => {
    const names = { durable: freshName(), passing: freshName() };
    const passing = `  - name: passing
    kind: queue.queue
    driver: driver
    queue_name: ${names.passing}
    driver_options: { amqp: { durable: false } }
  - name: steady
    kind: queue.consumer
    queue: passing
    func: handler
    lifecycle: { auto_start: true }
`;
    return withApplication(
      amqpProject({ name: names.durable, more: amqpConsumer() + passing }),
      async (app) => {
        const { supervisor } = app.application;
        await app.call("app:publish", "before");
        await app.until(() => logged(app, "finished").length === 1, "the first message");
        await supervisor.stop("app:consumer");
        for (let i = 0; i < 10; i++) assert.equal(await app.call("app:publish", i), true);
        await supervisor.start("app:consumer");
        await supervisor.stop("app:consumer");

        await crashBroker();
        try {
          // Consuming and publishing have a connection each, and either may be the first to see it.
          await eventually(() => /lost|not reachable/.test(details(app)), "the loss to be seen");
          assert.match(
            String(await app.call("app:publish", "in vain")),
            /^Internal\/true: publishing failed: (connection to broker amqp:.* was lost|broker amqp:.* is not reachable|the connection was lost before)/,
          );
          await eventually(
            async () => (await app.call("app:info") as ValueMap)["ready"] === false,
            "both to be lost",
          );
        } finally {
          await untilBroker();
        }
        await eventually(() => details(app).startsWith("connected to"), "the connection");
        await eventually(
          () =>
            asClient(async (model) => {
              const channel = await model.createChannel();
              channel.on("error", () => undefined);
              return await channel.checkQueue(names.passing).then(
                ({ consumerCount }) => consumerCount === 1,
                () => false,
              );
            }),
          "the queue that does not survive a restart, and its consumer",
        );
        const steady = "to the consumer that was there";
        assert.equal(await app.call("app:publish", steady, null, "app:passing"), true);
        await app.until(() => logged(app, "finished").some(({ body }) => body === steady), "its message");
        await supervisor.start("app:consumer");
        assert.equal(await app.call("app:publish", "after"), true);
        await app.until(
          () => logged(app, "finished").some(({ body }) => body === "after"),
          "the message after",
        );
        const finished = (): unknown[] => logged(app, "finished").map(({ body }) => body);
        const missing = (): number[] => [...Array(10).keys()].filter((i) => !finished().includes(i));
        // What goes back to a queue may come after what was published later.
        await app.until(() => missing().length === 0, "the messages from before the crash").catch(() => {
          const seen = app.logs.map(({ message, fields }) => [message, fields["body"], fields["error"]]);
          assert.fail(`messages ${missing().join()} were lost: ${JSON.stringify(seen)}`);
        });
        assert.ok(!finished().includes("in vain"));
        assert.ok(app.logs.some(({ message }) => message === "broker is connected again"));
      },
    );
  },
);

test(
  "a consumer goes on by itself; a handler that was cut off can't settle, and its message comes again [kind.queue.driver.amqp.reconnect] [kind.queue.consumer.amqp]",
  { skip },
  async () => {
    const way = await cuttable();
    const name = freshName();
    await withApplication(
      amqpProject({ name, driver: `url: ${way.url}`, more: amqpConsumer() }),
      async (app) => {
        await app.call("app:publish", { wait: "300ms" });
        await app.call("app:publish", "waits in the buffer");
        await app.until(() => logged(app).length === 1, "the first to be handled");
        way.cut();
        await app.until(() => logged(app, TROUBLE).length > 0, "the loss");
        await app.until(() => logged(app, "finished").length === 3, "everything to be handled");
        assert.deepEqual(logged(app).map(({ body }) => body), [
          { wait: "300ms" },
          { wait: "300ms" },
          "waits in the buffer",
        ], "what only waited is not handled twice");
        const counts = logged(app).map(({ headers }) => (headers as ValueMap)["x_delivery_count"]);
        assert.deepEqual(counts.slice(0, 2), [undefined, 1]);
        assert.match(
          String(logged(app, "message could not be acknowledged")[0]?.["error"]),
          /connection to the broker was lost: the message will be delivered again/,
        );
        await app.until(
          async () => (await app.call("app:info") as ValueMap)["message_count"] === 0,
          "an empty queue",
        );
      },
    );
    way.close();
  },
);

test(
  "attempts to connect again are further and further apart, up to a bound [kind.queue.driver.amqp.reconnect]",
  { skip },
  async () => {
    const way = await cuttable();
    await withApplication(amqpProject({ name: freshName(), driver: `url: ${way.url}` }), async (app) => {
      way.close();
      await app.until(() => logged(app, TROUBLE).length >= 6, "six attempts");
      const delays = logged(app, TROUBLE).map(({ delay_ms }) => Number(delay_ms)).slice(0, 6);
      for (const [i, full] of [20, 40, 80, 160, 200, 200].entries()) {
        assert.ok(
          delays[i]! <= full && delays[i]! >= full * 0.8,
          `delay ${i + 1} of about ${full}: ${delays[i]}`,
        );
      }
      await way.mend();
      await app.until(() => details(app).startsWith("connected"), "the connection");
      assert.equal(await app.call("app:publish", "there"), true);
      way.cut();
      await app.until(() => logged(app, TROUBLE).length > delays.length, "the next loss");
    });
    way.close();
  },
);

test(
  "a driver follows its entry to another broker, with its queues and consumers [kind.queue.driver.amqp.reconnect]",
  { skip },
  () => {
    const name = freshName();
    return withApplication(amqpProject({ name, more: amqpConsumer() }), async (app) => {
      const { registry } = app.application;
      const driver = registry.get("app:driver")!;
      await registry.apply([{
        kind: "entry.update",
        entry: { ...driver, data: { ...driver.data as ValueMap, vhost: "other/place" } },
      }]);
      assert.equal(await app.call("app:publish", "there"), true);
      await app.until(() => logged(app).length === 1, "the message");
      assert.match(details(app), /^connected to .*other%2Fplace$/);
    });
  },
);

test(
  "a stopped driver refuses until it is started again [kind.queue.driver.amqp.conn]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName() }), async (app) => {
      const { supervisor } = app.application;
      await supervisor.stop("app:driver");
      assert.match(String(await app.call("app:publish", "a")), /^Internal\/true: .*driver is stopped/);
      await supervisor.start("app:driver");
      assert.equal(await app.call("app:publish", "b"), true);
    }),
);

test(
  "a driver without a broker connects when its service is started anew [kind.queue.driver.amqp.reconnect]",
  { skip },
  async () => {
    const way = await cuttable();
    way.close();
    const optional = amqpProject({ name: freshName(), driver: `url: ${way.url}` }).replaceAll(
      "auto_start: true }",
      "auto_start: true, startup: optional, restart: { initial_delay: 20ms, max_delay: 100ms } }",
    );
    await withApplication(optional, async (app) => {
      assert.match(String(await app.call("app:publish", "early")), /^Internal\/true: .*not reachable/);
      await way.mend();
      await app.until(async () => await app.call("app:publish", "late") === true, "the broker");
      way.cut();
    });
    way.close();
  },
);

test(
  "while the broker is short of memory publishers wait, and consumers settle [kind.queue.driver.amqp.conn]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName(), more: amqpConsumer() }), async (app) => {
      const { supervisor } = app.application;
      await supervisor.stop("app:consumer");
      for (let i = 0; i < 3; i++) await app.call("app:publish", i);
      await control("set_vm_memory_high_watermark", "0.00001");
      let published = false;
      const waiting = app.call("app:publish", "later").finally(() => published = true);
      try {
        await app.until(() => logged(app, "broker takes no messages for now").length > 0, "the alarm");
        await supervisor.start("app:consumer");
        await app.until(() => logged(app, "finished").length === 3, "what is there already");
        await app.until(async () => {
          const info = await app.call("app:info") as ValueMap;
          return info["message_count"] === 0;
        }, "the queue to be empty");
        assert.equal(published, false);
      } finally {
        await control("set_vm_memory_high_watermark", "0.4");
      }
      assert.equal(await waiting, true);
      await app.until(() => logged(app, "finished").length === 4, "what was held up");
    }),
);

test(
  "a broker that falls silent is left; a message that it did not confirm failed, and may be sent again [kind.queue.driver.amqp.conn]",
  { skip },
  async () => {
    const way = await cuttable();
    const driver = `url: ${way.url}\nheartbeat: 1s`;
    await withApplication(amqpProject({ name: freshName(), driver, more: amqpConsumer() }), async (app) => {
      assert.equal(await app.call("app:publish", "first"), true);
      way.freeze();
      assert.match(
        String(await app.call("app:publish", "unheard")),
        /^Internal\/true: .*the connection was lost before the broker confirmed the message/,
      );
      await app.until(async () => await app.call("app:publish", "heard") === true, "another connection");
      await app.until(() => logged(app).some(({ body }) => body === "heard"), "the consumer to be back");
      assert.ok(logged(app, TROUBLE).some(({ error }) => /Heartbeat timeout/.test(String(error))));
    });
    way.close();
  },
);

test(
  "connections that the broker closes are made again [kind.queue.driver.amqp.reconnect]",
  { skip },
  () =>
    withApplication(amqpProject({ name: freshName(), more: amqpConsumer() }), async (app) => {
      await control("close_all_connections", "tests say so");
      await app.until(async () => await app.call("app:publish", "again") === true, "a connection");
      await app.until(() => logged(app).length === 1, "the consumer to be back");
      assert.ok(logged(app, TROUBLE).some(({ error }) => /was lost: .*tests say so/.test(String(error))));
    }),
);

test(
  "however often connections are cut, what was published is handled, and the queue ends empty [kind.queue.driver.amqp.reconnect] [queue.handler.result]",
  { skip },
  async () => {
    const way = await cuttable();
    const more = amqpConsumer("one", "concurrency: 4\nprefetch: 8") + amqpConsumer("two");
    await withApplication(
      amqpProject({ name: freshName(), driver: `url: ${way.url}`, more }),
      async (app) => {
        const confirmed: number[] = [];
        const publisher = async (first: number): Promise<void> => {
          for (let number = first; number < 400; number += 4) {
            const body = { number, refuse: number % 7 === 0 ? 1 : 0, wait: number % 5 === 0 ? "3ms" : null };
            // One that failed may have arrived all the same: it is sent again until the broker has said so.
            await eventually(async () => await app.call("app:publish", body) === true, "the broker");
            confirmed.push(number);
            if (number % 25 === 3) way.cut();
          }
        };
        await Promise.all([0, 1, 2, 3].map(publisher));
        assert.equal(confirmed.length, 400);
        const finished = (): Set<number> =>
          new Set(logged(app, "finished").map(({ body }) => Number((body as ValueMap)["number"])));
        await eventually(() => finished().size === 400, "every message to be handled");
        await eventually(async () => {
          const info = await app.call("app:info") as ValueMap;
          return info["message_count"] === 0 && info["consumer_count"] === 2;
        }, "an empty queue with both consumers");
        assert.ok(logged(app, TROUBLE).length >= 4);
      },
    );
    way.close();
  },
);
