/** What guests do with files, streams and clocks. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import type { TestApplication } from "../../application.ts";
import { entry, failureOf, main } from "../../lua_entries.ts";
import { addGuest, ALL, withFilesGuest } from "./files_guest.ts";

const DATA = { fs: "app:data", guest: "/data" };
const MOUNTS = { mounts: [DATA, { fs: "app:shelf", guest: "/shelf" }, { fs: "app:data", guest: "/still", read_only: true }] };

type Work = (what: string, path: string, more?: string) => Promise<Value>;
type Failing = (what: string, path: string, more?: string) => Promise<string>;

/** Runs with `work`, and `fails`, which gives the words of the error. */
function withWork(
  body: (work: Work, fails: Failing, app: TestApplication) => Promise<void>,
  fields: { [key: string]: Value } = {},
): Promise<void> {
  return withFilesGuest(async (app) => {
    await addGuest(app, "work", "work", { imports: ALL, wasi: MOUNTS, ...fields });
    const work: Work = (what, path, more = "") => app.call("app:work", what, path, more);
    const fails: Failing = async (what, path, more) => (await failureOf(work(what, path, more))).message;
    await body(work, fails, app);
  });
}

test("a guest reads and writes the files that are mounted, and no others [wasm.wasi.mounts] [wasm.import.fs]", () =>
  withWork(async (work, fails, app) => {
    const text = (path: string): string => readFileSync(join(app.folder, path), "utf8");
    assert.equal(await work("read", "/data/a.txt"), "hello\n");
    await work("write", "/data/new.txt", "one");
    await work("append", "/data/new.txt", ", two");
    assert.equal(text("data/new.txt"), "one, two");
    assert.equal(await work("patch", "/data/new.txt", "_X"), "one_Xtwo");
    assert.equal(await work("part", "/data/new.txt", "5"), text("data/new.txt").slice(5));
    assert.equal(await work("end", "/data/new.txt"), "8");
    await work("cut", "/data/new.txt", "3");
    assert.equal(text("data/new.txt"), "one");
    await work("cut", "/data/new.txt", "5");
    assert.equal(text("data/new.txt"), "one\0\0");
    await work("write", "/data/new.txt", "");
    assert.equal(statSync(join(app.folder, "data/new.txt")).size, 0);
    assert.equal(await work("stat", "/data/sub"), `dir ${statSync(join(app.folder, "data/sub")).size} 1`);
    assert.equal(await work("stat", "/data/a.txt"), "file 6 1");
    await work("mkdir", "/data/made");
    await work("write", "/data/made/x", "1");
    await work("rename", "/data/made/x", "/data/moved");
    await work("rmdir", "/data/made");
    assert.ok(!existsSync(join(app.folder, "data/made")));
    assert.equal(text("data/moved"), "1");
    await work("rename", "/data/moved", "/data/new.txt");
    assert.equal(text("data/new.txt"), "1");
    await work("remove", "/data/new.txt");
    assert.ok(!existsSync(join(app.folder, "data/new.txt")));

    assert.equal(await fails("read", "/data/nope"), "No such file or directory");
    assert.equal(await fails("new", "/data/a.txt", "x"), "File exists");
    assert.equal(await fails("mkdir", "/data/sub"), "File exists");
    assert.equal(await fails("rmdir", "/data/sub"), "Directory not empty");
    assert.equal(await fails("rmdir", "/data/a.txt"), "Not a directory");
    assert.equal(await fails("remove", "/data/sub"), "Is a directory");
    assert.equal(await fails("read", "/data/a.txt/x"), "Not a directory");
    assert.equal(await fails("write", "/data/sub", "x"), "Is a directory");
    assert.equal(await fails("remove", "/data/nope"), "No such file or directory");
    assert.equal(await fails("rename", "/data/nope", "/data/x"), "No such file or directory");
    assert.equal(await fails("rename", "/data/a.txt", "/shelf/a.txt"), "Read-only file system");
    assert.equal(await fails("link", "/data/a.txt", "/data/z"), "Not supported");
    assert.equal(text("data/a.txt"), "hello\n");
  }));

test("no path leads out of a mount, and nothing is changed in one that is read-only [wasm.wasi.mounts] [wasm.import.fs]", () =>
  withWork(async (work, fails, app) => {
    writeFileSync(join(app.folder, "secret.txt"), "secret");
    symlinkSync(join(app.folder, "secret.txt"), join(app.folder, "data/way"));
    assert.equal(await fails("read", "/etc/passwd"), "No such file or directory");
    assert.equal(await fails("read", "/data/../secret.txt"), "Operation not permitted");
    assert.equal(await fails("read", "/data/sub/../../secret.txt"), "Operation not permitted");
    assert.notEqual(await fails("read", "/data/way"), "");
    assert.equal(await work("read", "/data/sub/../a.txt"), "hello\n");
    for (const place of ["/shelf", "/still"]) {
      assert.equal(await fails("write", `${place}/new.txt`, "x"), "Read-only file system");
      assert.equal(await fails("mkdir", `${place}/new`), "Read-only file system");
    }
    assert.equal(await work("read", "/shelf/book.txt"), "once upon a time");
    assert.equal(await work("read", "/still/a.txt"), "hello\n");
    for (const what of ["write", "append", "cut", "remove", "patch"]) {
      assert.notEqual(await fails(what, "/still/a.txt", "1"), "", what);
    }
    assert.equal(readFileSync(join(app.folder, "data/a.txt"), "utf8"), "hello\n");
  }));

test("long files and folders of many come through whole [wasm.import.io] [wasm.import.fs]", () =>
  withWork(async (work, _fails, app) => {
    const long = Array.from({ length: 60_000 }, (_, i) => `${i};`).join("");
    writeFileSync(join(app.folder, "data/long.txt"), long);
    assert.equal(await work("read", "/data/long.txt"), long);
    await work("write", "/data/copy.txt", long);
    assert.equal(readFileSync(join(app.folder, "data/copy.txt"), "utf8"), long);
    // More names than the shared memory takes at once.
    const names = Array.from({ length: 900 }, (_, i) => `${"n".repeat(180)}${String(i).padStart(3, "0")}`);
    for (const name of names) writeFileSync(join(app.folder, "data/empty", name), "x");
    await addGuest(app, "list", "list-files", { imports: ALL, wasi: MOUNTS });
    const listed = String(await app.call("app:list", "/data/empty"));
    assert.equal(listed, names.map((name) => `file          1  ${name}\n`).join(""));
  }));

test("an instance that is used again goes on with what it opened before [wasm.wasi.mounts]", () =>
  withWork(async (work) => {
    for (let i = 0; i < 300; i++) {
      await work("append", "/data/log.txt", "x");
      assert.equal(await work("end", "/data/log.txt"), String(i + 1));
    }
  }, { pool: { type: "static", size: 1 } }));

test("an instance whose environment has changed is not used again [wasm.wasi.env]", () =>
  withFilesGuest(async (app) => {
    const env = [{ id: "app:mode", name: "MODE" }];
    await addGuest(app, "work", "work", { imports: ALL, wasi: { env }, pool: { type: "static", size: 1 } });
    const mode = (): Promise<Value> => app.call("app:work", "env", "MODE", "");
    assert.equal(await mode(), "fast");
    assert.equal(await mode(), "fast");
    await app.application.environment.set("app:mode", "slow");
    assert.equal(await mode(), "slow");
  }, `  - { name: memory, kind: env.storage.memory }
  - { name: mode, kind: env.variable, variable: MODE, storage: app:memory, default: fast }
`));

test("whoever calls must be allowed the file systems that are mounted [wasm.security]", () =>
  withFilesGuest(async (app) => {
    await addGuest(app, "work", "work", { imports: ALL, wasi: { mounts: [DATA] } });
    const as = (policy: string): Promise<Value> => app.call("app:as", policy);
    assert.equal(await as("app:calls_and_files"), "hello\n");
    const denied = await failureOf(as("app:calls"));
    assert.match(denied.message, /app:work: wasi\.mounts: not allowed to access filesystem: app:data/);
  }, `  - { name: calls, kind: security.policy, policy: { actions: funcs.call, resources: "*", effect: allow } }
  - { name: calls_and_files, kind: security.policy, policy: { actions: [funcs.call, fs.get], resources: "*", effect: allow } }
` +
    entry(
      "as",
      "function.lua",
      main(`
local scope = security.new_scope({ assert(security.policy(...)) })
local executor = funcs.new():with_actor(security.new_actor("ann")):with_scope(scope)
local result, err = executor:call("app:work", "read", "/data/a.txt", "")
if err then error(err) end
return result`),
      "method: main\nmodules: [funcs, security]",
    )));

test("a mount of a file system that is not there is told by the call", () =>
  withFilesGuest(async (app) => {
    await addGuest(app, "work", "work", { imports: ALL, wasi: { mounts: [{ fs: "app:nope", guest: "/x" }] } });
    const { kind, message } = await failureOf(app.call("app:work", "read", "/x/y", ""));
    assert.equal(`${kind}: ${message}`, "NotFound: app:work: wasi.mounts: there is no file system app:nope");
  }));

test("what a function prints goes to the log, line by line [wasm.import.cli] [wasm.import.io]", () =>
  withWork(async (work, _fails, app) => {
    await work("print", "out\nmore", "oh no");
    const told = app.logs.filter(({ logger }) => logger === "app:work").map(({ level, message }) => [level, message]);
    assert.deepEqual(told, [[0, "out"], [1, "oh no"], [0, "more"]]);
    assert.equal(await work("terminal", ""), "0 0");
    await addGuest(app, "shout", "shout", { imports: ALL });
    assert.equal(await app.call("app:shout"), 0);
  }));

test("a library that looks around before it is asked is told that there is nothing, unless that is declared [wasm.import.cli]", () =>
  withFilesGuest(async (app) => {
    await addGuest(app, "greet", "greet");
    assert.equal(await app.call("app:greet", "World"), "Hello, World!");
    await addGuest(app, "work", "work", { wasi: MOUNTS });
    assert.equal((await failureOf(app.call("app:work", "read", "/data/a.txt", ""))).message, "No such file or directory");
    await addGuest(app, "nap", "nap");
    const { kind, message } = await failureOf(app.call("app:nap", 1));
    assert.equal(kind, "PermissionDenied");
    assert.match(message, /it called wasi:clocks\/monotonic-clock@0\.2\.\d+#now, which its entry does not declare in imports/);
  }));

test("a guest that sleeps holds up nobody, and wakes when its time has come [wasm.import.clocks]", () =>
  withFilesGuest(async (app) => {
    await addGuest(app, "nap", "nap", { imports: ["wasi:clocks", "wasi:poll"] });
    await addGuest(app, "doze", "nap", { imports: ["wasi:clocks", "wasi:io"], limits: { max_execution_ms: 2000 } });
    await addGuest(app, "add", "add");
    assert.equal(await app.call("app:add", 1, 1), 2);
    let isOver = false;
    const sleeping = failureOf(app.call("app:doze", 3_600_000)).finally(() => isOver = true);
    for (let i = 0; i < 10; i++) assert.equal(await app.call("app:add", i, 1), i + 1);
    assert.ok(!isOver);
    const slept = Number(await app.call("app:nap", 30));
    assert.ok(slept >= 29, `${slept}`);
    assert.equal((await sleeping).kind, "Timeout");
  }));

test("who sleeps, or waits for its files, is ended by its limit and with its caller [wasm.limits] [wasm.import.clocks]", () =>
  withFilesGuest(async (app) => {
    await addGuest(app, "nap", "nap", {
      imports: ["wasi:clocks", "wasi:io"],
      limits: { max_execution_ms: 50 },
    });
    const { kind, message } = await failureOf(app.call("app:nap", 3_600_000));
    assert.equal(kind, "Timeout", message);
    await addGuest(app, "long", "nap", { imports: ["wasi:clocks", "wasi:io"] });
    const result = await app.call("app:impatient") as Value[];
    assert.deepEqual(result, ["Timeout", 5]);
  }, entry(
    "impatient",
    "function.lua",
    main(`
local _, err = funcs.new():with_options({ timeout = "50ms" }):call("app:long", 3600000)
return { err:kind(), (funcs.call("app:sum", 2, 3)) }`),
    "method: main\nmodules: [funcs]",
  ) + entry("sum", "function.lua", main("local a, b = ... return a + b"), "method: main")));
