/** Two programs that share nothing but a message broker. */
// services: rabbitmq
import assert from "node:assert/strict";
import { test } from "node:test";
import { certificate, freshName, SECURE_BROKER } from "../kinds/amqp_broker.ts";
import { missing } from "../services.ts";
import { withFiles } from "./application.ts";

const DRIVER = `version: "1.0"
namespace: app
entries:
  - name: broker
    kind: queue.driver.amqp
    url: URL
    tls: { ca: file://ca.pem }
    lifecycle: { auto_start: true }
  - name: letters
    kind: queue.queue
    driver: broker
    codec: application/msgpack
    queue_name: NAME
`;

const SENDER = `  - name: send
    kind: function.lua
    method: main
    modules: [queue]
    source: |
      return { main = function(count)
        for i = 1, count do assert(queue.publish("app:letters", { number = i }, { sender = "office" })) end
        return queue.info("app:letters")
      end }
`;

const RECEIVER = `  - name: read
    kind: function.lua
    method: main
    modules: [queue, logger]
    source: |
      return { main = function(letter)
        logger:info("a letter", { number = letter.number, sender = queue.message():header("sender") })
      end }
  - name: readers
    kind: queue.consumer
    queue: letters
    func: read
    concurrency: 2
    lifecycle: { auto_start: true }
`;

test(
  "what one program publishes is there for the next one, however long that takes [kind.queue.driver.amqp.conn] [kind.queue.driver.amqp.tls] [kind.queue.queue.codec]",
  {
    skip: missing("rabbitmq"),
  },
  async () => {
    const head = DRIVER.replace("URL", SECURE_BROKER).replace("NAME", freshName());
    const ca = certificate("ca.crt");
    await withFiles({ "src/_index.yaml": head + SENDER, "src/ca.pem": ca }, async (sender) => {
      const { code, stdout, stderr } = await sender.wippy("call", "app:send", "25");
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(JSON.parse(stdout), { message_count: 25, consumer_count: 0, ready: true });
    });
    await withFiles({ "src/_index.yaml": head + RECEIVER, "src/ca.pem": ca }, async (receiver) => {
      const application = await receiver.serve();
      for (let number = 1; number <= 25; number++) {
        await application.until(new RegExp(`a letter.*"number": ${number}\\b`));
      }
      const { code, log } = await application.stop();
      assert.equal(code, 0);
      const letters = log.filter(({ message }) => message === "a letter");
      assert.equal(letters.length, 25);
      assert.ok(letters.every(({ fields }) => fields["sender"] === "office"));
    });
  },
);
