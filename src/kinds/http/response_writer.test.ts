import assert from "node:assert/strict";
import { test } from "node:test";
import { eventText, headerBytes, ResponseWriter, type StreamOwner, textOfHeader } from "./response_writer.ts";

function owner(): StreamOwner & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    streamBegan: () => calls.push("began"),
    streamEnds: () => calls.push("ends"),
    clientGone: () => calls.push("gone"),
  };
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

test("writing to a client that left is internal and names the reason [http.errors] [http.res.body]", async () => {
  const writer = new ResponseWriter();
  const watch = owner();
  const body = writer.streamed(watch).body as ReadableStream<Uint8Array>;
  await body.cancel();
  assert.deepEqual(watch.calls, ["gone"]);
  const expected = {
    kind: "Internal",
    message: "write failed: client disconnected",
    retryable: false,
    details: { type: "WRITE_FAILED" },
  };
  assert.throws(() => writer.write("x"), expected);
  assert.throws(() => writer.flush(), expected);
  assert.throws(() => writer.event("a", "1"), expected);
});

test("writing after the end is internal", () => {
  const writer = new ResponseWriter();
  writer.end();
  assert.throws(() => writer.write("x"), { kind: "Internal", message: "write failed: response has ended" });
});

test("a stream gives what was written so far, then what comes, then ends", async () => {
  const writer = new ResponseWriter();
  writer.write("a");
  writer.write("b");
  const watch = owner();
  const reader = (writer.streamed(watch).body as ReadableStream<Uint8Array>).getReader();
  assert.equal(await readText(reader), "ab");
  const next = readText(reader);
  writer.write("c");
  assert.equal(await next, "c");
  writer.end();
  assert.equal((await reader.read()).done, true);
  assert.deepEqual(watch.calls, ["began", "ends"]);
});

test("a writer waits while too much is unread, and is told when the client leaves", async () => {
  const writer = new ResponseWriter();
  const large = new Uint8Array(1024 * 1024);
  assert.equal(writer.write(large), undefined);
  const waiting = writer.write("more");
  assert.ok(waiting instanceof Promise);
  assert.equal(writer.wantsStream, true);
  const body = writer.streamed(owner()).body as ReadableStream<Uint8Array>;
  const reader = body.getReader();
  await reader.read();
  await waiting;
  writer.write(large);
  const stuck = writer.write("more") as Promise<void>;
  await reader.cancel();
  await assert.rejects(stuck, { message: "write failed: client disconnected" });
});

test("an event of several lines stays one event [http.res.event]", () => {
  assert.equal(eventText("note", "a\nb\r\nc"), "event: note\ndata: a\ndata: b\ndata: c\n\n");
});

test("header values are sent as the bytes of their text", () => {
  assert.equal(headerBytes("plain"), "plain");
  assert.equal(headerBytes("é"), "\xc3\xa9");
  assert.equal(textOfHeader(headerBytes("naïve ☃")), "naïve ☃");
});

test("a stream of events that is flushed before its first one begins with a comment [sse.direct]", async () => {
  const writer = new ResponseWriter();
  writer.setTransfer("sse");
  writer.flush();
  writer.event("a", "1");
  const reader = (writer.streamed(owner()).body as ReadableStream<Uint8Array>).getReader();
  assert.equal(await readText(reader), ":\n\nevent: a\ndata: 1\n\n");
});
