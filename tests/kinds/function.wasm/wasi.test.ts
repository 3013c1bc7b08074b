/** What guests get of WASI when their entries declare it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { failureOf, HEAD, refusalOf } from "../../lua_entries.ts";

const WASI = new Uint8Array(readFileSync(new URL("components/wasi.wasm", import.meta.url)));
const HASH = createHash("sha256").update(WASI).digest("hex");

const PROJECT = {
  "src/_index.yaml": HEAD + `
  - { name: files, kind: fs.directory, directory: ./wasm }
  - { name: memory, kind: env.storage.memory }
  - { name: key, kind: env.variable, variable: KEY, storage: app:memory }
  - { name: mode, kind: env.variable, variable: MODE, storage: app:memory, default: fast }
`,
  "wasm/readme.txt": "",
};

function dataOf(method: string, imports: string[], wasi: { [key: string]: Value }): { [key: string]: Value } {
  return { fs: "app:files", path: "/wasi.wasm", hash: `sha256:${HASH}`, method, imports, wasi };
}

async function add(
  app: TestApplication,
  name: string,
  method: string,
  imports: string[],
  wasi: { [key: string]: Value } = {},
): Promise<void> {
  await app.application.registry.apply([{
    kind: "entry.create",
    entry: { id: `app:${name}`, kind: "function.wasm", meta: {}, data: dataOf(method, imports, wasi) },
  }]);
}

function withGuest(body: (app: TestApplication) => Promise<void>): Promise<void> {
  return withApplication(PROJECT, async (app) => {
    writeFileSync(join(app.folder, "wasm/wasi.wasm"), WASI);
    await body(app);
  });
}

test("wasi:random gives bytes and numbers that differ from call to call", () =>
  withGuest(async (app) => {
    for (const method of ["bytes", "insecure-bytes", "number", "seed"]) {
      await add(app, method, method, ["wasi:random"]);
      const args = method.endsWith("bytes") ? [32] : [];
      const first = await app.call(`app:${method}`, ...args);
      assert.notDeepEqual(first, await app.call(`app:${method}`, ...args));
      if (method.endsWith("bytes")) assert.equal((first as Value[]).length, 32);
    }
    const greedy = await failureOf(app.call("app:bytes", 2 ** 40));
    assert.equal(greedy.kind, "LimitExceeded");
  }));

test("wasi:clocks gives the time of day, and one that never goes back", () =>
  withGuest(async (app) => {
    await add(app, "wall", "wall", ["wasi:clocks"]);
    await add(app, "ticks", "ticks", ["wasi:clocks"]);
    const { clock } = app.application.ports;
    const before = Math.floor(clock.nowMs() / 1000);
    const [seconds, nanoseconds] = await app.call("app:wall") as number[];
    assert.ok(seconds! >= before && seconds! <= Math.ceil(clock.nowMs() / 1000), `${seconds}`);
    assert.ok(nanoseconds! >= 0 && nanoseconds! < 1e9);
    const first = Number(await app.call("app:ticks"));
    assert.ok(Number(await app.call("app:ticks")) >= first);
  }));

test("a guest has the arguments and the directory of its entry [wasm.wasi.args]", () =>
  withGuest(async (app) => {
    const wasi = { args: ["--verbose", "é"], cwd: "/app" };
    for (const method of ["arguments", "directory"]) {
      await add(app, method, method, ["wasi:cli"], wasi);
      await add(app, `no-${method}`, method, ["wasi:cli"]);
    }
    assert.deepEqual(await app.call("app:arguments"), wasi.args);
    assert.deepEqual(await app.call("app:no-arguments"), []);
    assert.equal(await app.call("app:directory"), "/app");
    assert.equal(await app.call("app:no-directory"), null);
    const refusal = await refusalOf(app, "app:bad", "function.wasm", dataOf("directory", [], { cwd: "app" }));
    assert.match(refusal.message, /app:bad.*wasi\.cwd: expected an absolute path, got "app"/);
  }));

test("a guest has variables of the application, as they are when it is called, and no others [wasm.wasi.env]", () =>
  withGuest(async (app) => {
    const mode = { id: "app:mode", name: "DEBUG_MODE" };
    await add(app, "env", "variables", ["wasi:cli"], { env: [mode, { id: "app:key", name: "API_KEY" }] });
    await add(app, "strict", "variables", ["wasi:cli"], { env: [{ id: "app:key", name: "API_KEY", required: true }] });
    assert.deepEqual(await app.call("app:env"), [["DEBUG_MODE", "fast"]]);
    const missing = await failureOf(app.call("app:strict"));
    assert.equal(
      `${missing.kind}: ${missing.message}`,
      "NotFound: app:strict: wasi.env: API_KEY is required, and app:key has no value",
    );
    await app.application.environment.set("app:key", "secret");
    assert.deepEqual(await app.call("app:strict"), [["API_KEY", "secret"]]);
    await app.application.environment.set("app:mode", "slow");
    assert.deepEqual(await app.call("app:env"), [["DEBUG_MODE", "slow"], ["API_KEY", "secret"]]);
  }));

test("a guest that exits ends its call, well or badly", () =>
  withGuest(async (app) => {
    await add(app, "leave", "leave", ["wasi:cli"]);
    assert.equal(await app.call("app:leave", false), null);
    const { kind, message } = await failureOf(app.call("app:leave", true));
    assert.equal(`${kind}: ${message}`, "Exited: app:leave: it has ended itself as failed");
  }));

test("only what an entry declares is linked, each import by itself", () =>
  withGuest(async (app) => {
    await add(app, "wall", "wall", ["wasi:random", "wasi:cli"]);
    const { kind, message } = await failureOf(app.call("app:wall"));
    assert.equal(
      `${kind}: ${message}`,
      "PermissionDenied: app:wall: it called wasi:clocks/wall-clock@0.2.0#now, which its entry does not declare in imports",
    );
  }));

test("mounts have absolute places that differ", () =>
  withGuest(async (app) => {
    const refusal = async (...guests: string[]): Promise<string> => {
      const mounts = guests.map((guest) => ({ fs: "app:files", guest }));
      return (await refusalOf(app, "app:bad", "function.wasm", dataOf("wall", [], { mounts }))).message;
    };
    assert.match(await refusal("data"), /wasi\.mounts\[0\]\.guest: expected an absolute path, got "data"/);
    assert.match(await refusal("/data", "/data/"), /wasi\.mounts\[1\]\.guest: \/data\/ is mounted twice/);
  }));
