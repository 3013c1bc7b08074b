/**
 * The checker, row by row of the specification.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { typeErrors } from "./typing.ts";

/** Checks what a source's errors are; without any it must be fine. */
function expectErrors(source: string, ...expected: string[]): void {
  assert.deepEqual(typeErrors(source), expected, source);
}

test("number takes any number [types.number]", () => {
  expectErrors("local a: number = 3.14\nlocal b: number = 3\na = b / 2");
  expectErrors('local x: number = "hello"', "1 string not assignable to number");
});

test("integer is a subtype of number, not the other way [types.integer]", () => {
  expectErrors("local i: integer = 42\nlocal n: number = i");
  expectErrors("local n: number = 1.5\nlocal i: integer = n", "2 number not assignable to integer");
});

test("string takes texts alone [types.string]", () => {
  expectErrors('local s: string = "a" .. 1');
  expectErrors("local s: string = 5", "1 integer not assignable to string");
});

test("boolean takes true and false [types.boolean]", () => {
  expectErrors("local b: boolean = 1 < 2\nlocal c: boolean = not b");
  expectErrors('local b: boolean = "yes"', "1 string not assignable to boolean");
});

test("any allows every operation [types.any]", () => {
  expectErrors("local a: any = require\nlocal n: number = a.b.c(1):d() + a[1]\na = nil");
});

test("every type fits any [types.any.top]", () => {
  expectErrors("local function f(x: any) end\nf(1)\nf(nil)\nf({})\nf(f)");
});

test("unknown fits no concrete type before it is narrowed [types.unknown.assign]", () => {
  expectErrors(
    "local u: unknown = tonumber('1')\nlocal n: number = u",
    "2 unknown not assignable to number, narrow it first",
  );
});

test("members of unknown are like those of any [types.unknown.member]", () => {
  expectErrors("local u: unknown = 1\nlocal x: number = u.foo.bar\nu.baz()");
});

test("type() narrows unknown [types.unknown.narrow]", () => {
  expectErrors(
    "local u: unknown = 1\nif type(u) == 'number' then local n: number = u end\nif type(u) == 'table' then u.x = 1 end",
  );
});

test("never ends the flow and fits every type [types.never]", () => {
  expectErrors(
    "local function fail(msg: string): never error(msg) end\nlocal function f(x: number?): number\n  if x then return x end\n  fail('no')\nend",
  );
  expectErrors("local function f(): never print(1) end", "1 the function may end without returning never");
});

test("nil does not fit a plain type [types.nil-literal]", () => {
  expectErrors("local x: number = nil", "1 nil not assignable to number");
  expectErrors("local x: number? = nil\nlocal y: number? = 5");
});

test("error stands in results [types.error-type]", () => {
  expectErrors(`local function fetch(url: string): (string?, error?)
  if url == "" then return nil, errors.new("empty") end
  return url, nil
end
local data, err = fetch("x")
if err then print(err:message(), err:kind()) end`);
});

test("local annotations check their values [types.syntax.local]", () => {
  expectErrors(
    "local fn: (number, string) -> boolean\nlocal a: string, b: number = 'x', 'y'",
    "2 string not assignable to number",
  );
});

test("arguments and results are checked against annotations [types.syntax.param]", () => {
  expectErrors(
    `local function add(a: number, b: number): number
  return a + b
end
add("one", "two")
add(1)
add(1, 2, 3)
local function name(): string return 5 end`,
    "4 string not assignable to number",
    "4 string not assignable to number",
    "5 missing argument 'b' of type number",
    "6 expected at most 2 arguments, got 3",
    "7 integer not assignable to string",
  );
});

test("several results are checked one by one [types.syntax.multi-return]", () => {
  expectErrors(
    `local function div(a: number, b: number): (number, string)
  return a / b, a
end
local q: number, r: number = div(1, 2)`,
    "2 number not assignable to string",
    "4 string not assignable to number",
  );
});

test("optional values must be tested before use [types.syntax.optional]", () => {
  expectErrors(
    "local function f(s: string?, t: {x: number}?)\n  print(s:upper())\n  print(t.x)\n  print(#s)\nend",
    "2 's' may be nil here",
    "3 't' may be nil here",
    "4 's' may be nil here",
  );
});

test("literals other than the listed are refused [types.syntax.literal]", () => {
  expectErrors(
    'type Status = "pending" | "active"\nlocal a: Status = "pending"\nlocal b: Status = "invalid"',
    '3 "invalid" not assignable to Status',
  );
});

test("optional fields may be absent, required ones not [types.syntax.optional-field]", () => {
  expectErrors(
    `type Config = {host: string, port: number, timeout?: number, debug?: boolean}
local a: Config = {host = "localhost", port = 8080}
local b: Config = {host = "localhost"}
local n: number = a.timeout
local c: Config = {host = 1, port = 2}`,
    "3 {host: string} not assignable to Config: missing 'port'",
    "4 number? not assignable to number",
    "5 integer not assignable to string",
  );
});

test("elements of arrays and maps are checked [types.syntax.map]", () => {
  expectErrors(
    `local list: {number} = {1, "x"}
local map: {[string]: number} = {a = 1, b = "x"}
list[1] = "y"
map.c = 2
map[1] = 3`,
    "1 string not assignable to number",
    "2 string not assignable to number",
    "3 string not assignable to number?",
    "5 integer not assignable to string",
  );
});

test("function values are checked [types.syntax.function]", () => {
  expectErrors(
    `local double: (number) -> number = function(x) return x * 2 end
local bad: (number) -> number = function(x: string): number return 1 end`,
    "2 (string) -> number not assignable to (number) -> number",
  );
});

test("variadic arguments are checked [types.syntax.variadic]", () => {
  expectErrors(
    `local function sum(...: number): number
  local total: number = 0
  for _, v in ipairs({...}) do
    total = total + v
  end
  return total
end
sum(1, 2)
sum(1, "2")`,
    "9 string not assignable to number",
  );
});

test("unknown type names are found [types.syntax.alias]", () => {
  expectErrors(
    "type A = {b: Missing}\nlocal x: Nope = 1\ntype L<T> = {T}\nlocal y: L<number, string> = {}",
    "1 unknown type 'Missing'",
    "2 unknown type 'Nope'",
    "4 type 'L' takes 1 type arguments, got 2",
  );
});

test("generic aliases substitute their arguments [types.syntax.generic-alias]", () => {
  expectErrors(
    `type Result<T, E> =
  {ok: true, value: T}
  | {ok: false, error: E}
local good: Result<number, string> = {ok = true, value = 1}
local bad: Result<number, string> = {ok = true, value = "x"}`,
    "5 string not assignable to number",
  );
});

test("type arguments are inferred from the arguments [types.syntax.generic-function]", () => {
  expectErrors(
    `local function identity<T>(x: T): T
  return x
end
local n: number = identity(42)
local s: string = identity("hello")
local b: boolean = identity("no")
local function map<A, B>(list: {A}, fn: (A) -> B): {B} return {} end
local names: {string} = map({1, 2}, function(x: number): string return "a" end)`,
    "6 string not assignable to boolean",
  );
});

test("arguments must meet the bound [types.syntax.constraint]", () => {
  expectErrors(
    `type HasName = {name: string}
local function greet<T: HasName>(obj: T): string
  return "Hello, " .. obj.name
end
greet({name = "Alice"})
greet({age = 30})`,
    "6 {age: integer} not assignable to HasName: missing 'name'",
  );
});

test("! takes nil away [types.syntax.non-nil]", () => {
  expectErrors(
    "type User = {name: string}\nlocal function f(user: User?): string\n  local a = user!.name\n  return (user!).name\nend",
  );
});

test("casts are believed [types.syntax.cast-colons]", () => {
  expectErrors("local x = 5 :: any :: string\nlocal s: string = x\nlocal t: string = (nil as string)");
});

test("channel types carry their elements [types.syntax.channel-types]", () => {
  expectErrors(
    `local ch: channel.Channel<string> = channel.new(1)
ch:send("a")
ch:send(5)
local value, ok = ch:receive()
local s: string = value`,
    "3 integer not assignable to string",
    "5 string? not assignable to string",
  );
});

test("integers fit numbers [types.sub.integer]", () => {
  expectErrors("local function f(n: number) end\nlocal i: integer = 1\nf(i)");
});

test("never fits everything [types.sub.never]", () => {
  expectErrors("local function f(): never error('x') end\nlocal s: string = f()");
});

test("a member fits its union [types.sub.union]", () => {
  expectErrors(
    "local n: number = 1\nlocal u: number | string = n\nlocal function f(x: boolean | number | string) end\nf(u)",
  );
  expectErrors(
    "local function f(u: number | string)\n  local n: number = u\nend",
    "2 number | string not assignable to number",
  );
});

test("records are compared by structure [types.sub.record]", () => {
  expectErrors(
    `type A = {name: string}
type B = {name: string, age: number}
local function f(a: A) end
local b: B = {name = "x", age = 1}
f(b)
f({name = "y", extra = 1})
f({age = 1})`,
    "7 {age: integer} not assignable to A: missing 'name'",
  );
});

test("readonly fields are covariant [types.variance.readonly]", () => {
  expectErrors("local function f(list: readonly {number}) end\nlocal ints: {integer} = {1}\nf(ints)");
  expectErrors(
    "local function f(list: readonly {number})\n  list[1] = 2\nend\ntype R = {readonly n: number}\nlocal r: R = {n = 1}\nr.n = 2",
    "2 'list' is readonly",
    "6 'n' is readonly",
  );
});

test("mutable fields are invariant [types.variance.mutable]", () => {
  expectErrors(
    `type Wide = {n: number}
type Narrow = {n: integer}
local narrow: Narrow = {n = 1}
local wide: Wide = narrow
local list: {number} = ({1} :: {integer})`,
    "4 Narrow not assignable to Wide: field 'n' differs",
    "5 {integer} not assignable to {number}",
  );
});

test("parameters are contravariant [types.variance.param]", () => {
  expectErrors(
    `local wide: (number) -> () = function(n: number) end
local a: (integer) -> () = wide
local narrow: (integer) -> () = function(n: integer) end
local b: (number) -> () = narrow`,
    "4 (integer) -> () not assignable to (number) -> ()",
  );
});

test("results are covariant [types.variance.return]", () => {
  expectErrors(
    `local function int(): integer return 1 end
local function num(): number return 1.5 end
local a: () -> number = int
local b: () -> integer = num`,
    "4 () -> number not assignable to () -> integer",
  );
});

test("readonly stands before a type [types.variance.readonly-syntax]", () => {
  expectErrors(
    "type T = {tags?: readonly {string}, map: readonly {[string]: number}}\nlocal t: T = {map = {a = 1}}",
  );
});

test("a function declared T? may end without return, one declared T not [types.config.optional-return]", () => {
  expectErrors("local function f(): number? end");
  expectErrors(
    "local function f(x: boolean): number\n  if x then return 1 end\nend",
    "3 the function may end without returning number",
  );
});

test("code without types gives no errors [types.syntax.untyped]", () => {
  const root = new URL("../lua/", import.meta.url);
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (!/^(core|std)\/.*\.lua$/.test(file)) continue;
    const source = `local function test(name, fn) end ${readFileSync(new URL(file, root), "utf8")}`;
    // The cases also misuse modules on purpose; what no untyped source may hear is that something could be nil.
    const found = typeErrors(source).filter((line) =>
      / may be nil here$| has no fields$| does not apply to /.test(line)
    );
    assert.deepEqual(found, [], file);
  }
  expectErrors(readFileSync(new URL("corpus/plain.lua", import.meta.url), "utf8"));
});

test("undefined variables and undeclared requires are found [lint.require]", () => {
  expectErrors(
    'print(nothing)\nglobal = 1\nprint(global)\nlocal x = require("x")\nlocal y = require(global)',
    "1 undefined variable 'nothing'",
    '4 require("x") is not declared in _index.yaml imports or modules',
  );
});

test("operators are checked [lint.code.type]", () => {
  expectErrors(
    `local s: string, n: number, t: {number} = "a", 1, {}
print(s + 1, n .. t, #n, -s, s < n, n(), true.x)`.replace(", true.x", ""),
    "2 operator '+' does not apply to string",
    "2 operator '#' does not apply to number",
    "2 operator '-' does not apply to string",
    "2 operator '<' can't compare string with number",
    "2 number can't be called",
  );
});

test("an optional value of a library is used without a test, but not where a type without nil is written", () => {
  assert.deepEqual(
    typeErrors(`local time, env = require("time"), require("env")
local function find(): time.Ticker? return nil end
local timer = find()
local function wait(name: string): string
  local ticker = time.ticker("1s")
  local home, err = env.get("HOME")
  if err then print(home:len()) end
  process.send(home, "topic", ticker)
  local text: string = home
  wait(home)
  return home
end
print(timer:stop(), wait("x"))`),
    [
      "7 'home' is nil here",
      "9 string? not assignable to string",
      "10 string? not assignable to string",
      "11 string? not assignable to string",
      "13 'timer' may be nil here",
    ],
  );
});

test("an error that comes behind a value is taken for an optional argument", () => {
  const env = `local env = require("env")\n`;
  assert.deepEqual(typeErrors(`${env}local n: number? = tonumber(env.get("N"))`), []);
  assert.deepEqual(typeErrors(`${env}local n: number? = tonumber("1", "2")`), [
    "2 string not assignable to integer?",
  ]);
});
