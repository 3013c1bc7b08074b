/**
 * Attacks: what one process tries to do to another, or to the worker, through everything they share.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attack, TestUniverse } from "./universe.ts";

const READ_ONLY = /read-only table|cannot change a protected metatable/;

test("the metatable of strings can't be reached or changed", () => {
  assert.deepEqual(attack(`return getmetatable("")`).values, [false]);
  assert.match(attack(`setmetatable("", {})`).message, /table expected/);
});

for (
  const write of [
    `string.upper = function() return "stolen" end`,
    `rawset(string, "upper", nil)`,
    `table.insert(string, 1)`,
    `math.floor = nil`,
    `rawset(math, "floor", nil)`,
    `coroutine.wrap = nil`,
    `table.concat = nil`,
    `process.send = nil`,
    `rawset(errors, "new", nil)`,
    `channel.new = nil`,
    `setmetatable(string, { __index = function() return 1 end })`,
    `setmetatable(process, {})`,
    `table.move({ 1 }, 1, 1, 1, string)`,
    `table.sort(string)  string[1] = 1`,
  ]
) {
  test(`shared tables refuse a write: ${write}`, () => {
    const ended = attack(write);
    assert.equal(ended.ok, false);
    assert.match(ended.message, READ_ONLY);
  });
}

test("globals of one process are unknown to another", () => {
  const vm = new TestUniverse();
  vm.run(`secret = 42  _G.other = 43  rawset(_G, "third", 44)`);
  assert.deepEqual(vm.values(`return secret, other, third`), [null, null, null]);
});

test("a global that shadows a library stays in its process", () => {
  const vm = new TestUniverse();
  assert.deepEqual(
    vm.values(`string = { upper = function() return "mine" end } return string.upper("x"), ("x"):upper()`),
    ["mine", "X"],
  );
  assert.deepEqual(vm.values(`return string.upper("x")`), ["X"]);
});

test("the environment's metatable is out of reach", () => {
  const ended = attack(`return getmetatable(_G), pcall(setmetatable, _G, {})`);
  assert.equal(ended.values[0], false);
  assert.equal(ended.values[1], false);
});

test("names that could load, dump or inspect code are absent", () => {
  const names = [
    "load",
    "loadstring",
    "loadfile",
    "dofile",
    "collectgarbage",
    "rawlen",
    "io",
    "debug",
    "utf8",
    "package",
  ];
  const vm = new TestUniverse();
  for (const name of names) assert.deepEqual(vm.values(`return ${name}`), [null], name);
  assert.deepEqual(vm.values(`return string.dump, coroutine.close`), [null, null]);
});

test("a sent table is a copy, metatable and shared parts included", () => {
  const vm = new TestUniverse();
  const receiver = vm.spawn(`
    local t = process.listen("t"):receive()
    local same = t.a == t.b and t.self == t
    t.a.x = 99
    setmetatable(t, nil)
    return same, t.a.x, getmetatable(t) == nil, #t`);
  const sender = vm.spawn(`
    local shared = { x = 1 }
    local t = setmetatable({ 10, 20, a = shared, b = shared }, { tag = "mine" })
    t.self = t
    process.send("${vm.pidOf(receiver)}", "t", t)
    host.wait(1)
    return shared.x, getmetatable(t).tag, t.a == t.b`);
  vm.settle();
  assert.deepEqual(vm.ended(receiver)?.values, [true, 99, true, 2]);
  assert.deepEqual(vm.ended(sender)?.values, [1, "mine", true]);
});

test("functions, threads, channels and handles do not cross [channel.cross-process]", () => {
  const vm = new TestUniverse();
  const receiver = vm.spawn(`
    local t = process.listen("t"):receive()
    return t.f, t.co, t.ch, t.h, t.e:message(), t.n`);
  vm.run(`process.send("${vm.pidOf(receiver)}", "t", {
    f = print, co = coroutine.create(print), ch = channel.new(), h = host.object(3),
    e = errors.new("kept"), n = 1 })`);
  assert.deepEqual(vm.ended(receiver)?.values, [null, null, null, null, "kept", 1]);
});

test("class methods can't be replaced through an object", () => {
  assert.equal(attack(`local e = errors.new("x") return getmetatable(e)`).values[0], false);
  assert.equal(attack(`local c = channel.new() c.send = nil`).ok, false);
  assert.match(
    attack(`local m = errors.new("x").message errors.new("y").message(5)`).message,
    /bad argument #1/,
  );
  assert.match(attack(`channel.new().send(errors.new("x"), 1)`).message, /channel expected/);
});

test("a method of one class refuses objects of another", () => {
  assert.equal(attack(`return host.object(1).id(errors.new("x"))`).ok, false);
  assert.equal(attack(`return host.object(1).id(channel.new())`).ok, false);
});

test("an endless loop does not hold the worker", () => {
  const vm = new TestUniverse();
  const loop = vm.spawn(`while true do end`);
  const other = vm.spawn(`return 1`);
  vm.universe.run(100, 0);
  assert.equal(vm.ended(loop), undefined);
  assert.deepEqual(vm.ended(other)?.values, [1]);
  vm.universe.kill(loop, null);
  vm.settle();
  assert.equal(vm.ended(loop)?.ok, false);
});

for (
  const [name, body] of [
    ["a tail call", `local function f() return f() end f()`],
    ["goto", `::top:: goto top`],
    ["a loop inside pcall", `pcall(function() while true do end end)`],
    ["a loop inside a coroutine", `coroutine.wrap(function() while true do end end)()`],
    [
      "a loop inside a metamethod",
      `local t = setmetatable({}, { __index = function() while true do end end }) return t.x`,
    ],
    ["a loop inside an iterator", `for _ in function() while true do end end do end`],
    [
      "a loop inside a spawned coroutine",
      `coroutine.spawn(function() while true do end end) channel.new():receive()`,
    ],
  ] as const
) {
  test(`preemption reaches ${name}`, () => {
    const vm = new TestUniverse();
    const loop = vm.spawn(body);
    const other = vm.spawn(`return 1`);
    vm.universe.run(100, 0);
    assert.deepEqual(vm.ended(other)?.values, [1]);
    assert.equal(vm.ended(loop), undefined);
    vm.universe.kill(loop, null);
    vm.settle();
    assert.notEqual(vm.ended(loop), undefined);
  });
}

test("deep recursion ends that process alone", () => {
  assert.match(
    attack(`local function f() return 1 + f() end f()`, 64 * 1024 * 1024).message,
    /stack overflow/,
  );
  assert.match(
    attack(`local function f() return pcall(f) end return select("#", f())`, 64 * 1024 * 1024).message,
    /^$|stack overflow|memory limit/,
  );
  assert.match(attack(`local t = {} setmetatable(t, { __index = t }) return t.x`).message, /loop/);
  assert.equal(attack(`local s = ("("):rep(100000) return pcall(string.find, "x", s)`).values[0], false);
});

test("nested data too deep to send is refused", () => {
  const ended = attack(`
    local t = {}
    for i = 1, 10000 do t = { t } end
    local ok, err = process.send(process.pid(), "x", t)
    return ok, err:kind(), err:message()`);
  assert.deepEqual(ended.values, [null, "Invalid", "payload nested too deep"]);
});

test("a process past its memory limit ends alone", () => {
  const table = attack(`local t = {} for i = 1, 1e9 do t[i] = i end`);
  assert.match(table.message, /memory limit|not enough memory/);
  const strings = attack(`local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end`);
  assert.match(strings.message, /memory limit|not enough memory/);
  const closures = attack(`local t for i = 1, 1e9 do local u = t t = function() return u end end`);
  assert.match(closures.message, /memory limit|not enough memory/);
  const coroutines = attack(`local t = {} for i = 1, 1e9 do t[i] = coroutine.create(print) end`);
  assert.match(coroutines.message, /memory limit|not enough memory/);
});

test("garbage does not count against the limit", () => {
  assert.deepEqual(
    attack(`local n = 0 for i = 1, 200000 do n = n + #("x"):rep(1000) end return n`, 4 * 1024 * 1024).values,
    [200000000],
  );
});

test("one string beyond the limit is refused and can be caught", () => {
  assert.deepEqual(attack(`return pcall(string.rep, "x", 1e9)`).values, [false, "not enough memory"]);
  assert.deepEqual(attack(`return (""):rep(1e18)`).values, [""]);
});

test("memory is free again after a process has ended", () => {
  const vm = new TestUniverse();
  vm.universe.collect();
  const before = vm.universe.heapBytes;
  vm.run(`local t = {} for i = 1, 100000 do t[i] = { i } end`);
  vm.universe.collect();
  assert.ok(vm.universe.heapBytes - before < 100_000, `${vm.universe.heapBytes - before} bytes stay`);
});

test("a mailbox nobody reads counts against its owner", () => {
  const vm = new TestUniverse();
  const victim = vm.spawn(`process.inbox() process.listen("other"):receive()`, [], 1024 * 1024);
  vm.settle();
  vm.run(`for i = 1, 20000 do process.send("${vm.pidOf(victim)}", "flood", ("x"):rep(100)) end`);
  vm.settle();
  assert.match(vm.ended(victim)?.message ?? "alive", /memory limit/);
});

test("killing a process runs its to-be-closed variables and frees its objects", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`
    local object = host.object(7)
    local guard <close> = setmetatable({}, { __close = function() print("closed") end })
    local inner = coroutine.wrap(function()
      local deep <close> = setmetatable({}, { __close = function() print("inner closed") end })
      process.inbox():receive()
    end)
    inner()`);
  vm.settle();
  vm.universe.kill(slot, null);
  vm.settle();
  assert.deepEqual(vm.printed, ["inner closed", "closed"]);
  assert.deepEqual(vm.released, [7]);
});

test("a process that catches everything can still be killed", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`while true do pcall(function() while true do end end) end`);
  vm.universe.run(50, 0);
  vm.universe.kill(slot, null);
  vm.settle();
  assert.equal(vm.ended(slot)?.ok, false);
});

test("a to-be-closed variable that never ends does not save its process", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`
    local guard <close> = setmetatable({}, { __close = function() while true do end end })
    process.inbox():receive()`);
  vm.settle();
  vm.universe.kill(slot, null);
  vm.settle();
  assert.notEqual(vm.ended(slot), undefined);
});

test("finalizers of tables never run", () => {
  const vm = new TestUniverse();
  vm.run(`setmetatable({}, { __gc = function() print("finalizer") end })`);
  vm.universe.collect();
  assert.deepEqual(vm.printed, []);
});

test("a crash in a native function stays an error of its caller", () => {
  const vm = new TestUniverse();
  assert.deepEqual(vm.values(`local ok, err = pcall(host.crash) return ok, err:kind(), err:message()`), [
    false,
    "Internal",
    "native crash",
  ]);
  assert.equal(vm.failures.length, 1);
});

test("binary chunks are not compiled", () => {
  const vm = new TestUniverse();
  assert.throws(
    () => vm.universe.code.compile("\x1bLua", "test:binary"),
    /binary chunk|unexpected symbol|attempt to load/,
  );
});

test("math.random of one process is not moved by another", () => {
  const one = new TestUniverse();
  const alone = one.values(`math.randomseed(5) return math.random(1000000), math.random(1000000)`);
  const two = new TestUniverse();
  const noisy = two.spawn(
    `math.randomseed(5) local a = math.random(1000000) host.wait(1) return a, math.random(1000000)`,
  );
  two.spawn(`for i = 1, 100 do math.random() end math.randomseed(9)`);
  two.settle();
  assert.deepEqual(two.ended(noisy)?.values, alone);
});
