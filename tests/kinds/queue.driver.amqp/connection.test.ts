/** `queue.driver.amqp`: how it connects, proves who it is, and what it says when that fails. */
// services: rabbitmq
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Failure, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { missing } from "../../services.ts";
import {
  amqpConsumer,
  amqpProject,
  BROKER,
  certificate,
  control,
  freshName,
  logged,
  SECURE_BROKER,
} from "../amqp_broker.ts";

const skip = missing("rabbitmq");
const COLUMNS = [
  "client_properties",
  "vhost",
  "user",
  "auth_mechanism",
  "timeout",
  "frame_max",
  "channel_max",
  "ssl",
];

/** Connections of that name, as the broker lists them. */
async function connections(name: string): Promise<Record<string, unknown>[]> {
  const all = await control("list_connections", ...COLUMNS);
  return all.filter((connection) => JSON.stringify(connection["client_properties"]).includes(name));
}

/** Why a driver with these fields does not start. */
async function startFailure(app: TestApplication, data: ValueMap): Promise<string> {
  const id = `app:${freshName()}`;
  const { registry, supervisor } = app.application;
  const entry = { id, kind: "queue.driver.amqp", meta: {}, data };
  await registry.apply([{ kind: "entry.create", entry }]);
  const failure = await supervisor.start(id).then(() => undefined, (error: Failure) => error);
  assert.ok(failure !== undefined, "it started");
  await registry.apply([{ kind: "entry.delete", id }]);
  return `${failure.kind}/${failure.retryable}: ${failure.message}`;
}

/** A plain application to add drivers to. */
const EMPTY = 'version: "1.0"\nnamespace: app\nentries: []\n';

test(
  "URL, vhost, name, heartbeat and mechanism reach the broker [kind.queue.driver.amqp.conn] [kind.queue.driver.amqp.limits]",
  { skip },
  async () => {
    const name = freshName();
    const user = BROKER.replace("guest:guest", "us%20er:p%40ss%2Fw%3Ard");
    const driver = `url: ${user}
connection_name: ${name}
auth_mechanism: AMQPLAIN
heartbeat: 7s
frame_size: 8192
channel_max: 5`;
    await withApplication(amqpProject({ name, driver }), async (app) => {
      assert.equal(await app.call("app:publish", "x".repeat(50_000)), true, "in several frames");
      const [connection, ...others] = await connections(name);
      assert.deepEqual(others, []);
      const { client_properties: _, ...facts } = connection!;
      assert.deepEqual(facts, {
        vhost: "/",
        user: "us er",
        auth_mechanism: "AMQPLAIN",
        timeout: 7,
        frame_max: 8192,
        channel_max: 5,
        ssl: false,
      });
      assert.equal(
        app.application.supervisor.state("app:driver")?.details,
        `connected to ${BROKER.replace("guest:guest@", "")}`,
      );
    });
    const other = freshName();
    await withApplication(
      amqpProject({
        name: other,
        driver: `url: ${BROKER}ignored\nvhost: other/place\nconnection_name: ${other}`,
        more: amqpConsumer(),
      }),
      async (app) => {
        await app.call("app:publish", "there");
        await app.until(() => logged(app).length === 1, "the message");
        const found = await connections(other);
        assert.deepEqual(found.map(({ vhost, timeout, auth_mechanism: how }) => [vhost, timeout, how]), [
          ["other/place", 10, "PLAIN"],
          ["other/place", 10, "PLAIN"],
        ], "one for each direction");
      },
    );
    assert.deepEqual(await connections(other), [], "closed with the application");
  },
);

test(
  "a driver that can't connect says why, and shows no password [kind.queue.driver.amqp.conn]",
  { skip },
  () =>
    withApplication(EMPTY, async (app) => {
      const silent = createServer((socket) => void socket.resume().on("error", () => undefined));
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo;
      const closed = createServer();
      await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
      const gone = (closed.address() as AddressInfo).port;
      await new Promise((resolve) => closed.close(resolve));
      for (
        const [data, message] of [
          [
            { url: BROKER.replace(":guest@", ":s3cret@") },
            /^PermissionDenied\/false: broker amqp:.* refuses these credentials/,
          ],
          [
            { url: BROKER, vhost: "nowhere" },
            /^PermissionDenied\/false: broker amqp:.*\/nowhere has no such vhost/,
          ],
          [
            { url: BROKER.replace("guest:guest", "outsider:outsider") },
            /^PermissionDenied\/false: broker amqp:.* has no such vhost, or refuses/,
          ],
          [
            { url: `amqp://guest:s3cret@127.0.0.1:${gone}/` },
            /^Unavailable\/true: broker amqp:.* is not reachable/,
          ],
          [
            { url: `amqp://guest:s3cret@127.0.0.1:${port}/`, connection_timeout: "100ms" },
            /^Unavailable\/true: broker amqp:.* did not answer within 100ms|not reachable: connect ETIMEDOUT/,
          ],
        ] as const
      ) assert.match(await startFailure(app, data), message);
      assert.doesNotMatch(JSON.stringify(app.logs), /s3cret/);
      await new Promise((resolve) => silent.close(resolve));
    }),
);

test("fields that make no sense are refused and named [kind.queue.driver.amqp.conn] [kind.queue.driver.amqp.limits] [kind.queue.driver.amqp.defaults] [kind.queue.driver.amqp.tls]", () =>
  withApplication(EMPTY, async (app) => {
    for (
      const [data, message] of [
        [{ url: "http://s3cret@x/" }, /^app:bad: url: expected amqp:\/\/user/],
        [{ url: "amqp://u:s3cret%zz@x/" }, /^app:bad: url: expected/],
        [{ auth_mechanism: "MAGIC" }, /^app:bad: auth_mechanism: expected one of PLAIN, EXTERNAL, AMQPLAIN/],
        [{ auth_mechanism: "EXTERNAL" }, /^app:bad: auth_mechanism: EXTERNAL needs TLS/],
        [{ heartbeat: "20h" }, /^app:bad: heartbeat: expected/],
        [{ reconnect_delay: "0s" }, /^app:bad: reconnect_delay: expected/],
        [{ frame_size: 100 }, /^app:bad: frame_size: expected 4096 or more, got 100/],
        [{ channel_max: 70_000 }, /^app:bad: channel_max: expected/],
        [{ prefetch_count: -1 }, /^app:bad: prefetch_count: expected/],
        [{ default_message_ttl: "-5s" }, /^app:bad: default_message_ttl: expected/],
        [{ default_queue_expiry: "0s" }, /^app:bad: default_queue_expiry: expected/],
        [{ tls: { enabled: true, ca: "no pem" } }, /^app:bad: tls\.ca: expected PEM/],
        [{ tls: { enabled: true, cert: "-----BEGIN X" } }, /^app:bad: tls\.cert and tls\.key: expected both/],
      ] as const
    ) {
      const failure = await refusalOf(app, "app:bad", "queue.driver.amqp", data as unknown as ValueMap);
      assert.equal(failure.kind, "Invalid");
      assert.match(failure.message, message);
      assert.doesNotMatch(failure.message, /s3cret/);
    }
  }));

test(
  "TLS checks the server, and a client can prove who it is by its certificate [kind.queue.driver.amqp.tls] [kind.queue.driver.amqp.conn]",
  { skip },
  async () => {
    const name = freshName();
    const byAddress = SECURE_BROKER.replace("localhost", "127.0.0.1");
    const files = {
      "src/ca.pem": certificate("ca.crt"),
      "src/client.pem": certificate("client.crt"),
      "src/_index.yaml": amqpProject({
        name,
        driver: `url: ${byAddress.replace("amqps:", "amqp:")}
connection_name: ${name}
auth_mechanism: EXTERNAL
tls:
  enabled: true
  server_name: localhost
  ca_env: authority
  cert: file://client.pem
  key: \${env:client_key}`,
        more: `${amqpConsumer()}  - { name: vars, kind: env.storage.memory }
  - { name: authority, kind: env.variable, variable: authority, storage: vars, default: ${
          JSON.stringify(certificate("ca.crt"))
        } }
  - { name: client_key, kind: env.variable, variable: client_key, storage: vars, default: ${
          JSON.stringify(certificate("client.key"))
        } }
`,
      }),
    };
    await withApplication(files, async (app) => {
      await app.call("app:publish", "secret");
      await app.until(() => logged(app).length === 1, "the message");
      const found = await connections(name);
      assert.deepEqual(found.map(({ ssl, user, auth_mechanism: how }) => [ssl, user, how]), [
        [true, "certified", "EXTERNAL"],
        [true, "certified", "EXTERNAL"],
      ]);
      const insecure = /^Unavailable\/false: no secure connection to broker amqps:/;
      assert.match(await startFailure(app, { url: SECURE_BROKER }), insecure, "an unknown authority");
      const ca = certificate("ca.crt");
      assert.match(await startFailure(app, { url: byAddress, tls: { ca } }), insecure, "another name");
      for (
        const data of [
          { url: SECURE_BROKER, tls: { ca } },
          { url: byAddress, tls: { insecure_skip_verify: true } },
        ]
      ) {
        const id = `app:${freshName()}`;
        await app.application.registry.apply([{
          kind: "entry.create",
          entry: { id, kind: "queue.driver.amqp", meta: {}, data: data as ValueMap },
        }]);
        await app.application.supervisor.start(id);
      }
    });
  },
);

test(
  "channels past channel_max are refused, and come free again [kind.queue.driver.amqp.limits]",
  { skip },
  () => {
    const name = freshName();
    const driver = `url: ${BROKER}\nchannel_max: 2`;
    return withApplication(
      amqpProject({ name, driver, more: amqpConsumer("one") + amqpConsumer("two") }),
      async (app) => {
        const data = { queue: "app:queue", func: "app:handler" };
        const { registry, supervisor } = app.application;
        await registry.apply([{
          kind: "entry.create",
          entry: { id: "app:three", kind: "queue.consumer", meta: {}, data },
        }]);
        await assert.rejects(supervisor.start("app:three"), {
          kind: "LimitExceeded",
          message: /No channels left/,
        });
        await supervisor.stop("app:one");
        await supervisor.start("app:three");
      },
    );
  },
);
