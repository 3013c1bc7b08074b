/**
 * Runs every Lua case under `tests/lua`, each with the usual step budget and with a budget of one.
 *
 * A file holds `test(name, function)` calls. Each runs as a call of the function `case:main`, so that `process` and blocking
 * calls work in it; the process host `case:host` runs. Its first comment lines may say what it needs:
 *
 *     -- modules: time, json
 *     -- imports: helper=case:helper
 *
 * A file of the same name with `.yaml` holds further entries of the namespace `case`, one with `.ts` gives further modules: its
 * default export makes them anew for each application.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Failure } from "../../src/core/mod.ts";
import type { ModuleDefinition } from "../../src/lua/mod.ts";
import { startApplication } from "../application.ts";

const ROOT = import.meta.dirname!;
/** Longest a case may take. */
const CASE_MS = 60_000;

/** Lua files below `folder`. */
function caseFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return caseFiles(path);
    return item.name.endsWith(".lua") ? [path] : [];
  }).sort();
}

/** Modules and imports that the head of a file asks for. */
function headOf(source: string): { modules: string[]; imports: [string, string][] } {
  const modules: string[] = [];
  const imports: [string, string][] = [];
  for (const line of source.split("\n")) {
    const match = /^--\s*(modules|imports):\s*(.*)$/.exec(line);
    if (match === null) {
      if (line.startsWith("--")) continue;
      break;
    }
    const items = match[2]!.split(/[\s,]+/).filter((item) => item !== "");
    if (match[1] === "modules") modules.push(...items);
    else for (const item of items) imports.push(item.split("=", 2) as [string, string]);
  }
  return { modules, imports };
}

/** Names of the tests in a file, in order. */
function namesOf(source: string): string[] {
  return [...source.matchAll(/^test\("((?:[^"\\]|\\.)*)"/gm)].map((match) =>
    match[1]!.replaceAll(/\\(.)/g, "$1")
  );
}

/** On one line, so that messages name the lines of the file. */
const BEFORE = `local __cases = {}; local function test(name, fn) __cases[#__cases + 1] = { name, fn } end `;
const AFTER = `
return { main = function(i)
  if i == 0 then return #__cases end
  __cases[i][2]()
  return __cases[i][1]
end }`;

function indent(text: string): string {
  return text.split("\n").map((line) => line === "" ? "" : `      ${line}`).join("\n");
}

/** The project of a case file. */
function projectOf(file: string, source: string): Record<string, string> {
  const { imports, modules } = headOf(source);
  const list = modules.length === 0 ? "" : `    modules: [${modules.join(", ")}]\n`;
  const map = imports.length === 0
    ? ""
    : `    imports: {${imports.map(([alias, id]) => `${alias}: "${id}"`).join(", ")}}\n`;
  const main = `version: "1.0"
namespace: case
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: main
    kind: function.lua
    method: main
${list}${map}    source: |
${indent(BEFORE + source + AFTER)}
`;
  const beside = file.replace(/\.lua$/, ".yaml");
  const files: Record<string, string> = { "src/_index.yaml": main };
  if (existsSync(beside)) files["src/more/_index.yaml"] = readFileSync(beside, "utf8");
  return files;
}

/** Modules that a case file brings along. */
async function modulesOf(file: string): Promise<readonly ModuleDefinition[]> {
  const beside = file.replace(/\.lua$/, ".ts");
  if (!existsSync(beside)) return [];
  const { default: make } = await import(pathToFileURL(beside).href) as { default(): ModuleDefinition[] };
  return make();
}

/** What failed, with the lines of Lua it passed through. */
function describeFailure(error: unknown): Error {
  if (!(error instanceof Failure)) return error as Error;
  const { stack } = (error.cause ?? {}) as {
    stack?: readonly { source: string; line: number; name: string }[];
  };
  const lines = Array.isArray(stack)
    ? stack.map(({ source, line, name }) => `\n  ${source}:${line} (${name})`)
    : [];
  return new Error(`${error.kind === "" ? "error" : error.kind}: ${error.message}${lines.join("")}`);
}

/** `WIPPY_CASES` narrows the run to files whose path holds that text. */
const only = process.env["WIPPY_CASES"] ?? "";

for (const file of caseFiles(ROOT)) {
  const path = relative(ROOT, file);
  if (!path.includes(only)) continue;
  const source = readFileSync(file, "utf8");
  const names = namesOf(source);
  for (const budget of [undefined, 1]) {
    const mode = budget === undefined ? "" : " (budget 1)";
    let started: ReturnType<typeof startApplication> | undefined;
    const application = () =>
      started ??= modulesOf(file).then((modules) =>
        startApplication(projectOf(file, source), { budget, modules })
      ).catch((error: unknown) => {
        throw describeFailure(error);
      });
    for (const [index, name] of names.entries()) {
      test(`${path}${mode}: ${name}`, { timeout: CASE_MS }, async () => {
        const { app } = await application();
        try {
          const result = await app.call("case:main", index + 1);
          assert.equal(result, name);
        } catch (error) {
          throw describeFailure(error);
        }
      });
    }
    test(`${path}${mode}: every test is found and the application ends`, { timeout: CASE_MS }, async () => {
      const { app, stop } = await application();
      try {
        assert.equal(
          await app.call("case:main", 0),
          names.length,
          "a test call is not at the start of a line",
        );
      } finally {
        await stop();
      }
    });
  }
}
