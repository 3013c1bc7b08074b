/** Buffered input: lines and bytes from the same chunks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InputBuffer } from "./system_terminal.ts";

function input(...chunks: string[]): InputBuffer {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk));
  return new InputBuffer(() => Promise.resolve(left.shift() ?? null));
}

test("lines are cut wherever chunks end, with either line end", async () => {
  const buffer = input("a", "b\nc\r", "\n\n", "last");
  assert.deepEqual(
    [
      await buffer.readLine(),
      await buffer.readLine(),
      await buffer.readLine(),
      await buffer.readLine(),
      await buffer.readLine(),
    ],
    ["ab", "c", "", "last", null],
  );
});

test("bytes come as they are there, up to the size asked for", async () => {
  const buffer = input("abcdef", "gh");
  const text = async (size: number) => new TextDecoder().decode(await buffer.read(size) ?? new Uint8Array());
  assert.equal(await text(4), "abcd");
  assert.equal(await text(4), "ef");
  assert.equal(await text(4), "gh");
  assert.equal(await buffer.read(4), null);
});

test("reads asked for at once are answered in order", async () => {
  const buffer = input("one\ntwo\n", "three\n");
  const lines = await Promise.all([
    buffer.readLine(),
    buffer.readLine(),
    buffer.readLine(),
    buffer.readLine(),
  ]);
  assert.deepEqual(lines, ["one", "two", "three", null]);
});

test("a failing source fails the read it was asked for, not the next", async () => {
  let calls = 0;
  const buffer = new InputBuffer(() => {
    calls++;
    return calls === 1 ? Promise.reject(new Error("unplugged")) : Promise.resolve(null);
  });
  await assert.rejects(buffer.readLine(), /unplugged/);
  assert.equal(await buffer.readLine(), null);
});

test("who waits for a line sees the end when lines end; what comes later is there as bytes", async () => {
  const more = Promise.withResolvers<Uint8Array | null>();
  const buffer = new InputBuffer(() => more.promise);
  const waiting = buffer.readLine();
  buffer.endLines();
  assert.equal(await waiting, null);
  assert.equal(await buffer.readLine(), null);
  const bytes = buffer.read(10);
  more.resolve(new TextEncoder().encode("late\n"));
  assert.equal(new TextDecoder().decode((await bytes)!), "late\n");
  assert.equal(await buffer.readLine(), null);
});
