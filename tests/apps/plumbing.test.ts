/** Coroutines and channels inside one process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("channels buffer, meet, choose, fan out and in, and close [j.channel] [j.lua]", async () => {
  await withProject("plumbing", async (project) => {
    const { code, stdout, stderr } = await project.wippy("run", "-x", "app:demo");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      "buffered: 1 2 3",
      "rendezvous: receiving, sending, sent, parcel",
      "choice: from the right true true, send true",
      "producer: 10",
      "ping-pong: 5",
      "fan-out:\t42\tfalse",
      "fan-in: 1 5",
      "fan-in: 2 5",
      "fan-in: 3 5",
      "fan-in: 4 5",
      "deadline: in vain",
      "closed:\tnil\tfalse",
      "send to closed:\tfalse\tsend on closed channel",
    ]);
  });
});
