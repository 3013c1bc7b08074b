/** What README.md shows is what happens. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
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
  });
});
