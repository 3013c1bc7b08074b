/** The linter and the language server say the same of a definition file, and change it in the same way. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { CodeAction, Diagnostic } from "vscode-languageserver-protocol/node";
import { inFolder, wippy } from "../cli/wippy.ts";
import { withEditor } from "./client.ts";

const INDEX = `version: "1.0"
namespace: app
entries:
  - name: main
    kind: function.lua
    method: main
    modules: [json, sql, tiem]
    imports:
      shapes: app:shapes
      again: shapes
      gone: app:shape
    source: |
      return { main = function() return json.encode(shapes.area(1)) end }

  - name: shapes
    kind: library.lua
    source: |
      return { area = function(n: number): number return n * n end }

  - name: nameless
    kind: function.lua
    source: |
      return {}

  - name: kept
    kind: store.memory
    max_size: many

  - name: odd
    kind: store.memry

  - name: router
    kind: http.router
    meta:
      server: gateway
    prefix: /
`;

const SEVERITIES = { error: 1, warning: 2, hint: 4 } as const;
const AROUND = new Set(["E0014", "S0002", "S0003"]);

interface Line {
  readonly code: string;
  readonly severity: keyof typeof SEVERITIES;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

test("linter and language server tell the same of definitions, at the same places [lsp.diagnostics]", async () => {
  await inFolder({ "src/_index.yaml": INDEX }, async (cwd) => {
    const { stdout } = await wippy(["lint", "--rules", "--level", "hint", "--json"], { cwd });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: Line[] };
    const linted = diagnostics.filter(({ code }) => AROUND.has(code)).map((each) =>
      `${each.line}:${each.column} ${SEVERITIES[each.severity]} ${each.code} ${each.message}`
    ).sort();
    assert.equal(linted.length, 9, linted.join("\n"));
    await withEditor({ "src/_index.yaml": INDEX }, async (editor) => {
      await editor.open("src/_index.yaml", INDEX);
      const found = await editor.diagnostics("src/_index.yaml", (all) => all.length > 0);
      const shown = found.filter(({ code }) => AROUND.has(String(code))).map(lineOf).sort();
      assert.deepEqual(shown, linted);
    });
  });
});

function lineOf({ code, message, range: { start }, severity }: Diagnostic): string {
  // What helps comes on a line of its own.
  return `${start.line + 1}:${start.character + 1} ${severity} ${code} ${String(message).split("\n")[0]}`;
}

test("what --fix changes in a definition file the quick fixes change too", async () => {
  await inFolder({ "src/_index.yaml": INDEX }, async (cwd) => {
    await wippy(["lint", "--rules", "--code", "S0003", "--fix"], { cwd });
    const fixed = readFileSync(join(cwd, "src/_index.yaml"), "utf8");
    assert.notEqual(fixed, INDEX);
    await withEditor({ "src/_index.yaml": INDEX }, async (editor) => {
      await editor.open("src/_index.yaml", INDEX);
      let text = INDEX;
      for (;;) {
        const actions: CodeAction[] = await editor.request("textDocument/codeAction", {
          textDocument: { uri: editor.uri("src/_index.yaml") },
          range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
          context: { diagnostics: [] },
        });
        const action = actions.find(({ diagnostics }) => diagnostics?.[0]?.code === "S0003");
        if (action === undefined) break;
        assert.match(action.title, /^Take \w+ out of its (modules|imports)$/);
        const before = text;
        text = applied(text, Object.values(action.edit!.changes!).flat());
        await editor.edit("src/_index.yaml", before, text);
      }
      assert.equal(text, fixed);
    });
  });
});

function applied(text: string, edits: { range: Diagnostic["range"]; newText: string }[]): string {
  const lines = text.split("\n");
  const at = ({ line, character }: Diagnostic["range"]["start"]): number =>
    lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
  let out = text;
  for (const { newText, range } of edits.toReversed()) {
    out = out.slice(0, at(range.start)) + newText + out.slice(at(range.end));
  }
  return out;
}
