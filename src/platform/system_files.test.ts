/** Files of the operating system. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../core/mod.ts";
import { SystemFiles } from "./system_files.ts";

const files = new SystemFiles();

test("files of any length are read whole", () => {
  const folder = mkdtempSync(join(tmpdir(), "wippy-files-"));
  try {
    for (const length of [0, 1, 4095, 4096, 300_000]) {
      const path = join(folder, String(length));
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
      writeFileSync(path, bytes);
      const read = files.readFile(path);
      assert.equal(read.length, length);
      assert.ok(read.every((byte, i) => byte === bytes[i]), `${length} bytes`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a file that says it has no size is read to its end", { skip: !existsSync("/proc/self/status") }, () => {
  assert.equal(files.stat("/proc/self/status")?.size, 0);
  assert.match(new TextDecoder().decode(files.readFile("/proc/self/status")), /^Name:[\s\S]*Threads:/);
});

test("what is no file, or is not there, says so", () => {
  const kindOf = (path: string) => {
    try {
      files.readFile(path);
    } catch (error) {
      assert.ok(error instanceof Failure && error.message.startsWith(`${path}: `), String(error));
      return error.kind;
    }
    return undefined;
  };
  assert.equal(kindOf(tmpdir()), "Invalid");
  assert.equal(kindOf(join(tmpdir(), "wippy-not-there")), "NotFound");
});
