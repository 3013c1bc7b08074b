/** How the memory of an instance grows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../src/vm/instance.ts";
import { precompile } from "../../src/vm/mod.ts";

test("memory grows by a part of itself, so that an engine that copies it has little to copy", async () => {
  await precompile();
  const vm = instantiate({ native: () => 0, exited() {}, released() {}, exceeded() {} });
  assert.notEqual(vm.create(1, 0, 1, 4e9), 0);
  const sizes = new Set<number>();
  for (let bytes = 100_000; bytes <= 50_000_000; bytes += 100_000) {
    assert.notEqual(vm.io(bytes), 0);
    sizes.add(vm.memory.buffer.byteLength);
  }
  assert.ok(Math.max(...sizes) >= 50_000_000);
  assert.ok(sizes.size < 30, `${sizes.size} steps`);
});

test("memory that can't be had is refused, and what there is goes on", async () => {
  await precompile();
  const vm = instantiate({ native: () => 0, exited() {}, released() {}, exceeded() {} });
  assert.notEqual(vm.create(1, 0, 1, 4e9), 0);
  assert.equal(vm.io(4_294_000_000), 0);
  assert.notEqual(vm.io(1_000_000), 0);
});
