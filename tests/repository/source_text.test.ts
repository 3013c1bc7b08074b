import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, scanLua, scanTypescript } from "../../scripts/source_text.ts";

test("source text keeps code and blanks comments and literals", () => {
  const scanned = scanTypescript(
    'const a = "Date.now"; // Date.now\n/* x */ call(`t ${b("in")} u`, /["\']\\/`/g) / 2;\n',
  );
  assert.equal(scanned.code.length, scanned.source.length);
  assert.doesNotMatch(scanned.code, /Date|x|in"|u`/);
  assert.match(scanned.code, /call\(` +\$\{b\(" +"\)\} +`, \/ +\/g\) \/ 2;/);
  assert.deepEqual(scanned.literals.map((l) => [l.value, l.computed]), [
    ["Date.now", false],
    ['t ${b("in")} u', true],
    ["in", false],
  ]);
});

test("source text is not led astray by division and braces inside templates", () => {
  const scanned = scanTypescript("const a = b / c; const d = `${ { e: 1 }.e }`; const f = 'g' / 2 / 'h';");
  assert.deepEqual(scanned.literals.map((l) => l.value), ["${ { e: 1 }.e }", "g", "h"]);
});

test("source text reads Lua comments and long brackets", () => {
  const scanned = scanLua(
    '--[[ test("[a]") ]] test("[b] x", [==[ -- no ]] ]==]) -- test("[c]")\nlocal t = a[b[1]]',
  );
  assert.deepEqual(scanned.literals.map((l) => l.value.trim()), ["[b] x", "==[ -- no ]] ]=="]);
  assert.match(scanned.code, /local t = a\[b\[1\]\]/);
  assert.equal(lineOf(scanned.source, scanned.source.indexOf("local")), 2);
});
