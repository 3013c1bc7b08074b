import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { idsInSource, measure, parseRows, readTables } from "../../scripts/features.ts";

// Quoted with other brackets here, so that this file names no row itself.
const name = (text: string) => text.replaceAll("<", "[").replaceAll(">", "]");

test("features: rows are the ids of tables headed id, several in one cell included", () => {
  const text =
    "# T\n| id | feature |\n|---|---|\n| a.b | x |\n| c.d, e-f.g | [y](z) |\n\n| name | v |\n|---|---|\n| no.row | |\n";
  assert.deepEqual(parseRows(text), ["a.b", "c.d", "e-f.g"]);
});

test("features: a decision counts as a row only when its id stands in no other table", () => {
  const folder = mkdtempSync(join(tmpdir(), "wippy-features-"));
  try {
    writeFileSync(join(folder, "core.md"), "| id | f |\n|---|---|\n| a.one | x |\n");
    writeFileSync(
      join(folder, "decisions.md"),
      "| id | fact |\n|---|---|\n| a.one, a.two | x |\n| a.one | y |\n",
    );
    const tables = readTables(folder);
    assert.deepEqual(Object.fromEntries(tables), { "core.md": ["a.one"], "decisions.md": ["a.two"] });
    assert.deepEqual(measure(tables, new Set(["a.two"])), {
      "core.md": { rows: 1, covered: 0, missing: ["a.one"] },
      "decisions.md": { rows: 1, covered: 1, missing: [] },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("features: only names of tests count in TypeScript", () => {
  const source = name(`
    test("<a.one> does", () => {});
    it('<a.two> <a.three> do', () => {});
    describe(\`<a.four, a.five> group\`, () => {});
    await t.test("<a.six> inner", () => {});
    // test("<b.comment>", () => {});
    const text = "<b.string>"; check("<b.other>");
    test.skip("<b.skip>", () => {}); test.todo("<b.todo>");
    test("<b.skipped> x", { skip: "no network" }, () => {});
    test("<a.maybe> x", { skip: !present }, () => {});
  `);
  assert.deepEqual(idsInSource("x.test.ts", source), [
    "a.one",
    "a.two",
    "a.three",
    "a.four",
    "a.five",
    "a.six",
    "a.maybe",
  ]);
});

test("features: only names of tests count in Lua and in test entries", () => {
  const lua = name(
    'test("<a.one> x", function() end)\n-- test("<b.one>")\nlocal s = "<b.two>"\nlatest("<b.three>")',
  );
  assert.deepEqual(idsInSource("x.lua", lua), ["a.one"]);
  const yaml = name(
    "version: '1.0'\nnamespace: t\nentries:\n  - name: a\n    kind: function.lua\n    meta: {type: test, title: '<a.two> x'}\n" +
      "  - name: b\n    kind: function.lua\n    meta: {type: other, title: '<b.four>'}\n",
  );
  assert.deepEqual(idsInSource("app/_index.yaml", yaml), ["a.two"]);
});
