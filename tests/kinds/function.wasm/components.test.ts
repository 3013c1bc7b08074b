/**
 * Components as functions.
 *
 * Those under `components` are made of the texts beside them with the tools of the Bytecode Alliance: `parse`, `embed` and `new`.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure, type Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, failureOf, HEAD, main, refusalOf } from "../../lua_entries.ts";

const GUEST = new Uint8Array(readFileSync(new URL("components/guest.wasm", import.meta.url)));
const CLOCK = new Uint8Array(readFileSync(new URL("components/clock.wasm", import.meta.url)));

const PROJECT = {
  "src/_index.yaml": HEAD + "  - { name: files, kind: fs.directory, directory: ./wasm }\n" +
    entry("f", "function.lua", main('return require("funcs").call(...)'), "method: main\nmodules: [funcs]"),
  "wasm/readme.txt": "",
};

function dataOf(app: TestApplication, bytes: Uint8Array, more: { [key: string]: Value }): { [key: string]: Value } {
  const digest = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(app.folder, `wasm/${digest}.wasm`), bytes);
  return { fs: "app:files", path: `/${digest}.wasm`, hash: `sha256:${digest}`, ...more };
}

function withMethods(
  methods: Record<string, string>,
  body: (app: TestApplication) => Promise<void>,
  kind = "function.wasm",
): Promise<void> {
  return withApplication(PROJECT, async (app) => {
    await app.application.registry.apply(Object.entries(methods).map(([name, method]) => ({
      kind: "entry.create",
      entry: {
        id: `app:${name}`,
        kind,
        meta: {},
        data: dataOf(app, GUEST, { method, pool: { type: "static", size: 1 } }),
      },
    })));
    await body(app);
  }, { cpus: 1 });
}

test("a component needs no wit: records are tables, lists arrays, results value and error, primitives themselves [wasm.wit]", async () => {
  const methods = { same: "mapper#same", count: "mapper#count", say: "say", half: "half", third: "third" };
  await withMethods(methods, async (app) => {
    const users = [
      { id: 1, name: "Alice", tags: ["admin", "dev"], active: true, rank: "high", score: 0.5 },
      { id: 2, name: "Bob", tags: ["user"], active: false, rank: "low" },
    ];
    assert.deepEqual(await app.call("app:f", "app:same", users), users);
    assert.equal(await app.call("app:count", users), 2);
    assert.equal(await app.call("app:say", "héllo"), "héllo");
    assert.equal(await app.call("app:third", 1.5), 0.5);
    assert.equal(await app.call("app:half", 8), 4);
    const odd = await failureOf(app.call("app:half", 7));
    assert.equal(`${odd.kind}: ${odd.message}`, "Internal: it is odd");
    const bad = await failureOf(app.call("app:same", [{ ...users[0]!, id: "x" }]));
    assert.equal(bad.message, 'app:same: argument 1 (users)[1].id: expected u32, got "x"');
  });
});

test("arguments of many numbers go through memory", async () => {
  await withMethods({ last: "last" }, async (app) => {
    const many = Object.fromEntries([..."abcdefghijklmnop"].map((name, i) => [name, i]));
    assert.equal(await app.call("app:last", many, 2n ** 60n), 2n ** 60n);
    const failure = await failureOf(app.call("app:last", { ...many, p: -1 }, 1));
    assert.equal(failure.message, "app:last: argument 1 (all).p: expected u32, got -1");
  });
});

test("a component's method names a function, or interface#function with or without package and version [wasm.method]", async () => {
  const methods = { short: "mapper#count", full: "test:guests/mapper@1.0.0#count" };
  await withMethods(methods, async (app) => {
    for (const name of Object.keys(methods)) assert.equal(await app.call(`app:${name}`, []), 0);
    const refusal = async (method: string): Promise<string> =>
      (await refusalOf(app, "app:bad", "function.wasm", dataOf(app, GUEST, { method }))).message;
    assert.match(await refusal("mapper#cuont"), /exports no function "mapper#cuont" .*did you mean "mapper#count"\?/);
    assert.match(await refusal("shapes#area"), /exports no function "shapes#area" whose types are supported/);
  });
});

test("a component is a process too [wasm.process.spawn]", async () => {
  await withMethods({ say: "say" }, async (app) => {
    const { runtime } = app.application;
    const exit = await new Promise<{ value: Value }>((resolve) =>
      runtime.spawn("app:say", "app:host", { args: ["hello"], onExit: resolve })
    );
    assert.equal(exit.value, "hello");
  }, "process.wasm");
});

test("a component runs whatever it imports, until it calls what its entry does not declare or nobody links", async () => {
  await withApplication(PROJECT, async (app) => {
    const entries = { now: [], say: [], write: ["wasi:clocks"], streams: ["wasi:clocks", "wasi:io"] };
    await app.application.registry.apply(Object.entries(entries).map(([name, imports]) => ({
      kind: "entry.create",
      entry: {
        id: `app:${name}`,
        kind: "function.wasm",
        meta: {},
        data: dataOf(app, CLOCK, { method: name === "streams" ? "write" : name, imports }),
      },
    })));
    assert.equal(await app.call("app:say", "hello"), "hello");
    const failure = async (name: string): Promise<string> => {
      const { kind, message } = await failureOf(app.call(`app:${name}`));
      return `${kind}: ${message}`;
    };
    assert.equal(
      await failure("now"),
      "PermissionDenied: app:now: it called wasi:clocks/monotonic-clock@0.2.0#now, which its entry does not declare in imports",
    );
    assert.equal(
      await failure("write"),
      "PermissionDenied: app:write: it called wasi:io/streams@0.2.0#first, which its entry does not declare in imports",
    );
    assert.equal(
      await failure("streams"),
      "Unavailable: app:streams: it called wasi:io/streams@0.2.0#first, which this version does not provide",
    );
  });
});

test("a damaged component is refused, or runs as what it has become, and nothing else suffers", async () => {
  await withApplication(PROJECT, async (app) => {
    const { registry } = app.application;
    for (let at = 8; at < GUEST.length; at += 37) {
      const damaged = GUEST.slice();
      damaged[at] = damaged[at]! ^ 0xff;
      const data = dataOf(app, damaged, { method: "say", limits: { max_execution_ms: 1000 } });
      const id = `app:d${at}`;
      const error = await registry.apply([
        { kind: "entry.create", entry: { id, kind: "function.wasm", meta: {}, data } },
      ]).then(() => undefined, (reason: unknown) => reason);
      if (error !== undefined) {
        assert.ok(error instanceof Failure && error.kind === "Invalid" && error.message.includes(id), String(error));
        continue;
      }
      await app.call(id, "x").catch((reason: unknown) => assert.ok(reason instanceof Failure));
    }
    for (let length = 8; length < GUEST.length; length += 101) {
      const data = dataOf(app, GUEST.slice(0, length), { method: "say" });
      const { kind } = await refusalOf(app, "app:cut", "function.wasm", data);
      assert.equal(kind, "Invalid");
    }
    await registry.apply([{
      kind: "entry.create",
      entry: { id: "app:say", kind: "function.wasm", meta: {}, data: dataOf(app, GUEST, { method: "say" }) },
    }]);
    assert.equal(await app.call("app:say", "x"), "x");
  });
});
