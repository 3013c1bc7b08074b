/** A component written in another language as functions, commands, an endpoint, and with files of its own. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { guestBytes } from "../kinds/function.wasm/files_guest.ts";
import { ask, type ProjectCopy, withProject } from "./application.ts";

/** Runs with the project and its guest in place. */
function withGuests(body: (project: ProjectCopy) => Promise<void>): Promise<void> {
  return withProject("guests", async (project) => {
    writeFileSync(join(project.folder, "src/demo/wasm/guest.wasm"), guestBytes());
    await body(project);
  });
}

async function fine(project: ProjectCopy, ...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await project.wippy(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

test("a component is called, runs as commands and answers requests [j.wasm] [wasm.result.string]", () =>
  withGuests(async (project) => {
    const listed = await fine(project, "run", "list");
    assert.match(listed, /greet +Greet someone +\(demo\.cli:greet\)\n/);
    assert.match(listed, /ls +List files of a mounted folder +\(demo\.cli:ls\)\n/);
    assert.equal(await fine(project, "run", "greet", "Ada"), "Hello, Ada!\n");
    assert.equal(await fine(project, "run", "greet"), "Hello, !\n");
    const folder = statSync(join(project.folder, "notes/old")).size;
    const line = (kind: string, size: number, name: string): string =>
      `${kind.padEnd(6)} ${String(size).padStart(8)}  ${name}\n`;
    const files = line("dir", folder, "old") + line("file", 9, "today.txt");
    // It prints what it lists, and what it gives is printed as well.
    assert.equal(await fine(project, "run", "ls", "/data"), files + files);
    const shouted = await project.feed("quiet please\nthank you\n", "run", "shout");
    // A number is the exit code.
    assert.deepEqual([shouted.code, shouted.stdout], [2, "QUIET PLEASE\nTHANK YOU\n"]);

    assert.deepEqual(JSON.parse(await fine(project, "call", "demo:sums")), ["Hello, World!", 13, 55]);
    assert.equal(JSON.parse(await fine(project, "call", "demo.wasm:list_files_function", "/data")), files);
    await fine(project, "call", "demo.wasm:work", "append", "/data/today.txt", "water plants\n");
    assert.equal(readFileSync(join(project.folder, "notes/today.txt"), "utf8"), "buy milk\nwater plants\n");

    const application = await project.serveHttp("demo:gateway");
    const { status, text } = await ask(`${application.url}/greet`, "POST", "Bo");
    assert.deepEqual([status, text], [200, "Hello, Bo!"]);
    await application.stop();
  }));

test("a component with another digest than its entry says is not loaded [wasm.fn.fields]", () =>
  withGuests(async (project) => {
    const path = join(project.folder, "src/demo/wasm/guest.wasm");
    const bytes = guestBytes().slice();
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await project.wippy("call", "demo.wasm:add_function", "1", "2");
    assert.equal(code, 1);
    assert.match(
      stderr,
      /hash: \/guest\.wasm in demo\.wasm:assets has sha256:[0-9a-f]{64}, the entry says sha256:/,
    );
  }));
