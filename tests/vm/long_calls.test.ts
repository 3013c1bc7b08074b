/**
 * No call of C holds the worker: it is interrupted, or counts by the work it does, or ends with an error.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attack, TestUniverse } from "./universe.ts";

for (
  const [name, body] of [
    ["__tostring", `tostring(setmetatable({}, { __tostring = function() while true do end end }))`],
    [
      "__tostring that catches",
      `while true do pcall(tostring, setmetatable({}, { __tostring = function() while true do end end })) end`,
    ],
    [
      "__lt in a sort",
      `table.sort(setmetatable({ {}, {} }, {
      __index = function() return setmetatable({}, { __lt = function() while true do end end }) end, __len = function() return 9 end }))`,
    ],
    [
      "table.insert by __len",
      `table.insert(setmetatable({}, { __len = function() return 1 << 60 end }), 1, 1)`,
    ],
    ["table.remove by __len", `table.remove(setmetatable({}, { __len = function() return 1 << 60 end }), 1)`],
    [
      "table.unpack by __index",
      `table.unpack(setmetatable({}, { __index = function() for i = 1, 100 do end return 1 end }), 1, 200000)`,
    ],
  ] as const
) {
  test(`a call that can't be interrupted ends: ${name}`, () => {
    const ended = attack(body);
    assert.equal(ended.ok, false);
    assert.match(ended.message, /takes too long/);
  });
}

for (
  const [name, body] of [
    ["sort comparator", `table.sort({ 3, 2, 1 }, function() while true do end end)`],
    [
      "sort comparator that catches",
      `while true do pcall(table.sort, { 3, 2, 1 }, function() while true do end end) end`,
    ],
    ["sort of many", `local t = {} for i = 1, 1000000 do t[i] = i * 7919 % 1000003 end table.sort(t)`],
    ["gsub callback", `("x"):gsub("x", function() while true do end end)`],
    ["gsub of a long text", `for i = 1, 1000 do (("ab"):rep(4000000)):gsub("b", "c") end`],
    ["a search", `for i = 1, 1000 do (("a"):rep(8000000)):find("[bc]") end`],
    ["gmatch", `for word in (("a"):rep(8000000)):gmatch("[bc]") do end while true do end`],
    [
      "table.concat by __index",
      `table.concat(setmetatable({}, { __index = function() return "" end }), "", 1, 1 << 60)`,
    ],
    ["table.move", `table.move({}, 1, 1 << 60, 2)`],
    ["table.move down", `table.move(setmetatable({}, { __newindex = function() end }), 1, 1 << 60, 2)`],
  ] as const
) {
  test(`a call that takes long is interrupted, others run beside it: ${name}`, () => {
    const vm = new TestUniverse();
    const slot = vm.spawn(body);
    const other = vm.spawn(
      `for i = 1, 20 do local ticks = 0 while ticks < 4000 do ticks = ticks + 1 end end return "done"`,
    );
    for (let turns = 0; turns < 4000 && vm.ended(other) === undefined; turns += 1) vm.universe.run(1, 0);
    assert.deepEqual(vm.ended(other)?.values, ["done"]);
    assert.equal(vm.ended(slot), undefined);
    vm.universe.kill(slot, null);
    vm.settle();
    assert.equal(vm.universe.live, 0);
  });
}

for (
  const [name, work] of [
    ["equality", `local same = a == b`],
    ["order", `local before = a < b`],
    ["plain search", `a:find("b", 1, true)`],
    ["a copy", `local copy = a:sub(2)`],
    ["upper case", `local upper = a:upper()`],
    ["joining", `local both = a .. b`],
    ["a repetition", `local again = ("ab"):rep(1000000)`],
    ["next over empty slots", `next(empty)`],
    ["a native function", `host.echo(a)`],
  ] as const
) {
  test(`work on long values counts by their length: ${name}`, () => {
    const vm = new TestUniverse();
    const slot = vm.spawn(`
      local a, b = ("x"):rep(2000000) .. "a", ("x"):rep(2000000) .. "b"
      local empty = {}
      for i = 1, 1 << 17 do empty[i] = i end
      for i = 1, 1 << 17 do empty[i] = nil end
      process.inbox():receive()
      for i = 1, 50 do ${work} end
      return true`);
    vm.settle();
    const sender = vm.spawn(`process.send("${vm.pidOf(slot)}", "go", 1)`);
    let turns = 0;
    for (; vm.ended(slot) === undefined; turns += 1) vm.universe.run(1, 0);
    assert.equal(vm.ended(sender)?.ok, true);
    assert.ok(turns >= 40, `${turns} turns`);
  });
}

test("sort, gsub and concat give the same when they are interrupted at every step", () => {
  const body = `
    local t, out = {}, {}
    for i = 1, 300 do t[i] = i * 7919 % 307 end
    table.sort(t)
    for i = 2, #t do assert(t[i - 1] <= t[i]) end
    table.sort(t, function(a, b) return a > b end)
    for i = 2, #t do assert(t[i - 1] >= t[i]) end
    local words = {}
    for i = 1, 1500 do words[i] = "w" .. i end
    local text = table.concat(words, ",")
    assert(select(2, text:gsub(",", ",")) == 1499)
    local upper, n = text:gsub("w(%d+)", function(d) if d == "7" then return false end return "<" .. d .. ">" end)
    assert(n == 1500 and upper:sub(1, 27) == "<1>,<2>,<3>,<4>,<5>,<6>,w7,", upper:sub(1, 30))
    local count = 0
    for d in text:gmatch("w(%d+)") do count = count + 1 assert(tonumber(d) == count) end
    assert(text:find("w1500", 1, true) == #text - 4 and text:match("w(1500)$") == "1500")
    local moved = table.move(words, 1, 1500, 3)
    assert(moved[1502] == "w1500" and moved[3] == "w1" and moved[2] == "w2")
    table.insert(moved, 2, "new")
    assert(#moved == 1503 and moved[2] == "new" and moved[3] == "w2" and moved[1503] == "w1500")
    assert(table.remove(moved, 1) == "w1" and moved[1] == "new" and #moved == 1502 and moved[1502] == "w1500")
    local ok, err = pcall(table.sort, { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, function() return true end)
    assert(not ok and err:find("invalid order function", 1, true), err)
    return text .. upper .. table.concat(t, ",")`;
  const whole = new TestUniverse().values(body);
  assert.deepEqual(new TestUniverse({ budget: 1 }).values(body), whole);
});

test("patterns that explode end with an error", () => {
  const ended = attack(`return pcall(string.find, ("a"):rep(30), ("a?"):rep(30) .. ("a"):rep(30))`);
  assert.deepEqual(ended.values, [false, "pattern too complex"]);
  assert.equal(attack(`return ("a"):rep(200000):find(".-.-.-b")`).ok, false);
});

test("a plain search is linear in the worst case", () => {
  const ended = attack(`return (("a"):rep(300000)):find(("a"):rep(150000) .. "b", 1, true)`);
  assert.deepEqual(ended.values, [null]);
});
