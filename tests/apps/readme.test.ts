/** What README.md shows is what happens. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rules } from "../../src/lang/mod.ts";
import { ask, type ProjectCopy, withFiles } from "./application.ts";

const README = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");

/** Files that stand in the text: a name in backquotes, then a block. */
function filesShown(): Record<string, string> {
  const shown = README.matchAll(/^`(src\/[^`]+)`[^\n]*:\n\n```\w+\n([^]*?)```$/gm);
  return Object.fromEntries([...shown].map(([, name, text]) => [name, text!]));
}

/** Commands that stand in the text, without their remarks. */
function commandsShown(): string[] {
  return [...README.matchAll(/^wippy ([^#\n]*)/gm)].map(([, words]) => words!.trim());
}

async function run(project: ProjectCopy, command: string): Promise<string> {
  assert.ok(commandsShown().includes(command), `README shows no wippy ${command}`);
  const { code, stdout, stderr } = await project.wippy(...command.split(" "));
  assert.deepEqual([code, stderr], [0, ""], command);
  return stdout;
}

test("the program in the README answers as it says", async () => {
  const files = filesShown();
  assert.deepEqual(Object.keys(files), ["src/_index.yaml", "src/greet.lua", "src/hello.lua"]);
  await withFiles(files, async (project) => {
    const application = await project.serveHttp("app:gateway");
    assert.deepEqual((await ask(`${application.url}/hello?name=Ada`)).json, { message: "Hello, Ada!" });
    assert.deepEqual((await ask(`${application.url}/hello`)).json, { message: "Hello, world!" });
    assert.equal((await application.stop()).code, 0);
  });
});

test("the first steps in the README lead where they say", async () => {
  await withFiles({}, async (project) => {
    await run(project, "init");
    assert.deepEqual(JSON.parse(await run(project, "call app:greet name=Ada")), { message: "Hello, Ada!" });
    assert.match(await run(project, "test"), /^ *PASSED/m);
    assert.ok(commandsShown().includes("run"));
    const application = await project.serveHttp("app:gateway");
    const source = join(project.folder, "src/greet.lua");
    writeFileSync(source, readFileSync(source, "utf8").replace("Hello", "Welcome"));
    assert.match(await run(project, "registry reload"), /^went from v0 to v1/);
    assert.match((await ask(`${application.url}/hello?name=Ada`)).text, /Welcome, Ada!/);
    assert.match(await run(project, "registry history"), /^\* v1 /m);
    await run(project, "registry rollback v0");
    assert.match((await ask(`${application.url}/hello?name=Ada`)).text, /Hello, Ada!/);
    assert.equal(await run(project, "ps"), "No processes.\n");
    assert.equal((await application.stop()).code, 0);
    assert.match(await run(project, "pack hello.wapp"), /^hello\.wapp: \d+ entries/);
    assert.ok(commandsShown().includes("run hello.wapp"));
    const { stdout } = await project.wippy("call", "hello.wapp", "app:greet", "name=Ada");
    assert.deepEqual(JSON.parse(stdout), { message: "Welcome, Ada!" });
  });
});

/** The blocks of a section. */
function blocksOf(title: string): string[] {
  const section = README.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
  return [...section.matchAll(/^```\w+\n([^]*?)```$/gm)].map(([, text]) => text!);
}

test("a typed function is written, found wrong, mended, tested and called as the README says", async () => {
  const [source, report] = blocksOf("Types");
  assert.ok(source !== undefined && report !== undefined);
  const mended = /^With `(local visits[^`]+)` instead/m.exec(README)?.[1];
  assert.ok(mended !== undefined);
  await withFiles({}, async (project) => {
    await run(project, "init");
    const path = join(project.folder, "src/greet.lua");
    writeFileSync(path, source);
    const wrong = await project.wippy("lint");
    assert.deepEqual([wrong.code, wrong.stdout], [1, report]);
    writeFileSync(path, source.replace(/local visits = .*/, mended));
    assert.ok(commandsShown().includes("lint"));
    const right = await project.wippy("lint");
    assert.deepEqual([right.code, right.stdout], [0, "No issues found\nChecked 3 entries\n"]);
    assert.equal((await project.wippy("lint", "--rules")).code, 0);
    assert.match(await run(project, "test"), /^ *PASSED/m);
    const answer = JSON.parse(await run(project, "call app:greet name=Ada visits=3"));
    assert.deepEqual(answer, { message: "Hello, Ada!", visits: 3 });
  });
});

test("the README names every code of the linter", () => {
  const named = new Set(README.match(/\b[PEWS]\d{4}\b/g));
  for (const { code } of rules) {
    if (code.startsWith("S")) assert.ok(named.has(code), `README says nothing of ${code}`);
  }
  for (const code of ["P0001", "E0001", "E0014", "W0001", "W0007", "S0002", "S0003"]) {
    assert.ok(named.has(code));
  }
});
