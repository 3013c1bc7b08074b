/**
 * Channels that the host feeds: who keeps them, and what becomes of values nobody took.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LuaChannel } from "../../src/vm/mod.ts";
import { TestUniverse } from "./universe.ts";

/** A process whose first argument is a channel fed by the host. */
function spawnFed(vm: TestUniverse, body: string, id: number): { slot: number; channel: LuaChannel } {
  const slot = vm.spawn(`local ch = ... ${body}`, [new LuaChannel(id)]);
  const channel = vm.universe.channels.open(slot, 1);
  assert.equal(channel.id, id, "channel ids count from 1");
  return { slot, channel };
}

test("values nobody took go with their process, whatever is collected first", () => {
  const vm = new TestUniverse();
  for (let id = 1; id <= 200; id++) {
    const { slot, channel } = spawnFed(vm, `return 1`, id);
    for (let i = 0; i < 8; i++) vm.universe.channels.send(slot, channel, "x".repeat(100));
    vm.settle();
    assert.deepEqual(vm.ended(slot)?.values, [1]);
    vm.run(`local t = {} for i = 1, 2000 do t[i] = { i } end`);
  }
  assert.deepEqual(vm.values(`return ("still"):upper()`), ["STILL"]);
});

test("a released channel still gives what was sent, and takes no more", () => {
  const vm = new TestUniverse();
  const { slot, channel } = spawnFed(vm, `host.wait(1) return (ch:receive()), ch == (...)`, 1);
  vm.universe.run(100, 0);
  assert.equal(vm.universe.channels.send(slot, channel, "last"), true);
  vm.universe.channels.release(slot, channel);
  assert.equal(vm.universe.channels.send(slot, channel, "too late"), false);
  vm.settle();
  assert.deepEqual(vm.ended(slot)?.values, ["last", true]);
});

test("released channels do not pile up in a process that drops them", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`process.inbox():receive()`);
  vm.settle();
  const open = (count: number): void => {
    for (let i = 0; i < count; i++) vm.universe.channels.release(slot, vm.universe.channels.open(slot, 1));
  };
  open(1000);
  const before = vm.universe.memoryOf(slot);
  open(100_000);
  const after = vm.universe.memoryOf(slot);
  assert.ok(after - before < 1_000_000, `grew by ${after - before} bytes`);
});

test("cleared values are not received", () => {
  const vm = new TestUniverse();
  const { slot, channel } = spawnFed(vm, `host.wait(1) return ch:receive()`, 1);
  vm.universe.run(100, 0);
  vm.universe.channels.send(slot, channel, "stale");
  vm.universe.channels.clear(slot, channel);
  vm.universe.channels.send(slot, channel, "fresh");
  vm.settle();
  assert.deepEqual(vm.ended(slot)?.values, ["fresh", true]);
});
