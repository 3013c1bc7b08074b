/**
 * Syntax errors, recovery from them, positions, and sources that nobody would write.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDiagnostic, LineMap, parse, parseForRun } from "../../src/lang/mod.ts";
import { errors } from "./source.ts";

test("every error of a file is reported, each at its place [lint.code.parse]", () => {
  const source = `local x = = 3
if x = 4 then
  foo(1, 2
end
local function f(a, b
  return a +
end
x += 1
foo bar
local s = "abc
return 5 +`;
  assert.deepEqual(errors(source), [
    "1:11 expected an expression, found '='",
    "2:6 expected 'then', found '='",
    "3:11 expected ')' to close '(' on line 3, found 'end'",
    "5:22 expected ')' to close '(' on line 5, found 'return'",
    "6:13 expected an expression, found 'end'",
    "8:3 '+=' is not an operator of Lua, write 'x = x + ...'",
    "9:5 unexpected name 'bar'",
    "10:11 this string is not closed on its line",
    "11:11 expected an expression, found the end of the source",
  ]);
  assert.ok(parse(source).diagnostics.every((d) => d.code === "P0001" && d.severity === "error"));
});

test("a missing end names the opener and the block that is indented differently", () => {
  assert.deepEqual(errors("function f()\n  if a then\n    b()\nend\n"), [
    "4:4 expected 'end' to close 'function' on line 1, found the end of the source; " +
    "look at 'if' on line 2, its end is indented differently",
  ]);
});

test("a stray end, break and vararg are found", () => {
  assert.deepEqual(errors("print(1)\nend\nprint(2)"), ["2:1 unexpected 'end'"]);
  assert.deepEqual(errors("break"), ["1:1 'break' is outside of any loop"]);
  assert.deepEqual(errors("while a do f(function() break end) end"), ["1:25 'break' is outside of any loop"]);
  assert.deepEqual(errors("function f() return ... end"), [
    "1:21 '...' is outside of a function with '...' among its parameters",
  ]);
  assert.deepEqual(errors("return 1\nprint(2)"), ["1:1 'return' must be the last statement of its block"]);
  assert.deepEqual(errors("f() = 1"), ["1:1 only variables and fields can be assigned to"]);
  assert.deepEqual(errors("a.b\nc = 1"), [
    "1:1 an expression is not a statement; only calls can stand alone",
  ]);
});

test("mistakes inside types are found and the code behind them is still read", () => {
  assert.deepEqual(errors("local x: = 1\nlocal y: {a: } = 2\ntype T = | \nlocal z = = 3"), [
    "1:10 expected a type, found '='",
    "2:14 expected a type, found '}'",
    "3:11 expected a type, found 'local'",
    "4:11 expected an expression, found '='",
  ]);
});

test("bad escapes, numbers and characters have a message of their own", () => {
  assert.deepEqual(errors('local a = "\\q\\300\\xg1\\u{110000000}"'), [
    "1:12 bad escape '\\q' in a string: Lua does not know it",
    "1:14 bad escape '\\300' in a string: a byte is at most 255",
    "1:18 bad escape '\\x' in a string: two hexadecimal digits follow \\x",
    "1:22 bad escape '\\u{110000000}' in a string: the code point is too large",
  ]);
  assert.deepEqual(errors("local n = 3x + 0x + 1e + 1..2"), [
    "1:11 malformed number '3x'",
    "1:16 malformed number '0x'",
    "1:21 malformed number '1e'",
    "1:26 malformed number '1..2'",
  ]);
  assert.deepEqual(errors("local a = “x”\nlocal b = $1"), [
    "1:11 unexpected character '“' (U+201C)",
    "1:15 unexpected character '”' (U+201D)",
    "2:11 unexpected character '$'",
  ]);
  assert.deepEqual(errors("x = [==[ abc ]]"), ["1:5 this long string is never closed"]);
  assert.deepEqual(errors("--[[ abc"), ["1:1 this long comment is never closed"]);
});

test("positions count bytes, UTF-16 units and Lua's line ends", () => {
  const source = 'local a = "é😀" -- ü\r\nlocal b\rlocal c\n\rlocal d';
  const lines = new LineMap(source);
  const at = source.indexOf("-- ü");
  assert.deepEqual(lines.position(at), { offset: at, byteOffset: 19, line: 1, column: 20, columnUtf16: 17 });
  assert.deepEqual([1, 2, 3, 4].map((line) => lines.text(line).slice(0, 7)), [
    "local a",
    "local b",
    "local c",
    "local d",
  ]);
  const last = lines.position(source.length);
  assert.deepEqual([last.line, last.column], [4, 8]);
  assert.equal(last.byteOffset, new TextEncoder().encode(source).length);
  assert.equal(lines.offset(2, 7), source.indexOf("b\r"));
  assert.equal(lines.offset(99, 99), source.length);
});

test("nodes know their ranges and comments are kept", () => {
  const source = "--- doc\nlocal total: number = a.b:c(1) -- end\n--[[ last ]]";
  const parsed = parse(source);
  const [local] = parsed.block.statements;
  assert.ok(local?.kind === "local");
  const text = (range: { start: number; end: number }) => source.slice(range.start, range.end);
  assert.equal(text(local.bindings[0]!), "total");
  assert.equal(text(local.bindings[0]!.type!), "number");
  assert.equal(text(local.values[0]!), "a.b:c(1)");
  assert.deepEqual(parsed.comments.map(text), ["--- doc", "-- end", "--[[ last ]]"]);
});

test("a diagnostic shows place, words, line and mark", () => {
  const source = "local ok = true\n\tlocal x = 3x\n";
  const [diagnostic] = parse(source).diagnostics;
  assert.equal(
    formatDiagnostic(diagnostic!, "app:main", source),
    "app:main:2:12: malformed number '3x' [P0001]\n 2 | \tlocal x = 3x\n   | \t          ^^",
  );
});

test("nesting beyond the bound is one error, whatever is nested", () => {
  const deep = 100_000;
  const cases: Record<string, [string, string]> = {
    parentheses: ["local x = " + "(".repeat(deep), "1" + ")".repeat(deep)],
    tables: ["local x = " + "{".repeat(deep), "}".repeat(deep)],
    blocks: ["do ".repeat(deep), "end ".repeat(deep)],
    functions: ["return function() ".repeat(deep), "end ".repeat(deep)],
    negations: ["local x = " + "- ".repeat(deep), "1"],
    powers: ["local x = " + "1 ^ ".repeat(deep), "1"],
    types: ["local x: " + "{".repeat(deep), "}".repeat(deep)],
    "function types": ["local x: " + "(a) -> ".repeat(deep), "b"],
    "type parentheses": ["local x: " + "(".repeat(deep), "a" + ")".repeat(deep)],
    "suffixes of types": ["local x: T" + " @a ?".repeat(deep), ""],
    "if blocks": ["if a then ".repeat(deep), "end ".repeat(deep)],
  };
  for (const [what, [before, after]] of Object.entries(cases)) {
    const messages = errors(before + after).map((line) => line.replace(/^\S+ /, ""));
    assert.deepEqual(messages, ["too deeply nested, at most 190 levels"], what);
  }
});

test("long chains and long lists are no nesting", () => {
  const many = 20_000;
  for (
    const source of [
      "local x = 1" + " + 1".repeat(many),
      "local x = a" + ".b".repeat(many),
      "a" + "(1)".repeat(many),
      "local x = a" + "!".repeat(many),
      "type T = 'a'" + " | 'b'".repeat(many),
      "if a then " + "elseif b then ".repeat(many) + "end",
      "type T = A" + "?".repeat(many) + "\nreturn T",
      "local x = a" + " :: T".repeat(many),
    ]
  ) assert.ok(parseForRun(source, "test").ok, source.slice(0, 20));
});

test("any text gives a tree and an answer", () => {
  const texts = [
    "",
    "\0",
    "\ud800",
    "\udc00\ud800",
    "\ufffe",
    "\x80\xff",
    "'",
    '"\\',
    "[",
    "[=",
    "[[",
    "--[=[",
    "0x",
    "\\",
    "@",
    "type",
    "type T",
    "type T<",
    "::",
    "local x:",
    "f(",
    "{[",
    "for",
    "function",
    "as",
    "x as",
    "x::",
    "typeof(",
    "#",
    "#!",
    "\ufeff",
    "return",
    "goto",
    "...",
    "!",
  ];
  for (const text of texts) {
    for (
      const source of [
        text,
        `${text} ${text}`,
        `local x = ${text}`,
        `local x: ${text}`,
        `f(${text})\nlocal y = 1`,
      ]
    ) {
      const parsed = parse(source);
      assert.equal(parsed.block.end, source.length);
      for (const d of parsed.diagnostics) formatDiagnostic(d, "test", source);
    }
  }
});

test("results of a function may stand without parentheses before its body", () => {
  const parsed = parse("local function ask(q: string): string?, error?\n  return nil\nend");
  assert.deepEqual(parsed.diagnostics, []);
  const [statement] = parsed.block.statements;
  assert.ok(statement?.kind === "local-function");
  assert.equal(statement.body.returns?.types.length, 2);
});
