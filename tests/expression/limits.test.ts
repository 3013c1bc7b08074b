/** Expressions that are wrong, and those that would never end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { compileExpression } from "../../src/expression/mod.ts";
import { evaluate } from "./trial.ts";

test("expressions: mistakes are Internal and name their place", () => {
  const cases: [string, RegExp][] = [
    ["1 +", /^unexpected end of expression \(1:4\)$/],
    ["1 +\n  )", /^unexpected "\)", expected a value \(2:3\)$/],
    ["foo bar", /unexpected "bar" \(1:5\)/],
    ["1 ~ 2", /unexpected character "~" \(1:3\)/],
    ['"abc', /string is not closed \(1:1\)/],
    [String.raw`"\q"`, /unknown escape "\\q"/],
    [String.raw`b"\u0041"`, /bytes have no escape/],
    ["/* open", /comment is not closed/],
    ["0x_", /has no digits/],
    ["99999999999999999999", /does not fit into 64 bits/],
    ["let x = 1", /expected ";"/],
    ["let 1 = 2; 3", /expected the name of a variable/],
    ["# + 1", /"#" has a meaning only inside a predicate/],
    [".x", /expected a value/],
    ["fliter([1], true)", /unknown function "fliter"; did you mean "filter"\? \(1:1\)/],
    ["len()", /len takes 1 argument, got 0/],
    ["split('a')", /split takes 2 to 3 arguments, got 1/],
    ["$nope", /unknown name/],
    ["1 + 'a'", /can't compute int \+ string \(1:3\)/],
    ["1 < 'a'", /can't compare int < string/],
    ["1.5 % 2", /can't compute float % int/],
    ["1 % 0", /integer divided by zero/],
    ["not 1", /not needs a bool, got int/],
    ["1 and true", /and needs a bool, got int/],
    ["nil ? 1 : 2", /a condition needs a bool, got nil/],
    ["missing.x", /can't read "x" of nil \(1:9\)/],
    ["array[9]", /index 9 is out of range, length is 5/],
    ["array['x']", /an index must be an integer, got string/],
    ["1 in 2", /can't look for int in int/],
    ["upper(1)", /upper: needs a string, got int/],
    ["filter(1..3, 1)", /a predicate gives a bool, got int/],
    ["text matches '('", /invalid regular expression/],
    ["int('x')", /"x" is no int/],
    ["fromJSON('{')", /invalid JSON/],
    ["fromBase64('*')", /invalid base64/],
    ["duration('x')", /invalid duration "x"/],
    ["date('x')", /invalid date "x"/],
    ["timezone('Nowhere/Land')", /unknown time zone/],
    ["sort([1], 'up')", /order must be "asc" or "desc"/],
    ["sort([1, 'a'])", /can't compare/],
    ["reduce([], #acc)", /empty array/],
    ["now().Nope()", /time\.Time has no method "Nope"/],
    ["text.upper()", /string has no method "upper"/],
  ];
  for (const [source, message] of cases) {
    assert.throws(() => evaluate(source), (error) => {
      assert(error instanceof Failure, `${source}: ${error}`);
      assert.equal(error.kind, "Internal", source);
      assert.match(error.message, message, source);
      return true;
    });
  }
  assert.throws(() => compileExpression("  "), { kind: "Invalid", message: "expression is empty" });
  assert.throws(() => compileExpression("a + nmae", new Set(["a", "name"])), {
    kind: "Internal",
    message: 'unknown name "nmae"; did you mean "name"? (1:5)',
  });
});

test("expressions: nothing runs, grows or nests without bound", () => {
  const cases: [string, RegExp][] = [
    ["1..100000000", /makes more than 1000000 elements|more than 5000000 steps/],
    ["let a = 1..1000; map(a, map(a, map(a, 1)))", /more than/],
    ["let a = 1..100000; count(a, sum(a) > 0)", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); map(1..1000, upper(s))", /more than/],
    ["let s = repeat('x', 1000000); map(1..1000, s[#])", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); map(1..1000, s[0:1])", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); map(1..1000, get(s, 1))", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); map(1..1000, s)", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); string(map(1..1000, s))", /more than 5000000 steps/],
    ["let s = repeat('x', 1000000); toJSON(map(1..1000, s))", /more than 5000000 steps/],
    ["reduce(1..60, [#acc, #acc], 1)", /more than 5000000 steps/],
    ["string(reduce(1..60, [#acc, #acc], 1))", /more than 5000000 steps/],
    ["string(reduce(1..100000, [#acc], 1))", /nested too deep/],
    ["reduce(1..20000, [#acc], 1) == reduce(1..20000, [#acc], 1)", /nested too deep/],
    ["reduce(1..20000, {'a': #acc}, 1) != reduce(1..20000, {'a': #acc}, 1)", /nested too deep/],
    ["reduce(1..20000, [#acc], 1) in [reduce(1..20000, [#acc], 1)]", /nested too deep/],
    ["toJSON(reduce(1..20000, [#acc], 1))", /nested too deep/],
    ["flatten(reduce(1..20000, [#acc], 1))", /nested too deep/],
    ["uniq([reduce(1..20000, [#acc], 1), reduce(1..20000, [#acc], 1)])", /nested too deep/],
    ["repeat('x', 1000000000)", /more than/],
    ["reduce(1..60, #acc + #acc, 'x')", /more than 67108864 characters/],
    ["bitshl(1, 9223372036854775807) == 0 and 1..9 == 1..900000000", /more than/],
    ["(".repeat(100_000), /nested deeper/],
    ["[".repeat(100_000), /nested deeper/],
    [`${"!".repeat(100_000)}true`, /nested deeper/],
    [`a${".b".repeat(2000)}`, /nested deeper/],
    [`${"1+".repeat(2000)}1`, /nested deeper/],
    [`${"1 ? ".repeat(5000)}`, /nested deeper/],
    [`${"let x = 1; ".repeat(3000)}x`, /nested deeper/],
    [`${"if true { ".repeat(3000)}x`, /nested deeper/],
    [`[${"1,".repeat(20_000)}]`, /has more than 10000 parts/],
  ];
  for (const [source, message] of cases) {
    assert.throws(() => evaluate(source), (error) => {
      assert(error instanceof Failure, `${source.slice(0, 40)}: ${error}`);
      assert.match(error.message, message, source.slice(0, 40));
      return true;
    });
  }
  const deep = `${"(".repeat(100)}1${")".repeat(100)}`;
  assert.equal(evaluate(deep), 1);
  assert.equal(evaluate(`${"1 + ".repeat(400)}1`), 401);
  assert.equal(evaluate(`${"(true ?: ".repeat(60)}true${")".repeat(60)}`), true);
});
