/** How long a process keeps the others waiting that calls the host again and again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestUniverse } from "./universe.ts";

const TURNS = 256;
const SLICE_MS = 2;

test("calls of the host count against a turn", () => {
  const vm = new TestUniverse();
  const calls = 10_000;
  const busy = vm.spawn(`for _ = 1, ${calls} do host.late(0) end host.wait(1)`);
  while (vm.universe.run(TURNS, SLICE_MS) > 0);
  const turns = vm.universe.turnsOf(busy);
  assert.ok(turns > calls / 200, `${turns} turns for ${calls} calls`);
});

test("who calls what takes long holds up the rest for little more than a turn", () => {
  const vm = new TestUniverse();
  vm.spawn("while true do host.late(0.01) end");
  const waited: number[] = [];
  for (let i = 0; i < 10; i++) {
    const begun = vm.nowMs;
    vm.universe.run(TURNS, SLICE_MS);
    waited.push(vm.nowMs - begun);
  }
  // A turn has some 120 calls, of 0.01 ms each.
  assert.ok(Math.max(...waited.slice(5)) < SLICE_MS + 2, `waited ${waited.join(", ")} ms`);
});
