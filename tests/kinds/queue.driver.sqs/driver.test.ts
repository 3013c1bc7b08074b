/** `queue.driver.sqs` against a service: queues, messages with headers, settling, and what becomes of what can't be read. */
// services: moto
import { type Message, SQSClient } from "@aws-sdk/client-sqs";
import * as sqs from "@aws-sdk/client-sqs";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";
import { missing, serviceUrl } from "../../services.ts";

const skip = missing("moto");
const endpoint = serviceUrl("moto")?.origin ?? "http://127.0.0.1:1";

/** Another program that uses the same service. */
const outside = new SQSClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
});

/** A queue called `name`, its driver with `more` fields, functions that publish and ask, and a handler that writes down what it gets. */
function project(name: string, more = "", queue = ""): string {
  return `${HEAD}  - { name: aws, kind: config.aws, region: us-east-1, access_key_id: testing, secret_access_key: testing }
  - { name: driver, kind: queue.driver.sqs, config: aws, endpoint: "${endpoint}"${more} }
  - { name: queue, kind: queue.queue, driver: driver, queue_name: ${name}${queue} }
` +
    entry(
      "publish",
      "function.lua",
      main(`
local body, headers = ...
local ok, err = queue.publish("app:queue", body, headers)
if err then return err:kind() .. ": " .. err:message() end
return ok`),
      "method: main\nmodules: [queue]",
    ) +
    entry(
      "info",
      "function.lua",
      main(`return assert(queue.info("app:queue"))`),
      "method: main\nmodules: [queue]",
    ) +
    entry(
      "handler",
      "function.lua",
      main(`
local body = ...
local message = queue.message()
logger:info("handled", { id = message:id(), body = body, headers = message:headers() })
if body == "refuse once" and not message:header("x_delivery_count") then return nil, "refused" end
if body == "ack and fail" then
  message:ack()
  error("too late")
end`),
      "method: main\nmodules: [queue, logger]",
    );
}

const CONSUMER =
  "  - { name: consumer, kind: queue.consumer, queue: app:queue, func: handler, auto_ack: true, lifecycle: { auto_start: true, stop_timeout: 10s } }\n";

function freshName(): string {
  return `q-${randomUUID()}`;
}

async function urlOf(name: string): Promise<string | undefined> {
  const { QueueUrls = [] } = await outside.send(new sqs.ListQueuesCommand({ QueueNamePrefix: name }));
  return QueueUrls.find((url) => url.endsWith(`/${name}`));
}

async function attributesOf(name: string): Promise<Record<string, string>> {
  const QueueUrl = await urlOf(name);
  const { Attributes } = await outside.send(
    new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
  );
  return Attributes as Record<string, string>;
}

/** Messages that wait and that are being worked on. */
async function counts(name: string): Promise<string> {
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: hidden } =
    await attributesOf(name);
  return `${waiting} ${hidden}`;
}

async function receive(name: string): Promise<Message[]> {
  const { Messages = [] } = await outside.send(
    new sqs.ReceiveMessageCommand({
      QueueUrl: await urlOf(name),
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    }),
  );
  return Messages;
}

function handled(app: TestApplication): ValueMap[] {
  return app.logs.filter(({ message }) => message === "handled").map(({ fields }) => fields as ValueMap);
}

function bodies(app: TestApplication): Value[] {
  return handled(app).map(({ body }) => body);
}

test(
  "a queue is made when it is first used, and another program finds the messages there [kind.queue.driver.sqs]",
  { skip },
  () => {
    const name = freshName();
    return withApplication(project(name), async (app) => {
      assert.equal(await urlOf(name), undefined);
      assert.equal(await app.call("app:publish", { n: 1, text: "Zoë", list: [1, 2.5] }), true);
      const { DelaySeconds, MessageRetentionPeriod } = await attributesOf(name);
      assert.deepEqual([MessageRetentionPeriod, DelaySeconds], ["345600", "0"]);
      assert.deepEqual(await app.call("app:info"), { message_count: 1, ready: true });
      const [message] = await receive(name);
      assert.deepEqual(JSON.parse(message!.Body!), { n: 1, text: "Zoë", list: [1, 2.5] });
      // Gone meanwhile: it is made again.
      await outside.send(new sqs.DeleteQueueCommand({ QueueUrl: await urlOf(name) }));
      assert.equal(await app.call("app:publish", "again"), true);
      assert.deepEqual((await receive(name)).map(({ Body }) => Body), ['"again"']);
    });
  },
);

test("a queue that exists is used as it is [kind.queue.driver.sqs]", { skip }, async () => {
  const name = freshName();
  await outside.send(
    new sqs.CreateQueueCommand({ QueueName: name, Attributes: { MessageRetentionPeriod: "3600" } }),
  );
  await withApplication(project(name), async (app) => {
    assert.equal(await app.call("app:publish", "x"), true);
    assert.equal((await attributesOf(name))["MessageRetentionPeriod"], "3600");
  });
});

test("retention and delay are those of the driver for queues that it makes [kind.queue.driver.sqs.tuning]", {
  skip,
}, () => {
  const name = freshName();
  return withApplication(
    project(name, ", message_retention_period: 1209600, default_delay_seconds: 900"),
    async (app) => {
      assert.equal(await app.call("app:publish", "later"), true);
      const { DelaySeconds, MessageRetentionPeriod } = await attributesOf(name);
      assert.deepEqual([MessageRetentionPeriod, DelaySeconds], ["1209600", "900"]);
      assert.deepEqual(await receive(name), []);
    },
  );
});

test(
  "messages come to handlers and are settled by what these do; auto_ack changes nothing [kind.queue.driver.sqs] [kind.queue.consumer.auto-ack]",
  { skip },
  () => {
    const name = freshName();
    return withApplication(project(name) + CONSUMER, async (app) => {
      for (const body of ["one", "refuse once", "ack and fail", { deep: [1, { x: true }] }]) {
        assert.equal(await app.call("app:publish", body), true);
      }
      await app.until(() => handled(app).length === 5, "five deliveries");
      await app.until(async () => await counts(name) === "0 0", "everything settled");
      const seen = bodies(app).map((body) => JSON.stringify(body)).sort();
      assert.deepEqual(
        seen,
        ['"ack and fail"', '"one"', '"refuse once"', '"refuse once"', '{"deep":[1,{"x":true}]}'].sort(),
      );
      const twice = handled(app).filter(({ body }) => body === "refuse once");
      assert.deepEqual(twice.map(({ headers }) => (headers as ValueMap)["x_delivery_count"]), [undefined, 1]);
      assert.equal(twice[0]!["id"], twice[1]!["id"]);
    });
  },
);

test(
  "headers come back as they were, those of sqs.message_attributes included [queue.headers.sqs]",
  { skip },
  () => {
    const name = freshName();
    const headers = {
      correlation_id: "c-1",
      content_type: "application/json",
      priority: 5,
      ratio: -0.25,
      tiny: 1e-9,
      urgent: true,
      "sqs.message_attributes.tenant": "acme",
      x_attempts: 3,
    };
    return withApplication(project(name) + CONSUMER, async (app) => {
      assert.equal(await app.call("app:publish", "x", headers), true);
      const [one] = await app.until(() => handled(app).length > 0 && handled(app), "the delivery");
      const { timestamp, ...rest } = one!["headers"] as Record<string, Value>;
      const { x_attempts: _reserved, ...expected } = headers;
      assert.deepEqual(rest, expected);
      assert.ok(Number.isInteger(timestamp) && Number(timestamp) > 1.7e9);
      assert.match(String(one!["id"]), /^[0-9a-f-]{36}$/);
    });
  },
);

test(
  "others see headers as attributes, and theirs become headers [queue.headers.sqs]",
  { skip },
  async () => {
    const name = freshName();
    await withApplication(project(name), async (app) => {
      await app.call("app:publish", "x", {
        correlation_id: "c-1",
        priority: 5,
        "sqs.message_attributes.a": "b",
      });
      const [message] = await receive(name);
      const { correlation_id, priority, "sqs.message_attributes.a": verbatim } = message!.MessageAttributes!;
      assert.deepEqual([correlation_id!.DataType, correlation_id!.StringValue], ["String", "c-1"]);
      assert.deepEqual([priority!.DataType, priority!.StringValue], ["Number", "5"]);
      assert.equal(verbatim!.StringValue, "b");
    });
    const QueueUrl = await urlOf(name);
    await outside.send(
      new sqs.SendMessageCommand({
        QueueUrl,
        MessageBody: '"theirs"',
        MessageAttributes: {
          number: { DataType: "Number", StringValue: "7" },
          custom: { DataType: "String.email", StringValue: "a@b" },
          bytes: { DataType: "Binary", BinaryValue: new TextEncoder().encode("bytes") },
        },
      }),
    );
    await withApplication(project(name) + CONSUMER, async (app) => {
      const one = await app.until(() => handled(app).find(({ body }) => body === "theirs"), "the delivery");
      const { timestamp, ...headers } = one["headers"] as Record<string, Value>;
      assert.deepEqual(headers, { number: 7, custom: "a@b", bytes: "bytes" });
      assert.ok(Number(timestamp) > 1.7e9, "when it was sent");
    });
  },
);

test(
  "a name with .fifo makes a queue that keeps order in a group and takes each id once [queue.headers.sqs] [kind.queue.driver.sqs]",
  { skip },
  () => {
    const name = `${freshName()}.fifo`;
    return withApplication(project(name), async (app) => {
      const send = (body: string, id: string) =>
        app.call("app:publish", body, { "sqs.message_group_id": "g", "sqs.message_deduplication_id": id });
      for (const [body, id] of [["a", "1"], ["b", "2"], ["again a", "1"], ["c", "3"]] as const) {
        assert.equal(await send(body, id), true);
      }
      const messages = await receive(name);
      assert.deepEqual(messages.map(({ Body }) => Body), ['"a"', '"b"', '"c"']);
      assert.deepEqual(messages.map(({ Attributes }) => Attributes!.MessageGroupId), ["g", "g", "g"]);
      assert.ok(!Object.keys(messages[0]!.MessageAttributes ?? {}).some((key) => key.startsWith("sqs.")));
      assert.match(
        String(await app.call("app:publish", "no group")),
        /^Internal: publish to queue .*MessageGroupId/,
      );
    });
  },
);

test("a message that is delayed comes later [queue.headers.sqs]", { skip }, () => {
  const name = freshName();
  return withApplication(project(name), async (app) => {
    assert.equal(await app.call("app:publish", "later", { "sqs.delay_seconds": 900 }), true);
    assert.equal(await app.call("app:publish", "now"), true);
    assert.deepEqual((await receive(name)).map(({ Body }) => Body), ['"now"']);
    assert.equal((await attributesOf(name))["ApproximateNumberOfMessagesDelayed"], "1");
  });
});

test(
  "what SQS can't carry is refused by name before it is sent [queue.headers.sqs]",
  { skip },
  () =>
    withApplication(project(freshName()), async (app) => {
      const refused = async (headers: ValueMap, message: RegExp) =>
        assert.match(String(await app.call("app:publish", "x", headers)), message);
      await refused({ "sqs.delay_seconds": 901 }, /sqs\.delay_seconds must be a whole number from 0 to 900/);
      await refused({ "sqs.delay_seconds": "soon" }, /sqs\.delay_seconds/);
      await refused({ "sqs.message_group_id": "" }, /sqs\.message_group_id/);
      await refused({ empty: "" }, /no empty header: empty/);
      await refused({ bell: "\u0007" }, /header bell/);
      await refused({ "two words": "x" }, /two words/);
      await refused({ "aws.trace": "x" }, /aws\.trace/);
      await refused(
        Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`h${i}`, "x"])),
        /at most 10 headers.*11/,
      );
      assert.deepEqual(await app.call("app:info"), { message_count: 0, ready: true });
    }),
);

test(
  "bodies of either codec arrive, whatever characters they have [kind.queue.driver.sqs]",
  { skip },
  async () => {
    const odd = "\u0000 \uffff \ufffe <&> \u{1f600}";
    for (const codec of ["json/plain", "application/msgpack"]) {
      await withApplication(project(freshName(), "", `, codec: ${codec}`) + CONSUMER, async (app) => {
        assert.equal(await app.call("app:publish", { odd }), true);
        await app.until(() => handled(app).length > 0, "the delivery");
        assert.deepEqual(bodies(app), [{ odd }]);
      });
    }
  },
);

test(
  "a message that nobody can read is told of and removed, others go on [kind.queue.driver.sqs]",
  { skip },
  async () => {
    const name = freshName();
    await outside.send(new sqs.CreateQueueCommand({ QueueName: name }));
    await outside.send(new sqs.SendMessageCommand({ QueueUrl: await urlOf(name), MessageBody: "{not json" }));
    await withApplication(project(name) + CONSUMER, async (app) => {
      await app.call("app:publish", "readable");
      await app.until(async () => await counts(name) === "0 0" && handled(app).length === 1, "both settled");
      assert.deepEqual(bodies(app), ["readable"]);
      const told = app.logs.filter(({ message }) => message === "a message that can't be read was deleted");
      assert.match(String(told[0]!.fields["error"]), /message body is no JSON/);
    });
  },
);

test(
  "a consumer that stops gives back at once what nobody has begun with [kind.queue.driver.sqs] [queue.stop]",
  { skip },
  () => {
    const name = freshName();
    const slow = entry(
      "slow",
      "function.lua",
      main(`logger:info("begun", {}) time.sleep("60s")`),
      "method: main\nmodules: [time, logger]",
    ) +
      "  - { name: consumer, kind: queue.consumer, queue: app:queue, func: slow, lifecycle: { stop_timeout: 10s } }\n";
    return withApplication(project(name) + slow, async (app) => {
      for (let i = 1; i <= 3; i++) await app.call("app:publish", `m${i}`);
      const { supervisor } = app.application;
      await supervisor.start("app:consumer");
      await app.until(() => app.logs.some(({ message }) => message === "begun"), "a handler");
      await app.until(async () => await counts(name) === "0 3", "three deliveries");
      await supervisor.stop("app:consumer");
      assert.equal(await counts(name), "3 0");
    });
  },
);

test("fields out of range, options that exclude each other and names that SQS has not are refused by name [kind.queue.driver.sqs.tuning] [kind.queue.driver.sqs]", () =>
  withApplication(project("plain"), async (app) => {
    const refused = async (data: ValueMap, message: RegExp, kind = "Invalid") => {
      const error = await refusalOf(app, "app:bad", "queue.driver.sqs", { config: "app:aws", ...data });
      assert.equal(error.kind, kind);
      assert.match(error.message, message);
    };
    for (const seconds of [59, 1_209_601, -1, "long"]) {
      await refused({ message_retention_period: seconds }, /message_retention_period: expected.*60.*1209600/);
    }
    for (const seconds of [-1, 901]) {
      await refused({ default_delay_seconds: seconds }, /default_delay_seconds: expected/);
    }
    await refused({ disable_message_checksum_validation: "maybe" }, /disable_message_checksum_validation/);
    await refused({ use_fips: 1 }, /use_fips/);
    await refused({ use_fips: true, endpoint }, /use_fips: .*endpoint/);
    await refused({ use_dual_stack: true, endpoint }, /use_dual_stack: .*endpoint/);
    await refused({ endpoint: "localhost" }, /endpoint: expected a URL/);
    await refused({ config: "" }, /config: expected/);
    await refused({ config: "app:none" }, /app:none/, "NotFound");
    await refused({ config: "app:handler" }, /app:handler/, "NotFound");
    for (const queue_name of ["with.dot", "with space", "x".repeat(81), ".fifo"]) {
      const error = await refusalOf(app, "app:bad", "queue.queue", { driver: "app:driver", queue_name });
      assert.match(error.message, /^.*queue_name: SQS takes/);
    }
  }));
