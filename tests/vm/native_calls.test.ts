/** What native functions are given and give back, read and written past the codec. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cell, Columns, Fields, Records } from "../../src/core/mod.ts";
import { TestUniverse } from "./universe.ts";

test("short lists are read from memory, other tables by value", () => {
  const vm = new TestUniverse();
  const [values, empty, none, ...others] = vm.values(`
    local grown, cut, rough = {}, { 1, 2, 3, 4 }, { 1, 2, 3, 4, 5, 6, 7, 8 }
    for i = 1, 5 do grown[i] = i end
    cut[4], cut[3] = nil, nil
    rough[8], rough[7], rough[6], rough[5] = nil, nil, nil, nil
    local length = #rough
    return host.list({ 7, -1, math.maxinteger, 2.5, "ü", "\\255", true, false, ("long"):rep(20) }),
      host.list({}), host.list(5),
      host.list(grown), host.list(cut), host.list({ 1, nil, 3, nil }), host.list({ nil, nil }),
      host.list({ name = 1 }), host.list({ 1, name = 2 }), host.list({ {} }), host.list({ host.object(1) }),
      host.list(setmetatable({ 1 }, { __index = { 2 } })),
      type(host.list(rough)) == "table" or host.list(rough)`);
  assert.deepEqual(values, [
    7,
    -1,
    2n ** 63n - 1n,
    2.5,
    "ü",
    new Uint8Array([255]),
    true,
    false,
    "long".repeat(20),
  ]);
  assert.deepEqual(empty, []);
  assert.equal(none, "by value");
  const [grown, cut, holes, nothing, ...tables] = others;
  assert.deepEqual(grown, [1, 2, 3, 4, 5]);
  assert.deepEqual(cut, [1, 2]);
  assert.deepEqual(holes, [1, null, 3]);
  assert.deepEqual(nothing, []);
  assert.deepEqual(tables, ["by value", "by value", "by value", "by value", [1], true]);
});

test("floats that are whole stay floats in lists", () => {
  const vm = new TestUniverse();
  const [a, b] = vm.values(`local t = host.list({ 2.0, 2 }) return math.type(t[1]), math.type(t[2])`);
  assert.deepEqual([a, b], ["float", "integer"]);
});

test("texts are right however their strings come and go", () => {
  const vm = new TestUniverse();
  const [wrong] = vm.values(`
    local constant, wrong = "a constant that is asked for again and again", 0
    for i = 1, 20000 do
      local made = "a text of one size, number " .. 100000 + i % 977
      if host.text(made) ~= made or host.text(made) ~= made then wrong = wrong + 1 end
      if host.text(constant) ~= constant then wrong = wrong + 1 end
    end
    return wrong`);
  assert.equal(wrong, 0);
});

test("texts are right whichever argument they are, and beside others of their place", () => {
  const vm = new TestUniverse();
  const [wrong] = vm.values(`
    local texts, wrong = {}, 0
    for i = 1, 600 do texts[i] = "a text that is kept for a while, number " .. i end
    for round = 1, 6 do
      for i = 1, 600 do
        local a, b, c = texts[i], texts[i * 7 % 600 + 1], texts[i % 13 + 1]
        local x, y, z = host.texts(a, b, c)
        if x ~= a or y ~= b or z ~= c then wrong = wrong + 1 end
        x, y, z = host.texts(i, a, b)
        if x ~= tostring(i) or y ~= a or z ~= b then wrong = wrong + 1 end
      end
    end
    return wrong`);
  assert.equal(wrong, 0);
});

test("a list that was given back is used again, and holds nothing meanwhile", () => {
  const vm = new TestUniverse();
  assert.deepEqual(
    vm.values(`
      local a, _, held = host.lent({ 1, 2 })
      local b, isNew = host.lent({ 3, 4 })
      local c, isOther = host.lent({ 5, 6, 7 })
      return a, held, b, isNew, c, isOther, #host.list({ 8, 9, 10 })`),
    [3, null, 7, false, 18, true, 3],
  );
});

test("userdata of the VM is told from objects of the host", () => {
  const vm = new TestUniverse();
  assert.deepEqual(
    vm.values(`
      local of = host.object(1).id
      return pcall(of, errors.new("no")), pcall(of, channel.new(1)), pcall(of, host.payload(1)), of(host.object(7))`),
    [false, false, false, 7],
  );
});

/** Records of columns that are new to every universe but this one. */
function records(names: string[], ...rows: Cell[][]): Records {
  return new Records(
    new Columns(names),
    rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]!]))),
  );
}

test("records are tables with exact values", () => {
  const vm = new TestUniverse();
  const long = "x".repeat(100);
  vm.records.push(
    records(["i", "f", "t", "b", "n", "yes"], [7n, 2, "ü", new Uint8Array([255, 0]), null, true]),
    records(["i"], [-(2n ** 63n)], [2n ** 63n - 1n], [2n ** 53n + 1n]),
    records(["v", ""], [null, long], [null, null]),
    records(["v"]),
  );
  assert.deepEqual(
    vm.values(`
    local row = host.records(0)[1]
    local keys = {}
    for key in pairs(row) do keys[#keys + 1] = key end
    table.sort(keys)
    return math.type(row.i), row.i, math.type(row.f), row.f, row.t, row.b == "\\255\\0", row.n, row.yes, table.concat(keys, " ")`),
    ["integer", 7, "float", 2, "ü", true, null, true, "b f i t yes"],
  );
  assert.deepEqual(
    vm.values(`
    local rows = host.records(1)
    return #rows, rows[1].i == math.mininteger, rows[2].i == math.maxinteger, rows[3].i == 2^53 | 1`),
    [3, true, true, true],
  );
  assert.deepEqual(
    vm.values(`
    local rows = host.records(2)
    return #rows, rows[1][""], next(rows[2]), #host.records(3), next(host.records(3))`),
    [2, long, null, 0, null],
  );
});

test("one record is a table, whose whole numbers are integers", () => {
  const vm = new TestUniverse();
  const columns = new Columns(["a", "b", "c", "d", "e", "f"]);
  const text = "ü".repeat(70);
  vm.records.push(
    new Fields(columns, [-(2 ** 53) + 1, 2 ** 53 - 1, 2n ** 63n - 1n, 0.5, text, null]),
    new Fields(columns, [0, -1, -(2 ** 32), 2 ** 32, "x".repeat(200), false]),
  );
  assert.deepEqual(
    vm.values(`
    local r, s = host.records(0), host.records(1)
    for _, v in ipairs({ r.a, r.b, r.c, s.a, s.b, s.c, s.d }) do if math.type(v) ~= "integer" then return v end end
    return r.a, r.b, r.c == math.maxinteger, r.d, r.e, r.f, s.a, s.b, s.c, s.d, #s.e, s.f`),
    [-(2 ** 53) + 1, 2 ** 53 - 1, true, 0.5, text, null, 0, -1, -(2 ** 32), 2 ** 32, 200, false],
  );
});

test("a row can be a metatable", () => {
  const vm = new TestUniverse();
  vm.records.push(records(["__index", "a"], ["text", 1n]));
  assert.deepEqual(vm.values(`return setmetatable({}, host.records(0)[1]).upper == ("").upper`), [true]);
});

test("rows of one shape are independent, and stay whole when garbage is collected", () => {
  const vm = new TestUniverse();
  vm.records.push(records(["a", "b", "c"], [1n, "x", null], [2n, null, 0.5]));
  const [ok] = vm.values(`
    local kept = {}
    for i = 1, 3000 do
      local rows = host.records(0)
      rows[1].b = rows[1].b .. i
      rows[1].more, rows[2].a = { i }, nil
      kept[i % 50 + 1] = rows
    end
    for i = 1, 50 do
      local rows = kept[i]
      local n = rows[1].more[1]
      if rows[1].a ~= 1 or rows[1].b ~= "x" .. n or rows[1].c ~= nil then return false end
      if rows[2].a ~= nil or rows[2].b ~= nil or rows[2].c ~= 0.5 or #rows ~= 2 then return false end
      for key in pairs(rows[2]) do if key ~= "c" then return false end end
    end
    local fresh = host.records(0)
    return fresh[1].b == "x" and fresh[1].more == nil and fresh[2].a == 2`);
  assert.equal(ok, true);
});

test("records reach a process that had to wait for them", () => {
  const vm = new TestUniverse();
  const slot = vm.spawn(`local rows = host.wait(1) return #rows, rows[1].a, math.type(rows[1].f)`);
  vm.universe.run(100, 0);
  vm.complete(records(["a", "f"], [3n, 1]));
  vm.settle();
  assert.deepEqual(vm.ended(slot)?.values, [1, 3, "float"]);
});

test("columns past those that the VM remembers still arrive", () => {
  const vm = new TestUniverse();
  for (let i = 0; i < 4200; i++) vm.records.push(records([`column ${i}`], [BigInt(i)]));
  const [wrong] = vm.values(`
    local wrong = 0
    for i = 0, 4199 do if host.records(i)[1]["column " .. i] ~= i then wrong = wrong + 1 end end
    return wrong`);
  assert.equal(wrong, 0);
});

test("many rows are more than the buffer takes", () => {
  const vm = new TestUniverse();
  vm.records.push(
    records(["id", "name"], ...Array.from({ length: 20_000 }, (_, i) => [BigInt(i), `n ${i}`])),
  );
  const [count, last] = vm.values(`
    local rows = host.records(0)
    for i, row in ipairs(rows) do if row.id ~= i - 1 or row.name ~= "n " .. i - 1 then return i end end
    return #rows, rows[20000].name`);
  assert.deepEqual([count, last], [20_000, "n 19999"]);
});

test("rows past a memory limit end their process alone", () => {
  const vm = new TestUniverse();
  vm.records.push(
    records(["id", "name"], ...Array.from({ length: 50_000 }, (_, i) => [BigInt(i), `name of ${i}`])),
  );
  const ended = vm.run(`return #host.records(0)`, [], 1024 * 1024);
  assert.equal(ended.ok, false);
  assert.match(ended.message, /memory/);
  assert.deepEqual(vm.values(`return #host.records(0)`), [50_000]);
});

test("a method knows the object it is called on, whatever it is given", () => {
  const vm = new TestUniverse();
  const [id, other, payload, nothing] = vm.values(`
    local object = host.object(41)
    local function refused(...) local ok, err = pcall(...) return not ok and tostring(err) end
    return object:id(), refused(object.id, "text"), refused(object.id, host.payload(1)), refused(object.id)`);
  assert.equal(id, 41);
  for (const text of [other, payload, nothing]) assert.match(String(text), /bad argument #1/);
});

test("objects of the host that a loop drops do not pile up", () => {
  const vm = new TestUniverse();
  const count = 200_000;
  vm.spawn(`for i = 1, ${count} do host.object(i) end host.wait(1)`, [], 1e9);
  let most = 0;
  while (vm.universe.run(16, 2) > 0) most = Math.max(most, vm.made - vm.released.length);
  assert.equal(vm.made, count);
  assert.ok(most < count / 4, `${most} of ${count} objects were there at once`);
});
