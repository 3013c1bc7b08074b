/** Long byte strings that come from the host: written once, counted like any other, and as good as those that Lua makes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestUniverse } from "./universe.ts";

const SIZES = [0, 1, 40, 41, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_000_000];

test("bytes of a native function arrive whole at any length", () => {
  const vm = new TestUniverse();
  for (const size of SIZES) {
    const values = vm.values(
      `local n = ...
      local a, b = host.bytes(n, 200), host.bytes(n, 200)
      return a == ("\\200"):rep(n), a == b, ({[a] = 1})[b], #(a .. "x"), a:byte(-1)`,
      size,
    );
    assert.deepEqual(values.slice(0, 4), [true, true, 1, size + 1], `${size} bytes`);
  }
});

test("long bytes that nobody needs any more are collected, also where nothing else is made", () => {
  const vm = new TestUniverse();
  vm.values(`for i = 1, 3000 do host.bytes(65536, 1) end`);
  assert(vm.universe.heapBytes < 32e6, `${vm.universe.heapBytes} bytes`);
});

test("long bytes keep their place among several results", () => {
  const vm = new TestUniverse();
  for (const size of [10, 5000]) {
    const values = vm.values(
      `local n = ...
      local a = select("#", host.several(n))
      local first, second, third = host.several(n, "third")
      return a, #first, second == nil, third, select("#", host.several(n, nil))`,
      size,
    );
    assert.deepEqual(values, [3, size, true, "third", 3], `${size} bytes`);
  }
});

test("a view of the memory of the VM may be a result", () => {
  const vm = new TestUniverse();
  for (const size of SIZES) {
    assert.deepEqual(vm.values(`local s = ("z"):rep(...) return host.view(s) == s, #host.view(s)`, size), [
      true,
      size,
    ]);
  }
});

test("bytes that complete a call arrive whole at any length, and what comes after them too", () => {
  const vm = new TestUniverse();
  for (const size of SIZES) {
    const values = vm.values(
      `local n = ...
      local s = ("\\201"):rep(n)
      local back = host.wait(s)
      local again = host.wait("short")
      return back == s, again, host.wait(s .. "!") == s .. "!"`,
      size,
    );
    assert.deepEqual(values, [true, "short", true], `${size} bytes`);
  }
});

test("long texts complete calls, also such as are longer in UTF-8", () => {
  const vm = new TestUniverse();
  const values = vm.values(
    `local s = ("gr\u00fc\u00df \u20ac"):rep(40000) return host.wait(s) == s, host.wait("after")`,
  );
  assert.deepEqual(values, [true, "after"]);
});

test("long texts inside tables complete calls, also such as are longer in UTF-8", () => {
  const vm = new TestUniverse();
  for (const length of [1000, 20_000, 30_000, 300_000]) {
    const values = vm.values(
      `local s = ("\u00e4 \u20ac"):rep(...) local back = host.wait({ a = 1, { s }, b = s }) return back[1][1] == s, back.b == s`,
      length,
    );
    assert.deepEqual(values, [true, true], `${length} times`);
  }
});

test("bytes past the limit of a process end that process alone", () => {
  const vm = new TestUniverse();
  const ended = vm.run(
    `local t = {} for i = 1, 100 do t[i] = host.bytes(1000000, i) end`,
    [],
    8 * 1024 * 1024,
  );
  assert.equal(ended.ok, false);
  assert.match(ended.message, /memory/);
  assert.deepEqual(vm.values(`return #host.bytes(1000000, 1)`), [1_000_000]);
});

test("calls of a process that has ended lose nothing for the others", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`host.wait(("\\202"):rep(300000))`);
  vm.universe.run(100, 0);
  vm.universe.kill(slot, null);
  vm.settle();
  assert.deepEqual(vm.values(`local s = ("\\203"):rep(300000) return host.wait(s) == s`), [true]);
});
