/** Files of the operating system. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Failure } from "../core/mod.ts";
import { linuxCalls } from "./linux_calls.ts";
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

test(
  "directories tell what is in them, and links what they are",
  { skip: process.platform === "win32" },
  () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-files-")));
    try {
      mkdirSync(join(folder, "b"), { mode: 0o750 });
      writeFileSync(join(folder, "a"), "\ufeffname", { mode: 0o640 });
      symlinkSync("a", join(folder, "link"));
      symlinkSync("b", join(folder, "link to b"));
      symlinkSync("nowhere", join(folder, "dangling"));
      const facts = files.list(folder).map(({ name, size, mode, isDirectory, isLink, isSpecial }) =>
        [name, isDirectory ? "directory" : isSpecial ? "special" : size, (mode & 0o700).toString(8), isLink]
          .join(" ")
      );
      assert.deepEqual(facts, [
        "a 7 600 ",
        "b directory 700 ",
        "dangling special 700 true",
        "link 7 600 true",
        "link to b directory 700 true",
      ]);
      assert.deepEqual(
        files.names(folder),
        files.list(folder).map(({ name, isDirectory }) => ({ name, isDirectory })),
      );
      assert.throws(() => files.names(join(folder, "a")), { kind: "Invalid" });
      assert.throws(() => files.names(join(folder, "c")), { kind: "NotFound" });
      assert.equal(files.stat(join(folder, "dangling")), undefined);
      assert.equal(files.stat(join(folder, "link"))?.name, "link");
      assert.equal(files.realPath(join(folder, "link to b")), join(folder, "b"));
      assert.equal(files.realPath(join(folder, "dangling")), undefined);
      assert.equal(files.realPath(join(folder, "a", "x")), undefined);
      assert.equal(files.readLink(join(folder, "link")), "a");
      assert.equal(files.readLink(join(folder, "a")), undefined);
      assert.equal(files.readText(join(folder, "a")), "\ufeffname");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** What is found out about a folder and a file in it, by whichever way there is. */
function findOut(found: SystemFiles, folder: string): unknown {
  const file = `${folder}/${found.list(folder).find(({ isDirectory }) => !isDirectory)!.name}`;
  return [
    found.list(folder),
    found.names(folder),
    found.stat(file),
    found.readText(file),
    found.realPath(`${folder}/.`),
    found.stat(`${file}x`),
  ];
}

/** Finds it out by the library alone, as on other machines. */
const ELSEWHERE = `
Object.defineProperty(process, "arch", { value: "another" });
const { SystemFiles } = await import(${JSON.stringify(import.meta.resolve("./system_files.ts"))});
console.log(JSON.stringify((${findOut})(new SystemFiles(), process.env.FOLDER)));
`;

test("the library finds out what the system's own calls do", {
  skip: linuxCalls() === undefined ? "no system calls here" : false,
}, () => {
  const folder = import.meta.dirname!;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", ELSEWHERE], {
    encoding: "utf8",
    env: { ...process.env, FOLDER: folder },
  });
  assert.equal(stdout.trim(), JSON.stringify(findOut(files, folder)), stderr);
});
