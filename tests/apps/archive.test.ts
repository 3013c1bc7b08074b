/** Objects in a bucket, and a queue that tells of them. */
// services: moto
import assert from "node:assert/strict";
import { test } from "node:test";
import { missing, serviceUrl } from "../services.ts";
import { withProject } from "./application.ts";

const skip = missing("moto");

test(
  "the program stores objects, signs URLs and handles messages of SQS [kind.cloudstorage.s3] [kind.queue.driver.sqs]",
  { skip },
  () =>
    withProject("archive", async (project) => {
      const { origin } = serviceUrl("moto")!;
      const service = ["-o", `app:bucket:endpoint=${origin}`, "-o", `app:driver:endpoint=${origin}`];
      const running = await project.serve(service);
      await running.until(/ready/);
      const called = await project.wippy("call", ...service, "app:store", "letters/1", "Dear reader");
      assert.equal(called.code, 0, called.stderr);
      await running.until(/arrived.*letters\/1/);
      const answer = await fetch(JSON.parse(called.stdout) as string);
      assert.deepEqual([answer.headers.get("content-type"), await answer.text()], [
        "text/plain",
        "Dear reader",
      ]);
      const { code, log } = await running.stop();
      assert.equal(code, 0);
      const arrived = log.find(({ message }) => message === "arrived")!;
      assert.deepEqual([arrived.fields["bytes"], arrived.fields["kind"]], [11, "arrival"]);
    }),
);
