import assert from "node:assert/strict";
import { test } from "node:test";
import { Ring, ringMemory } from "./ring.ts";

function filled(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255);
}

test("a ring gives every frame whole and in order, whatever its length", () => {
  const memory = ringMemory(1024);
  const writer = new Ring(memory);
  const reader = new Ring(memory);
  const lengths = [0, 1, 255, 256, 257, 1020, 5000, 3, 0, 12_345];
  for (const [i, length] of lengths.entries()) writer.write(filled(length, i));
  let read = 0;
  while (read < lengths.length) {
    const frame = reader.read();
    if (frame === undefined) {
      writer.flush();
      continue;
    }
    assert.deepEqual(frame, filled(lengths[read]!, read));
    read++;
  }
  assert.ok(writer.flush() && reader.isEmpty);
  assert.equal(writer.waitingBytes, 0);
});

test("a ring goes on when its positions pass 2^32", () => {
  const memory = ringMemory(256);
  new Int32Array(memory).fill(-40, 0, 2);
  const writer = new Ring(memory);
  const reader = new Ring(memory);
  for (let i = 0; i < 50; i++) {
    writer.write(filled(i, i));
    assert.deepEqual(reader.read(), filled(i, i));
    assert.equal(reader.read(), undefined);
  }
});

test("what does not fit waits outside of the ring until there is room", () => {
  const memory = ringMemory(64);
  const writer = new Ring(memory);
  const reader = new Ring(memory);
  for (let i = 0; i < 20; i++) writer.write(filled(10, i));
  assert.ok(writer.waitingBytes > 0 && !writer.flush());
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(reader.read(), filled(10, i));
    writer.flush();
  }
  assert.equal(writer.waitingBytes, 0);
});
