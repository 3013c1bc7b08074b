/** The system's own calls say what the library says, or nothing. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { linuxCalls, markOf } from "./linux_calls.ts";
import { BUN } from "./runtime_globals.ts";

const calls = linuxCalls();
const skip = calls === undefined ? "no system calls here" : false;

/** Gives a folder with files, folders and links of all kinds. */
function withFolder(use: (folder: string) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-calls-")));
  try {
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "inner", "größe.txt"), "x".repeat(70_000));
    writeFileSync(join(folder, "empty"), "", { mode: 0o600 });
    symlinkSync("inner/größe.txt", join(folder, "link"));
    symlinkSync("inner", join(folder, "folder link"));
    symlinkSync("nowhere", join(folder, "dangling"));
    for (let i = 0; i < 600; i++) writeFileSync(join(folder, "inner", `file with a longer name ${i}`), "");
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("system calls: there on Linux on x64 under Bun, nowhere else", () => {
  const isHere = BUN !== undefined && process.platform === "linux" && process.arch === "x64";
  // Another C library has another name.
  const isGlibc = isHere && /ldd \(.*GLIBC|GNU libc/i.test(String(spawnSync("ldd", ["--version"]).stdout));
  assert.equal(calls !== undefined, isGlibc);
});

test("system calls: facts of files", { skip }, () => {
  withFolder((folder) => {
    for (const name of ["inner", "inner/größe.txt", "empty", "link", "folder link"]) {
      const path = join(folder, name);
      for (const isLinkMeant of [false, true]) {
        const { mode, mtimeMs, size } = (isLinkMeant ? lstatSync : statSync)(path);
        assert.deepEqual(calls!.stat(path, isLinkMeant), { mode, mtimeMs, size }, name);
      }
    }
    const { mode } = statSync("/dev/null");
    assert.equal(calls!.stat("/dev/null")?.mode, mode);
    for (const path of [join(folder, "dangling"), join(folder, "not there"), ""]) {
      assert.equal(calls!.stat(path), null, path);
    }
    for (const path of [join(folder, "empty", "below"), "/dev\0/null", "x".repeat(300)]) {
      assert.equal(calls!.stat(path), undefined, path);
    }
  });
});

test("system calls: names in a directory", { skip }, () => {
  withFolder((folder) => {
    for (const name of ["", "inner", "folder link"]) {
      const told = new Map(calls!.items(join(folder, name))?.map((item) => [item.name, item.isDirectory]));
      assert.deepEqual([...told.keys()].sort(), readdirSync(join(folder, name)).sort());
      for (const item of readdirSync(join(folder, name), { withFileTypes: true })) {
        assert.equal(told.get(item.name), item.isSymbolicLink() ? undefined : item.isDirectory(), item.name);
      }
    }
    for (const name of ["empty", "link", "not there"]) {
      assert.equal(calls!.items(join(folder, name)), undefined);
    }
  });
});

test("system calls: paths without links", { skip }, () => {
  withFolder((folder) => {
    for (const name of ["", "link", "folder link/größe.txt", "inner/../empty"]) {
      assert.equal(calls!.realPath(`${folder}/${name}`), realpathSync(`${folder}/${name}`));
    }
    for (const name of ["dangling", "not there/x"]) assert.equal(calls!.realPath(`${folder}/${name}`), null);
    assert.equal(calls!.realPath(`${folder}/empty/x`), undefined);
    assert.equal(calls!.realPath(`${folder}\0`), undefined);
  });
});

test("system calls: whole files, also those that say they have no size", { skip }, () => {
  withFolder((folder) => {
    for (const name of ["inner/größe.txt", "empty", "link"]) {
      assert.deepEqual(
        calls!.readWhole(join(folder, name)),
        new Uint8Array(readFileSync(join(folder, name))),
      );
    }
    assert.match(new TextDecoder().decode(calls!.readWhole("/proc/self/status")), /^Name:[\s\S]*Threads:/);
    for (const name of ["inner", "dangling", "not there"]) {
      assert.equal(calls!.readWhole(join(folder, name)), undefined);
    }
  });
});

test("system calls: what is written, and where nothing can be", { skip }, () => {
  withFolder((folder) => {
    const path = join(folder, "empty");
    const fd = openSync(path, "w");
    const bytes = new TextEncoder().encode("some text");
    assert.equal(calls!.write(fd, bytes), bytes.length);
    assert.equal(calls!.write(fd, bytes.subarray(4)), bytes.length - 4);
    assert.equal(calls!.isTerminal(fd), false);
    closeSync(fd);
    assert.equal(readFileSync(path, "utf8"), "some text text");
    const unwritable = openSync(path, "r");
    assert.equal(calls!.write(unwritable, bytes), undefined);
    closeSync(unwritable);
  });
});

/** Prints the processors that the first thread and that the others may run on. */
const KEPT_AWAY = `
import { readdirSync, readFileSync } from "node:fs";
import { linuxCalls } from ${JSON.stringify(import.meta.resolve("./linux_calls.ts"))};
const allowed = (id) => /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync("/proc/self/task/" + id + "/status", "utf8"))[1];
const before = allowed(process.pid);
await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const others = readdirSync("/proc/self/task").filter((id) => Number(id) !== process.pid);
linuxCalls().keepOthersAway();
console.log(JSON.stringify({ before, after: allowed(process.pid), others: others.map(allowed) }));
`;

test("system calls: randomness is different each time", { skip }, () => {
  const [one, other] = [new Uint8Array(256), new Uint8Array(256)];
  assert.deepEqual([calls!.randomize(one), calls!.randomize(other)], [true, true]);
  assert.notDeepEqual(one, other);
  assert.ok(new Set(one).size > 64);
});

test(
  "system calls: bytes in memory are found where they are, and not where others or none are",
  { skip },
  () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i >> 5);
    const { FFI } = BUN as unknown as { readonly FFI: { ptr(view: ArrayBufferView): number } };
    const place = { address: FFI.ptr(bytes), length: bytes.length, mark: markOf(bytes) };
    assert.deepEqual(calls!.inMemory(place), bytes);
    assert.equal(calls!.inMemory({ ...place, mark: place.mark + 1 }), undefined);
    assert.equal(calls!.inMemory({ ...place, address: 4096 }), undefined);
    assert.equal(calls!.inMemory(undefined), undefined);
  },
);

test("system calls: on two processors other threads are kept off that of the first", { skip }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", KEPT_AWAY], { encoding: "utf8" });
  const { after, before, others } = JSON.parse(stdout || `{"error":${JSON.stringify(stderr)}}`) as {
    readonly before: string;
    readonly after: string;
    readonly others: readonly string[];
  };
  assert.equal(after, before);
  assert.ok(others.length > 0);
  const [first = 0, last = first] = before.split(/[-,]/).map(Number);
  const areTwo = before === `${first}-${first + 1}` || before === `${first},${last}`;
  for (const allowed of others) {
    if (areTwo) assert.match(allowed, /^\d+$/);
    else assert.equal(allowed, before);
  }
  if (areTwo) assert.equal(new Set(others).size, 1);
});
