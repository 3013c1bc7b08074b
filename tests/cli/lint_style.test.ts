/** The rules of style through the command: what each finds, at what level, and that it speaks only when asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFolder, wippy } from "./wippy.ts";

/** One source with every fault; the code that is to be found stands behind its line. */
const SOURCE = [
  `local json = require("json") -- W0006`,
  `local function main(given, extra) -- W0005`,
  `  if given then end -- W0001`,
  `  counter = 1 -- W0002`,
  `  if given == given then print("same") end -- W0003`,
  `  local unused = 1 -- W0004`,
  `  do local given = 2 print(given) end -- W0007`,
  `  return given`,
  `end`,
  `return { main = main }`,
];

const PROJECT = {
  "src/_index.yaml": JSON.stringify({
    version: "1.0",
    namespace: "app",
    entries: [{
      name: "f",
      kind: "function.lua",
      method: "main",
      modules: ["json"],
      source: SOURCE.join("\n"),
    }],
  }),
};

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly line: number;
}

let findings: Promise<readonly Finding[]> | undefined;

async function lintAll(...flags: string[]): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  await inFolder(PROJECT, async (cwd) => {
    const { stdout } = await wippy(["lint", "--json", ...flags], { cwd });
    found = (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
  });
  return found;
}

/** Checks that a rule finds its line, and nothing else, with this severity and these words. */
async function expect(code: string, severity: string, message: RegExp): Promise<void> {
  const all = await (findings ??= lintAll("--rules", "--level", "hint"));
  const own = all.filter((finding) => finding.code === code);
  assert.equal(own.length, 1, JSON.stringify(all));
  assert.equal(own[0]!.line, SOURCE.findIndex((line) => line.endsWith(`-- ${code}`)) + 1);
  assert.equal(own[0]!.severity, severity);
  assert.match(own[0]!.message, message);
}

test("an empty block is found [linter.w0001]", () => expect("W0001", "warning", /empty 'if' block/));

test("an assignment to a global is found [linter.w0002]", () =>
  expect("W0002", "warning", /global variable 'counter'/));

test("a value compared with itself is found [linter.w0003]", () =>
  expect("W0003", "error", /'given' is compared/));

test("an unused local is found [linter.w0004]", () => expect("W0004", "warning", /'unused' is never used/));

test("an unused parameter is found [linter.w0005]", () => expect("W0005", "hint", /'extra'/));

test("an unused import is found [linter.w0006]", () =>
  expect("W0006", "warning", /import 'json' is never used/));

test("a local that shadows an outer one is found [linter.w0007]", () => expect("W0007", "hint", /'given'/));

test("without --rules none of them speaks", async () => {
  assert.deepEqual(await lintAll("--level", "hint"), []);
});
