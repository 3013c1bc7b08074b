/**
 * Types across modules: declaration files and imports.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, describe, environmentOf, parse, readLibrary } from "../../src/lang/mod.ts";
import { checked, declarations, typeErrors } from "./typing.ts";

/** Type errors of a source that sees one declared module `m`. */
function errorsWith(declaration: string, source: string): string[] {
  const parsed = parse(source);
  const library = readLibrary([declaration], (problem) => assert.fail(JSON.stringify(problem)));
  const environment = environmentOf(library, { modules: new Map([["m", "m"]]), imports: new Map() });
  return check(parsed, environment).diagnostics.map((d) => `${parsed.lines.line(d.start)} ${describe(d)}`);
}

test("types of one source are used in another [types.module.shared]", () => {
  const { module } = checked(
    "type Config = {host: string}\nlocal function open(c: Config): string return c.host end\nreturn {Config = Config, open = open}",
  );
  assert.deepEqual(
    typeErrors(
      `local lib = require("lib")
local c: lib.Config = {host = 1}
local d: lib.Missing = 1
print(lib.open(5), lib.nothing)
local found, err = lib.Config:is({})
if found then print(found.host, found.port) end`,
      { lib: module },
    ),
    [
      "2 integer not assignable to string",
      "3 unknown type 'lib.Missing'",
      "4 integer not assignable to Config",
      "6 no field 'port' in Config",
    ],
  );
});

test("declaration files of all modules read without a problem [types.module.manifest]", () => {
  for (const [file, source] of declarations()) {
    const problems: unknown[] = [];
    readLibrary(
      [...declarations().values()].filter((other) => other !== source).concat(source),
      (problem) => problems.push(problem),
    );
    assert.deepEqual(problems, [], file);
  }
});

test("required, optional and variadic parameters and results of module functions [types.module.func-builder]", () => {
  assert.deepEqual(
    errorsWith(
      "function m.call(id: string, retries: integer?, ...: number): (string?, error?)",
      `m.call("a")
m.call("a", nil, 1, 2.5)
m.call()
m.call("a", "b")
m.call("a", 1, "c")
local text: string, err = m.call("a")`,
    ),
    [
      "3 missing argument 'id' of type string",
      "4 string not assignable to integer?",
      "5 string not assignable to number",
      "6 string? not assignable to string",
    ],
  );
});

test("required and optional fields of module records [types.module.record-builder]", () => {
  assert.deepEqual(
    errorsWith(
      "type m.Options = {name: string, limit?: integer}\nfunction m.open(options: m.Options): m.Options",
      `local o: m.Options = m.open({name = "x"})
m.open({limit = 1})
m.open({name = "x", limit = "many"})
print(o.name, o.none)`,
    ),
    [
      "2 {limit: integer} not assignable to m.Options: missing 'name'",
      "3 string not assignable to integer?",
      "4 no field 'none' in m.Options",
    ],
  );
});

test("methods take their receiver first [types.module.self]", () => {
  assert.deepEqual(
    errorsWith(
      "type m.Timer = {reset: (self: m.Timer, ms: integer) -> m.Timer}\nfunction m.timer(): m.Timer",
      `local t: m.Timer = m.timer():reset(5):reset(6)
t:reset("soon")
t.reset(t, 5)
t.reset(5)
t:start()`,
    ),
    [
      "2 string not assignable to integer",
      "4 missing argument 'ms' of type integer",
      "4 integer not assignable to m.Timer",
      "5 no field 'start' in m.Timer",
    ],
  );
});
