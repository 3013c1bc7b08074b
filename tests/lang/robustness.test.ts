/**
 * Sources that nobody would write: whatever comes in, diagnostics come out, and time grows with the size of the source.
 *
 * Nothing here measures time: what is not linear does not end within the limit of a test.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  check,
  type Diagnostic,
  environmentOf,
  formatDiagnostic,
  lint,
  parse,
  readLibrary,
  resolve,
} from "../../src/lang/mod.ts";
import { SOURCE_LENGTH_MAX } from "../../src/lang/parser.ts";
import { inFolder, wippy } from "../cli/wippy.ts";

const ENVIRONMENT = environmentOf(readLibrary([]), { modules: new Map(), imports: new Map() });

/** Everything that is said about a source; the first few findings are also shown. */
function diagnose(source: string): Diagnostic[] {
  const parsed = parse(source);
  assert.equal(parsed.block.end, source.length);
  const resolution = resolve(parsed);
  const { diagnostics } = check(parsed, ENVIRONMENT, resolution, new Map());
  const found = [...parsed.diagnostics, ...diagnostics, ...lint(parsed, resolution)];
  for (const diagnostic of found.slice(0, 10)) formatDiagnostic(diagnostic, "source", parsed.lines);
  return found;
}

function repeat(count: number, line: (i: number) => string, separator = "\n"): string {
  return Array.from({ length: count }, (_, i) => line(i)).join(separator);
}

const DEEP = 10_000;

test("10,000 levels of anything are refused with one syntax error", () => {
  const shapes: Record<string, string> = {
    parentheses: `return ${"(".repeat(DEEP)}1${")".repeat(DEEP)}`,
    tables: `return ${"{".repeat(DEEP)}${"}".repeat(DEEP)}`,
    functions: `return ${"function() return ".repeat(DEEP)}1${" end".repeat(DEEP)}`,
    blocks: `${"do ".repeat(DEEP)}${"end ".repeat(DEEP)}`,
    branches: `${"if a then ".repeat(DEEP)}${"end ".repeat(DEEP)}`,
    arrays: `local x: ${"{".repeat(DEEP)}number${"}".repeat(DEEP)} = nil`,
    arguments: `type T<A> = {a: A}\nlocal x: ${"T<".repeat(DEEP)}number${">".repeat(DEEP)}`,
    results: `local x: ${"() -> ".repeat(DEEP)}number`,
    keys: `return ${"a[".repeat(DEEP)}1${"]".repeat(DEEP)}`,
  };
  for (const [name, source] of Object.entries(shapes)) {
    const syntax = diagnose(source).filter(({ code }) => code === "P0001");
    assert.deepEqual(syntax.map(({ problem }) => problem.kind), ["nesting"], name);
  }
});

test("long chains are checked, very long ones have an answer", () => {
  const chains: ((count: number) => string)[] = [
    (count) => `return a${".b".repeat(count)}`,
    (count) => `return a${"()".repeat(count)}`,
    (count) => `return a${":b()".repeat(count)}`,
    (count) => `return a${"[1]".repeat(count)}`,
  ];
  for (const chain of chains) {
    assert.deepEqual(diagnose(chain(100)).map(({ code }) => code), ["E0002"]);
    diagnose(chain(20_000));
  }
  const branches = diagnose(`if a0 then ${repeat(3_000, (i) => `elseif a${i} then`, " ")} end`);
  assert.equal(branches.filter(({ code }) => code === "E0002").length, 3_000);
});

test("many of anything take time by their number", () => {
  const clean = [
    `local M = {}\n${
      repeat(3_000, (i) => `function M.f${i}(a, b)\n  local c = a + ${i}\n  return M.f${i >> 1}(b, c)\nend`)
    }\nreturn M`,
    repeat(3_000, (i) => `local function g${i}(x: number): number return x + ${i} end\nprint(g${i}(1))`),
    repeat(3_000, (i) => `local v${i}: number? = ${i}\nif v${i} then print(v${i} + 1) end`),
    `local t, x = {}, nil\n${repeat(3_000, (i) => `t.k${i} = ${i}\nx = t.k${i}`)}\nprint(x)`,
    `for _ = 1, 2 do\n${repeat(1_000, (i) => `for i = 1, ${i} do print(i) end`)}\nend`,
    `return {${repeat(8_000, (i) => `key${i} = {id = ${i}}`, ", ")}}`,
  ];
  for (const source of clean) {
    assert.deepEqual(
      diagnose(source).filter(({ severity }) => severity === "error"),
      [],
      source.slice(0, 60),
    );
  }
  const type = `type T = ${repeat(3_000, (i) => `"a${i}"`, " | ")}`;
  const errors = diagnose(`${type}\nlocal x: T = "zz"\nlocal y: T = x\nprint(y)`).filter((d) =>
    d.severity === "error"
  );
  assert.deepEqual(errors.map(({ code }) => code), ["E0001"]);
  const params = diagnose(`local function f(${repeat(4_000, (i) => `a${i}: number`, ", ")}) end f()`);
  assert.equal(params.filter(({ code }) => code === "W0005").length, 4_000);
});

test("types that refer to themselves have an answer", () => {
  for (
    const source of [
      "type T = T\nlocal x: T = 1\nprint(x.y)",
      "type A = B\ntype B = A\nlocal x: A = 1\nprint(x)",
      "type T = T?\nlocal x: T = 1\nprint(x)",
      "type T = readonly T\nlocal x: T = 1\nprint(x)",
      "type T<A> = T<T<A>>\nlocal x: T<number> = 1\nlocal y: T<string> = x\nprint(y)",
      "local function f<T: T>(x: T): T return x end\nprint(f(1))",
      "type T = () -> T\nlocal f: T = function() return f end",
    ]
  ) diagnose(source);
  const node = "type Node = {value: number, next: Node?}\n";
  assert.deepEqual(diagnose(`${node}local n: Node = {value = 1, next = {value = 2}}\nprint(n.next)`), []);
  const wrong = diagnose(`${node}local n: Node = {value = 1, next = {value = "x"}}\nprint(n)`);
  assert.deepEqual(wrong.map(({ code }) => code), ["E0001"]);
  const json = "type Json = nil | boolean | number | string | {Json} | {[string]: Json}\n";
  assert.deepEqual(diagnose(`${json}local j: Json = {1, {a = {b = {1, "x"}}}}\nprint(j)`), []);
});

test("names that every object of the host has mean nothing in a source", () => {
  for (const name of ["toString", "constructor", "hasOwnProperty", "__proto__"]) {
    const codes = (source: string) => diagnose(source.replaceAll("N", name)).map(({ code }) => code);
    assert.deepEqual(codes("N()"), ["E0002"]);
    assert.deepEqual(codes("local x: N = 1\nreturn x"), ["E0008"]);
    assert.deepEqual(codes("local t = {N = 1}\nreturn t.N"), []);
    assert.deepEqual(codes("type R = {a: string @N(1)}\nreturn R"), ["E0011"]);
    assert.deepEqual(
      codes('local function f(a)\n  if type(a) == "N" then return a.x end\nend\nreturn f'),
      [],
    );
  }
});

test("a source that is too long is told of, not read", () => {
  const [finding, ...rest] = parse("-".repeat(SOURCE_LENGTH_MAX + 1)).diagnostics;
  assert.equal(finding?.problem.kind, "too-long");
  assert.deepEqual(rest, []);
  assert.deepEqual(parse(" ".repeat(100_000)).diagnostics, []);
});

test("files that are no text, or far too long, end in diagnostics of the command", async () => {
  await inFolder({
    "src/_index.yaml": `namespace: app
entries:
  - {name: bytes, kind: library.lua, source: "file://bytes.lua"}
  - {name: long, kind: library.lua, source: "file://long.lua"}
  - {name: fine, kind: library.lua, source: "return {}"}
`,
    "src/long.lua": `${"local x = 1\n".repeat(4_400_000)}`,
  }, async (cwd) => {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(`${cwd}/src/bytes.lua`, new Uint8Array([0x72, 0xff, 0xfe, 0x00, 0xc3, 0x28]));
    const { code, stdout, stderr } = await wippy(["lint"], { cwd });
    assert.equal(code, 1, stderr);
    assert.match(stdout, /error: source: expected text, got 6 bytes that are no UTF-8 text \[E0014\]/);
    assert.match(
      stdout,
      /src\/long\.lua:1:1: error: the source has 52800000 characters, at most 16777216 are read/,
    );
    assert.match(stdout, /Checked 3 entries: 2 errors, 0 warnings\n$/);
  });
});
