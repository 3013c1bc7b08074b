/**
 * Golden cases of every diagnostic: `<code>/valid*.lua` stays silent about its code, `<code>/invalid*.lua` marks where it
 * speaks (`--   ^^^^ CODE` below the line), and `<code>/invalid*.snap` holds the output. What is about a system has projects of
 * one definition file (`valid*.yaml`, `invalid*.yaml`) with the code in a comment on each line that it speaks about.
 *
 * Snapshots are rewritten with `UPDATE=1`.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  check,
  type Diagnostic,
  environmentOf,
  formatDiagnostic,
  lint,
  parse,
  rules,
} from "../../src/lang/mod.ts";
import { type Finding, lintEntries } from "../../src/app/mod.ts";
import { findingsTable } from "../../src/cli/lint_text.ts";
import { styleOf } from "../../src/cli/output.ts";
import { TYPE_CODES } from "../../src/lang/diagnostic.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { readDefinitions } from "../../src/registry/mod.ts";
import { grants, library } from "../lang/typing.ts";

const ROOT = new URL("./", import.meta.url);
const FOLDERS = readdirSync(ROOT, { withFileTypes: true }).filter((item) => item.isDirectory()).map((item) =>
  item.name
).sort();

/** All diagnostics of a source; rules speak only where their cases are looked at. */
function diagnose(source: string, code: string): readonly Diagnostic[] {
  const parsed = parse(source);
  if (code.startsWith("P")) return parsed.diagnostics;
  assert.deepEqual(parsed.diagnostics, []);
  return code.startsWith("W") ? lint(parsed) : check(parsed, environmentOf(library(), grants())).diagnostics;
}

/** Marks of a source: line and columns (from 1) of the code line above, and the code. */
function marks(source: string): string[] {
  const found: string[] = [];
  let line = 0;
  for (const [i, text] of source.split("\n").entries()) {
    const mark = /^--\s*(\^+) ([A-Z]\d{4})$/.exec(text);
    if (mark === null) line = i + 1;
    else found.push(`${line}:${text.indexOf("^") + 1}-${text.lastIndexOf("^") + 1} ${mark[2]}`);
  }
  return found.sort();
}

function places(source: string, code: string): string[] {
  const { lines } = parse(source);
  return diagnose(source, code).filter((diagnostic) => diagnostic.code === code).map((diagnostic) => {
    const from = lines.position(diagnostic.start);
    return `${from.line}:${from.columnUtf16}-${
      from.columnUtf16 + diagnostic.end - diagnostic.start - 1
    } ${diagnostic.code}`;
  }).sort();
}

/** Compares a text with a snapshot, which is there when it is not empty. */
function assertSnapshot(snapshot: URL, text: string): void {
  if (process.env["UPDATE"] === "1") writeFileSync(snapshot, text);
  assert.equal(existsSync(snapshot) ? readFileSync(snapshot, "utf8") : "", text);
}

/** Findings of one code in a project of one definition file. */
async function findingsIn(path: URL, code: string): Promise<Finding[]> {
  const ports = createPorts();
  const file = fileURLToPath(path);
  const shown = path.pathname.slice(path.pathname.lastIndexOf("/") + 1);
  const inline = () => assert.fail("cases have their sources inside");
  const defined = readDefinitions(readFileSync(path, "utf8"), { file, yaml: ports.yaml, inline }) ?? [];
  const paths = new Map(defined.map((item) => [item.entry.id, item.path]));
  const { findings } = await lintEntries({
    loaded: {
      entries: defined.map(({ entry }) => entry),
      place: (id) => ({ file, path: paths.get(id)!, inlined: new Map(), shown: () => shown }),
    },
    ports,
    namespaces: [],
    edition: "test",
    known: new Map(),
  });
  return findings.filter((finding) => finding.code === code);
}

function testProject(code: string, folder: URL, file: string): void {
  test(`${code}/${file}`, async () => {
    const path = new URL(file, folder);
    const found = await findingsIn(path, code);
    const lines = readFileSync(path, "utf8").split("\n").flatMap((text, i) =>
      new RegExp(`(#|--) ${code}\\b`).test(text) ? [i + 1] : []
    );
    assert.deepEqual(found.map(({ place }) => Number(place.split(":")[1])).sort((a, b) => a - b), lines);
    if (file.startsWith("valid")) return;
    const text = `${findingsTable(found, styleOf("result"))}\n`;
    assertSnapshot(new URL(file.replace(/\.yaml$/, ".snap"), folder), text);
  });
}

for (const code of FOLDERS) {
  const folder = new URL(`${code}/`, ROOT);
  const files = readdirSync(folder).sort();
  for (const file of files) {
    if (file.endsWith(".yaml")) testProject(code, folder, file);
    if (!file.endsWith(".lua")) continue;
    const source = readFileSync(new URL(file, folder), "utf8");
    test(`${code}/${file}`, () => {
      if (file.startsWith("valid")) return assert.deepEqual(places(source, code), []);
      assert.deepEqual(places(source, code), marks(source));
      const snapshot = new URL(file.replace(/\.lua$/, ".snap"), folder);
      const text = diagnose(source, code).filter((d) => d.code === code).map((d) =>
        `${formatDiagnostic(d, file, source)}\n`
      ).join("\n");
      assertSnapshot(snapshot, text);
    });
  }
}

test("every code has cases of both kinds", () => {
  const around = ["E0014", "S0002", "S0003"];
  const codes = ["P0001", ...Object.values(TYPE_CODES), ...rules.map((rule) => rule.code), ...around];
  for (const code of new Set(codes)) {
    for (const kind of ["valid", "invalid"]) {
      const extension = code.startsWith("S") || code === "E0014" ? "yaml" : "lua";
      assert.ok(
        existsSync(new URL(`${code}/${kind}.${extension}`, ROOT)),
        `write tests/diagnostics/${code}/${kind}.${extension}`,
      );
    }
  }
});

test("rules have the severities of the specification [lint.rules.severity]", () => {
  const style = rules.filter((rule) => rule.code.startsWith("W"));
  const severities = Object.fromEntries(style.map((rule) => [rule.code, rule.severity]));
  assert.deepEqual(severities, {
    W0001: "warning",
    W0002: "warning",
    W0003: "error",
    W0004: "warning",
    W0005: "hint",
    W0006: "warning",
    W0007: "hint",
  });
});

test("rules have the names of the specification [lint.rules]", () => {
  const style = rules.filter((rule) => rule.code.startsWith("W"));
  assert.deepEqual(style.map((rule) => `${rule.code} ${rule.name}`).sort(), [
    "W0001 no-empty-blocks",
    "W0002 no-global-assign",
    "W0003 no-self-compare",
    "W0004 no-unused-vars",
    "W0005 no-unused-params",
    "W0006 no-unused-imports",
    "W0007 no-shadowed-vars",
  ]);
});
