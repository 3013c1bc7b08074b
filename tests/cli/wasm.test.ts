/** Commands and functions in WebAssembly, from the command line. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binaryOf } from "../../src/wasm/wat.ts";
import { ADD, SAME } from "../kinds/function.wat/guests.ts";
import { inFolder, wippy } from "./wippy.ts";

const SAME_BYTES = await binaryOf(SAME);
const ADD_BYTES = await binaryOf(ADD);

function process(name: string, bytes: Uint8Array, more: string): string {
  const hash = createHash("sha256").update(bytes).digest("hex");
  return `
  - name: ${name}
    kind: process.wasm
    meta: {command: {name: ${name}, short: In WebAssembly}}
    fs: files
    path: /${name}.wasm
    hash: sha256:${hash}
    ${more}`;
}

const HOST = "  - { name: host, kind: process.host, lifecycle: { auto_start: true } }\n";

function project(hosts: string): Record<string, string> {
  return {
    "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - { name: terminal, kind: terminal.host, lifecycle: { auto_start: true } }
${hosts}  - { name: files, kind: fs.directory, directory: ./wasm }
  - name: sum
    kind: function.wat
    source: file://sum.wat
    method: add
    wit: "add: func(a: s32, b: s32) -> s32;"
${process("echo", SAME_BYTES, 'method: same\n    wit: "same: func(t: string) -> string;"')}
${process("add", ADD_BYTES, 'method: add\n    wit: "add: func(a: s32, b: s32) -> s32;"')}
`,
    "src/sum.wat": ADD,
  };
}

async function inProject(hosts: string, body: (cwd: string) => Promise<void>): Promise<void> {
  await inFolder(project(hosts), async (cwd) => {
    mkdirSync(join(cwd, "wasm"));
    writeFileSync(join(cwd, "wasm/echo.wasm"), SAME_BYTES);
    writeFileSync(join(cwd, "wasm/add.wasm"), ADD_BYTES);
    await body(cwd);
  });
}

test("a process.wasm is a command: a text is printed, a number is the exit code [wasm.process.command] [wasm.result.string]", async () => {
  await inProject(HOST, async (cwd) => {
    assert.match((await wippy(["run", "list"], { cwd })).stdout, /^ {2}echo +In WebAssembly +\(app:echo\)$/m);
    const { code, stdout, stderr } = await wippy(["run", "echo", "hello there"], { cwd });
    assert.deepEqual([code, stdout, stderr], [0, "hello there\n", ""]);
    assert.deepEqual((await wippy(["run", "echo"], { cwd })).stdout, "\n");
    const sum = await wippy(["run", "add", "3", "4"], { cwd });
    assert.deepEqual([sum.code, sum.stdout], [7, ""]);
    const bad = await wippy(["run", "add", "three", "4"], { cwd });
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /app:add: argument 1 \(a\): expected s32, got "three"/);
  });
});

test("a command in WebAssembly needs a process host beside the terminal [cli.command.wasm-hosts]", async () => {
  await inProject("", async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run", "echo", "x"], { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /no process host found; app:echo is a process\.wasm, so add an entry of kind process\.host/,
    );
  });
});

test("a function.wat with a text in a file is called from the command line [wasm.wat.fields]", async () => {
  await inProject(HOST, async (cwd) => {
    const { code, stdout } = await wippy(["call", "app:sum", "20", "22"], { cwd });
    assert.deepEqual([code, stdout.trim()], [0, "42"]);
  });
});
