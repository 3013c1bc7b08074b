/** `queue.driver.sqs`: which service it asks, what it asks, and what it does about answers that no working service gives. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { bodyCodec } from "../../../src/kinds/queue/body_codec.ts";
import driverKind from "../../../src/kinds/queue/driver_sqs.ts";
import { SqsConsumption } from "../../../src/kinds/queue/sqs/sqs_consumption.ts";
import type { QueueRequest, SqsQueue } from "../../../src/kinds/queue/sqs/sqs_queue.ts";
import { simulatedPorts } from "../../../src/platform/simulated/mod.ts";
import type { HttpClientRequest, QueueDelivery, QueueDriver } from "../../../src/ports/mod.ts";
import { withApplication } from "../../application.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";
import { type Seen, withService } from "../fake_service.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {}, named: () => SILENT };

function world() {
  return simulatedPorts({ seed: 1, workingDirectory: "/" });
}

/** The host that a driver with these fields asks. */
async function hostAsked(fields: ValueMap): Promise<string> {
  const asked: string[] = [];
  const httpClient = {
    send({ url }: HttpClientRequest): Promise<never> {
      asked.push(url.host);
      return Promise.reject(new Error("asked"));
    },
  };
  const settings = { region: "us-east-1", credentials: { accessKeyId: "k", secretAccessKey: "s" } };
  const resources = { find: () => settings, typeOf: () => "config.aws", provide() {}, withdraw() {} };
  const config = driverKind.config.decode({ config: "app:aws", ...fields }, {
    path: "",
    ns: "app",
    references: [],
  });
  const context = { id: "app:driver", config, resources, log: SILENT, ports: { ...world(), httpClient } };
  const { resource } = await driverKind.open(context as never);
  const queue = await (resource as QueueDriver).declare("app:queue", {
    name: "queue",
    codec: await bodyCodec("json/plain"),
    driverOptions: {},
  });
  await assert.rejects(async () => await queue.publish({ id: "1", body: "x", headers: {} }), /asked/);
  return asked[0]!;
}

test("requests go to AWS's endpoint of the region, to those of FIPS and IPv6 when asked, or to the given one [kind.queue.driver.sqs.tuning] [kind.queue.driver.sqs]", async () => {
  assert.equal(await hostAsked({}), "sqs.us-east-1.amazonaws.com");
  assert.equal(await hostAsked({ use_fips: true }), "sqs-fips.us-east-1.amazonaws.com");
  assert.equal(await hostAsked({ use_dual_stack: true }), "sqs.us-east-1.api.aws");
  assert.equal(await hostAsked({ use_fips: true, use_dual_stack: true }), "sqs-fips.us-east-1.api.aws");
  assert.equal(await hostAsked({ endpoint: "http://127.0.0.1:9324" }), "127.0.0.1:9324");
});

function project(endpoint: string, more = ""): string {
  return `${HEAD}  - { name: aws, kind: config.aws, region: us-east-1, access_key_id: k, secret_access_key: s }
  - { name: driver, kind: queue.driver.sqs, config: aws, endpoint: "${endpoint}"${more} }
  - { name: queue, kind: queue.queue, driver: driver }
` +
    entry(
      "publish",
      "function.lua",
      main(`
local ok, err = queue.publish("app:queue", ...)
if err then return err:kind() .. ": " .. err:message() end
return ok`),
      "method: main\nmodules: [queue]",
    ) +
    entry(
      "info",
      "function.lua",
      main(`return assert(queue.info("app:queue"))`),
      "method: main\nmodules: [queue]",
    );
}

type Fields = { readonly [name: string]: Value };

function operationOf({ headers }: Seen): string {
  return String(headers["x-amz-target"]).replace("AmazonSQS.", "");
}

function fieldsOf({ body }: Seen): Fields {
  return JSON.parse(new TextDecoder().decode(body)) as Fields;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify(value));
}

/** A service that takes messages and says this of their checksum. */
function taking(checksum: (body: string) => string) {
  return (request: Seen, response: ServerResponse): void => {
    if (operationOf(request) === "GetQueueUrl") {
      return json(response, { QueueUrl: "http://elsewhere.test/1/queue" });
    }
    const { MessageBody } = fieldsOf(request);
    json(response, { MessageId: "m", MD5OfMessageBody: checksum(String(MessageBody)) });
  };
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

test("sqs.* headers become fields of the message, all others attributes [queue.headers.sqs]", () =>
  withService(taking(md5), (url, seen) =>
    withApplication(project(url), async (app) => {
      const headers = {
        "sqs.delay_seconds": 7,
        "sqs.message_group_id": "group",
        "sqs.message_deduplication_id": "once",
        "sqs.message_attributes.a": "b",
        correlation_id: "c",
      };
      assert.equal(await app.call("app:publish", { n: 1 }, headers), true);
      const { MessageAttributes, ...sent } = fieldsOf(seen.at(-1)!);
      assert.deepEqual(sent, {
        QueueUrl: "http://elsewhere.test/1/queue",
        MessageBody: '{"n":1}',
        DelaySeconds: 7,
        MessageGroupId: "group",
        MessageDeduplicationId: "once",
      });
      assert.deepEqual(Object.keys(MessageAttributes as Fields).sort(), [
        "correlation_id",
        "sqs.message_attributes.a",
        "timestamp",
      ]);
    })));

test("a checksum that differs fails the publishing, unless nobody is to look [kind.queue.driver.sqs.tuning]", () =>
  withService(taking(() => md5("something else")), async (url) => {
    await withApplication(project(url), async (app) => {
      assert.match(
        String(await app.call("app:publish", "x")),
        /^Internal: publish to queue queue: .*checksum/i,
      );
    });
    await withApplication(project(url, ", disable_message_checksum_validation: true"), async (app) => {
      assert.equal(await app.call("app:publish", "x"), true);
    });
  }));

test("a changed driver is used by the queues that there are [kind.queue.driver.sqs]", () =>
  withService(
    taking(md5),
    (first, seenFirst) =>
      withService(taking(md5), (second, seenSecond) =>
        withApplication(project(first), async (app) => {
          assert.equal(await app.call("app:publish", "one"), true);
          const { registry } = app.application;
          const original = registry.get("app:driver")!;
          const data = { config: "app:aws", endpoint: second };
          await registry.apply([{ kind: "entry.update", entry: { ...original, data } }]);
          assert.equal(await app.call("app:publish", "two"), true);
          assert.deepEqual(seenFirst.map(operationOf), ["GetQueueUrl", "SendMessage"]);
          assert.deepEqual(seenSecond.map(operationOf), ["GetQueueUrl", "SendMessage"]);
        })),
  ));

test("a service that is not there fails the publishing with Internal, and makes the queue not ready [kind.queue.driver.sqs]", () =>
  withApplication(project("http://127.0.0.1:1"), async (app) => {
    assert.equal(await app.call("app:publish", "x"), "Internal: publish to queue queue: connection refused");
    assert.deepEqual(await app.call("app:info"), { ready: false });
  }));

/** What a consumption asks of its queue, by name of the command. */
interface Asked {
  readonly name: string;
  readonly input: Fields;
}

/** A queue whose requests a test answers. */
function queueOf(answer: (asked: Asked) => unknown): SqsQueue {
  const command = (name: string) =>
    class {
      readonly name = name;
      readonly input: Fields;
      constructor(input: Fields) {
        this.input = input;
      }
    };
  const names = ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibilityBatch", "GetQueueAttributes"];
  const library = Object.fromEntries(names.map((name) => [`${name}Command`, command(name)]));
  return {
    name: "queue",
    codec: {
      contentType: "application/json",
      decode: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)),
    },
    async request(
      _verb: string,
      signal: AbortSignal | undefined,
      work: (request: QueueRequest) => Promise<unknown>,
    ) {
      const client = { send: async (asked: Asked) => await answer(asked) };
      return await work({ library, client, url: "u", signal } as unknown as QueueRequest);
    },
  } as unknown as SqsQueue;
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
}

test("messages are kept from others while they are worked on, and lost when that fails for a minute [kind.queue.driver.sqs]", async () => {
  const { clock } = world();
  const prolonged: number[] = [];
  const received: QueueDelivery[] = [];
  const stop = new AbortController();
  let [hasSent, isBroken] = [false, false];
  const queue = queueOf(({ input, name }) => {
    if (name === "ReceiveMessage") {
      if (hasSent) return never(stop.signal);
      hasSent = true;
      return { Messages: ["1", "2"].map((id) => ({ MessageId: id, ReceiptHandle: id, Body: id })) };
    }
    if (isBroken) throw new Error("broken");
    if (name === "ChangeMessageVisibilityBatch") {
      for (const { VisibilityTimeout } of input["Entries"] as { VisibilityTimeout: number }[]) {
        prolonged.push(VisibilityTimeout);
      }
    }
    return {};
  });
  const consumption = new SqsConsumption({
    queue,
    prefetch: 10,
    clock,
    log: SILENT as never,
    receive: (delivery) => received.push(delivery),
  });
  await clock.settle();
  assert.deepEqual(received.map(({ message }) => message.body), [1, 2]);
  await clock.advance(10 * 60_000);
  assert.ok(received.every(({ lost }) => lost === false), "ten minutes later they are still held");
  assert.ok(prolonged.length >= 20 && prolonged.every((seconds) => seconds === 60));
  await received[0]!.ack();
  assert.equal(received[0]!.settled, true);
  assert.throws(() => received[0]!.nack(), { kind: "Invalid", message: "queue.Message already settled" });
  isBroken = true;
  await clock.advance(2 * 60_000);
  assert.equal(received[1]!.lost, true);
  isBroken = false;
  stop.abort();
  consumption.pause();
  await consumption.close();
});

test("no more messages are held than may be unsettled, over all requests under way [kind.queue.driver.sqs]", async () => {
  const { clock } = world();
  const wanted: number[] = [];
  const received: QueueDelivery[] = [];
  let serial = 0;
  const queue = queueOf(({ input, name }) => {
    if (name !== "ReceiveMessage") return {};
    const count = Number(input["MaxNumberOfMessages"]);
    wanted.push(count);
    return {
      Messages: Array.from(
        { length: count },
        () => ({ MessageId: "m", ReceiptHandle: `${++serial}`, Body: "1" }),
      ),
    };
  });
  const consumption = new SqsConsumption({
    queue,
    prefetch: 25,
    clock,
    log: SILENT as never,
    receive: (delivery) => received.push(delivery),
  });
  await clock.settle();
  assert.equal(received.length, 25);
  assert.deepEqual(wanted, [10, 10, 5]);
  await received[0]!.ack();
  await received[1]!.nack();
  await clock.settle();
  assert.equal(received.length, 27);
  consumption.pause();
  await consumption.close();
});
