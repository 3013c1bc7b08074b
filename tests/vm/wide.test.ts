/** The loops that take 16 bytes at a time: they touch no memory but what they are given, and the VM does without them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { WIDE_WASM } from "../../src/vm/wide/wide_wasm.gen.ts";

const CASES = join(import.meta.dirname!, "..", "lua", "cases.test.ts");
/** Longest the cases may take without the loops. */
const CASES_MS = 120_000;

/** Numbers of the sections of a module: 11 is data, 8 a function that runs at the start. */
function sectionsOf(bytes: Uint8Array): number[] {
  const sections: number[] = [];
  let at = 8;
  while (at < bytes.length) {
    sections.push(bytes[at++]!);
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return sections;
}

test("the loops put nothing into memory when they are made", () => {
  const bytes = Uint8Array.fromBase64(WIDE_WASM);
  const sections = sectionsOf(bytes);
  assert.ok(sections.includes(10), "there is code");
  assert.ok(!sections.includes(11) && !sections.includes(8), `sections ${sections}`);
});

test("without the loops Lua sees the same", { timeout: CASES_MS }, async (context: TestContext) => {
  if (process.versions["bun"] === undefined) {
    return context.skip("only Bun can be told to have no such instructions");
  }
  const env = { ...process.env, BUN_JSC_useWasmSIMD: "0", WIPPY_CASES: "std/base64" };
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ["test", CASES], { env }, (error, _stdout, stderr) => {
      if (error === null) resolve(stderr);
      else reject(new Error(stderr, { cause: error }));
    });
  });
  assert.match(output, /\[base64\.encode\]/);
});
