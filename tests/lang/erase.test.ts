/**
 * Every form of type syntax: it parses, and nothing of it reaches the VM.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, parseForRun } from "../../src/lang/mod.ts";
import { assertPlain, errors, plain } from "./source.ts";

test("annotated locals lose their types, with and without a value [types.syntax.local]", () => {
  assertPlain("local x: number = 5", "local x         = 5");
  assertPlain("local fn: (number, string) -> boolean", "local fn");
  assertPlain("local a: string, b: {number} = 'x', {}", "local a        , b           = 'x', {}");
  assertPlain("for i: integer = 1, 2 do end", "for i          = 1, 2 do end");
  assertPlain("for k: string, v: any in pairs(t) do end", "for k        , v      in pairs(t) do end");
});

test("attributes of locals stay, on either side of the type [base.lua53]", () => {
  assertPlain("local x <const>: number = 5", "local x <const>         = 5");
  assertPlain("local f: File <close> = open()", "local f       <close> = open()");
  assert.deepEqual(errors("local x <weak> = 1"), [
    "1:10 unknown attribute 'weak', known are 'const' and 'close'",
  ]);
});

test("parameters and results of local, global, method and anonymous functions [types.syntax.param]", () => {
  assertPlain("local function f(a: T, b: U): R end", "local function f(a   , b   )    end");
  assertPlain("function m.f(a: T) end", "function m.f(a   ) end");
  assertPlain("function m:f(a: T): R? end", "function m:f(a   )     end");
  assertPlain("local g = function(a: T): R return a end", "local g = function(a   )    return a end");
  assertPlain("function f(a: string, b?: number) end", "function f(a        , b         ) end");
});

test("lists of results, also empty, named and variadic [types.syntax.multi-return]", () => {
  assertPlain("function f(): (T, U) end", "function f()         end");
  assertPlain("function f(): () end", "function f()     end");
  assertPlain("function f(): (ok: boolean, ...: any) end", "function f()                          end");
  assertPlain("function f(): (number | string)? end", "function f()                     end");
  assert.deepEqual(errors("local x: (A, B) = 1"), [
    "1:10 a list of types stands only for results of a function",
  ]);
});

test("optional types [types.syntax.optional]", () => {
  assertPlain("local x: T? = nil", "local x     = nil");
  assertPlain("local x: (A | B)? = nil", "local x           = nil");
});

test("unions continue on lines that start with a bar [types.syntax.union]", () => {
  assertPlain("local x: A | B = 1", "local x        = 1");
  assertPlain("local x: A\n  | B\n  | C = 1\nprint(x)", "local x\n\n      = 1\nprint(x)");
  assertPlain("type S =\n  | 'a'\n  | 'b'\nprint(1)", ";\n\n\nprint(1)");
});

test("intersections bind tighter than unions [types.syntax.intersection]", () => {
  const { typeStatements } = parse("type P = A & B | C");
  assert.equal(typeStatements[0]!.type.kind, "type-union");
  assertPlain("local p: A & B & C = x", "local p            = x");
});

test("literal types keep their values [types.syntax.literal]", () => {
  const { typeStatements } = parse(`type T = "a\\n" | true | false | -3`);
  const type = typeStatements[0]!.type;
  assert.ok(type.kind === "type-union");
  assert.deepEqual(type.members.map((m) => m.kind === "type-literal" ? m.value : m.kind), [
    "a\n",
    true,
    false,
    -3,
  ]);
});

test("records, nested and over several lines [types.syntax.record]", () => {
  assertPlain("local u: {name: string, pos: {x: number; y: number;}} = v", `local u${" ".repeat(47)}= v`);
  assertPlain("local u: {\n  name: string, -- who\n} = v", "local u\n\n  = v");
  const { typeStatements } = parse("type T = {end: number, type: string, readonly: boolean}");
  const type = typeStatements[0]!.type;
  assert.ok(type.kind === "type-record");
  assert.deepEqual(type.fields.map((f) => f.name), ["end", "type", "readonly"]);
});

test("optional and readonly fields [types.syntax.optional-field]", () => {
  const { typeStatements, diagnostics } = parse(
    "type T = {a?: A, readonly b: readonly {B}, readonly c?: C, [string]: D}",
  );
  assert.deepEqual(diagnostics, []);
  const type = typeStatements[0]!.type;
  assert.ok(type.kind === "type-record");
  assert.deepEqual(type.fields.map((f) => [f.name, f.isOptional, f.isReadonly]), [
    ["a", true, false],
    ["b", false, true],
    ["c", true, true],
  ]);
  assert.equal(type.fields[1]!.type.kind, "type-readonly");
  assert.ok(type.indexer !== undefined);
});

test("arrays [types.syntax.array]", () => {
  assertPlain("local x: {{number}?} = {}", "local x              = {}");
  assert.equal(parse("type A = {string}").typeStatements[0]!.type.kind, "type-array");
  assert.deepEqual(errors("type A = {string, number}"), ["1:19 expected a field 'name: type', found a type"]);
});

test("maps [types.syntax.map]", () => {
  assertPlain("local x: {[string]: {[integer]: any}} = {}", `local x${" ".repeat(31)}= {}`);
  assert.equal(parse("type A = {[string]: number}").typeStatements[0]!.type.kind, "type-map");
});

test("function types, also as parameters and results [types.syntax.function]", () => {
  assertPlain("local f: (number, cb: (string) -> ()) -> (A, B) = g", `local f${" ".repeat(41)}= g`);
  const type = parse("type F = (A) -> (B) -> C | D").typeStatements[0]!.type;
  assert.ok(type.kind === "type-function");
  assert.equal(type.returns.types[0]!.kind, "type-function");
});

test("typed variadics [types.syntax.variadic]", () => {
  assertPlain(
    "local function sum(...: number): number return ... end",
    "local function sum(...        )         return ... end",
  );
  const type = parse("type F = (string, ...: any) -> ...string").typeStatements[0]!.type;
  assert.ok(type.kind === "type-function" && type.vararg !== undefined && type.returns.vararg !== undefined);
});

test("an alias leaves nothing unless its name is read as a value [types.syntax.alias]", () => {
  assertPlain("type A = {b: B}\nlocal x: A = {}", ";\nlocal x    = {}");
  assertPlain("type Config = {a: A}\nreturn {Config = Config}", "local Config;\nreturn {Config = Config}");
  const typed = plain("type Config = {\n  a: A,\n}\nreturn {Config = Config}", { hasTypeValues: true });
  assert.equal(typed.replace(/ +$/gm, ""), 'local Config = _ENV["@types"][1];\n\n\nreturn {Config = Config}');
});

test("an alias beside a variable of its name leaves the variable alone [types.syntax.alias]", () => {
  assertPlain(
    "local Account = {}\ntype Account = {n: number}\nreturn Account",
    "local Account = {}\n;\nreturn Account",
  );
});

test("an erased alias keeps the statements around it apart [types.syntax.alias]", () => {
  assertPlain("local a = f\ntype T = number\n(g)()", "local a = f\n;\n(g)()");
});

test("generic aliases, with nested arguments [types.syntax.generic-alias]", () => {
  assertPlain("type Result<T, E> = {ok: true, value: T} | {ok: false, error: E}", ";");
  assertPlain("local x: Map<K, List<V>>= {}", "local x                 = {}");
  assertPlain("local x: List<V>= {}", "local x         = {}");
});

test("generic functions [types.syntax.generic-function]", () => {
  assertPlain("local function id<T>(x: T): T return x end", "local function id   (x   )    return x end");
  assertPlain("local f = function<T, U>(x: T, y: U) end", "local f = function      (x   , y   ) end");
  assertPlain("function m:map<T>(f: (T) -> T) end", "function m:map   (f          ) end");
});

test("constraints of type parameters [types.syntax.constraint]", () => {
  assertPlain(
    "local function g<T: HasName, U: {id: string}>(x: T) end",
    `local function g${" ".repeat(29)}(x   ) end`,
  );
});

test("non-nil marks vanish, alone and within chains [types.syntax.non-nil]", () => {
  assertPlain("local n = (user!).name", "local n = (user ).name");
  assertPlain("f(a!, b!)", "f(a , b )");
  assertPlain("if a! == b then end", "if a  == b then end");
  assert.deepEqual(errors("if a != b then end"), ["1:6 '!=' is not an operator of Lua, write '~='"]);
});

test("casts with colons vanish and never glue statements together [types.syntax.cast-colons]", () => {
  assertPlain("local u = x :: User", "local u = x");
  assertPlain("local u = x :: any :: User", "local u = x");
  assertPlain("local u = a + b :: number * 2", "local u = a + b           * 2");
  assertPlain("local u = f() :: {string}\n(g)()", "local u = f() ;\n(g)()");
  assertPlain("local ok = x :: number < 5", "local ok = x           < 5");
  assertPlain("local ok = x :: T < y", "local ok = x      < y");
  assertPlain("f(x :: T, y :: U?)", "f(x     , y      )");
});

test("casts with as vanish; as stays a name elsewhere [types.syntax.cast-as]", () => {
  assertPlain("local u = x as User", "local u = x");
  assertPlain("local u = x\n  as User\nprint(u)", "local u = x\n\nprint(u)");
  assertPlain("local as = 1", "local as = 1");
  assertPlain("x = y\nas = 5", "x = y\nas = 5");
  assertPlain("x = y\nas(5)", "x = y\nas(5)");
  assertPlain("as.b = as\nas:c()", "as.b = as\nas:c()");
  assertPlain("local x = as as as", "local x = as");
});

test("labels are not casts [types.syntax.label-clash]", () => {
  for (
    const source of [
      "for i = 1, 3 do\n  x = i\n  ::continue::\nend",
      "do goto done; x = y ::done:: end",
      "local x = y ::done:: print(x)",
      "local x = y\n:: done ::\nprint(x)",
      "repeat local x = f() ::next:: until x",
      "goto a ::a:: ::b:: do end",
    ]
  ) assert.equal(plain(source), source);
});

test("annotations follow any type and repeat [types.syntax.validator]", () => {
  assertPlain("local x: number @min(0) @max(100) = 50", `local x${" ".repeat(27)}= 50`);
  assertPlain("local id: number @min(1) | string @min_len(1) = 1", `local id${" ".repeat(38)}= 1`);
  assertPlain('local s: {string @pattern("^.+@.+$")} @min_len(1) = {}', `local s${" ".repeat(43)}= {}`);
  const type = parse("type A = {age: number @min(0) @max(150)}").typeStatements[0]!.type;
  assert.ok(type.kind === "type-record");
  const field = type.fields[0]!.type;
  assert.ok(field.kind === "type-annotated");
  assert.deepEqual(field.annotations.map((a) => a.name), ["min", "max"]);
});

test("channel types [types.syntax.channel-types]", () => {
  assertPlain("local c: channel.Channel<string> = ch", `local c${" ".repeat(26)}= ch`);
  assertPlain("local c: channel.SelectCase<channel.Channel<T>, T>? = ch", `local c${" ".repeat(45)}= ch`);
});

test("typeof standing alone leaves nothing", () => {
  const run = parseForRun("local f = print\ntypeof(f)\nf(1)", "alone", { hasTypeValues: true });
  assert.ok(run.ok);
  assert.equal(run.source, "local f = print\n;        \nf(1)");
});

test("typeof in a type takes an expression", () => {
  assertPlain("type Sample = typeof(sample)\nprint(1)", ";\nprint(1)");
  assertPlain("local x: typeof(a.b[1]) = y", "local x                 = y");
});

test("code without types comes out byte for byte [types.syntax.untyped]", () => {
  const source = `local type, readonly, typeof, as = type, 1, 2, 3
print(type(x), type "s", type{}, as, readonly)
type = function() return type end
local t = {type = 1, as = 2, readonly = 3, ["typeof"] = 4; n = 0x1p4, [1] = ...}
t.type, t.as = t.as, t.type
local s = 'a\\z
   b' .. [==[
]] ]==] --[[ comment ]] .. "\\u{48}\\x41\\065"
for i = #s, 1, -1 do s = s:sub(1, i) if i > 2 and not (i ~= 3) then break end end
repeat local a <const> = 1 // 2 & ~3 | 4 ~ 5 << 6 >> 7 until a
while false do ; end
function t.a.b:c(...) return ... end
goto last
::last::
return t, function(a, b, ...) return -a ^ b % 2, (...) end
`;
  const result = parseForRun(source, "test");
  assert.ok(result.ok);
  assert.equal(result.source, source);
});

test("a byte order mark and a # line are blanked", () => {
  assert.equal(plain("\ufeff#!/usr/bin/env wippy\nreturn 1").trim(), "return 1");
  assert.equal(plain("\ufeff#!/usr/bin/env wippy\nreturn 1").split("\n").length, 2);
});
