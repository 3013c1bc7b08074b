/** Processes in WebAssembly: started, watched and ended like those in Lua. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { binaryOf } from "../../../src/wasm/wat.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";
import { COUNT, SPIN } from "../function.wat/guests.ts";

function project(caller: string): Record<string, string> {
  return {
    "src/_index.yaml": HEAD + "  - { name: files, kind: fs.directory, directory: ./wasm }\n" +
      entry("f", "function.lua", main(caller), "method: main"),
    "wasm/readme.txt": "",
  };
}

async function add(app: TestApplication, name: string, source: string, more: { [key: string]: Value }): Promise<void> {
  const bytes = await binaryOf(source);
  writeFileSync(join(app.folder, `wasm/${name}.wasm`), bytes);
  const hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const data = { fs: "app:files", path: `/${name}.wasm`, hash, ...more };
  await app.application.registry.apply([
    { kind: "entry.create", entry: { id: `app:${name}`, kind: "process.wasm", meta: {}, data } },
  ]);
}

const FAILS = `(module (func (export "f") (unreachable)))`;

test("a spawned guest ends with its value, or with its failure, in the EXIT event [wasm.process.spawn] [wasm.process.life] [wasm.kinds] [kind.wasm]", async () => {
  const caller = `
    local events = process.events()
    local pid = assert(process.spawn_monitored("app:spin", "app:host", 0))
    local exit = events:receive()
    assert(exit.kind == process.event.EXIT and exit.from == pid)
    assert(process.spawn_monitored("app:fails", "app:host"))
    local failed = events:receive()
    return { exit.result.value, exit.result.error == nil, failed.result.error:message(), failed.result.error:kind() }`;
  await withApplication(project(caller), async (app) => {
    await add(app, "spin", SPIN, { method: "spin", wit: "spin: func(times: s32) -> s32;" });
    await add(app, "fails", FAILS, { method: "f" });
    const [value, clean, message, kind] = await app.call("app:f") as Value[];
    assert.deepEqual([value, clean, kind], [5, true, "Internal"]);
    assert.match(String(message), /app:fails: trap: .*unreachable/i);
  });
});

test("each process has an instance of its own, and pool is accepted and ignored [wasm.process.fields]", async () => {
  const caller = `
    local events = process.events()
    for i = 1, 2 do process.spawn_monitored("app:count", "app:host") end
    return { events:receive().result.value, events:receive().result.value }`;
  await withApplication(project(caller), async (app) => {
    await add(app, "count", COUNT, {
      method: "count",
      wit: "count: func() -> s32;",
      pool: { type: "static", size: 1 },
      transport: "payload",
      imports: ["wasi:cli"],
      wasi: {},
      limits: { max_execution_ms: 5000 },
    });
    assert.deepEqual(await app.call("app:f"), [1, 1]);
  }, { cpus: 1 });
});

test("a guest that never ends is ended by terminate and by its limit [wasm.process.life]", async () => {
  const caller = `
    local events = process.events()
    local pid = assert(process.spawn_monitored("app:spin", "app:host", 1))
    assert(process.terminate(pid))
    local ended = events:receive()
    assert(ended.kind == process.event.EXIT and ended.from == pid)
    process.spawn_monitored("app:limited", "app:host", 1)
    local limited = events:receive()
    return { ended.result.error ~= nil, limited.result.error:kind() }`;
  await withApplication(project(caller), async (app) => {
    await add(app, "spin", SPIN, { method: "spin" });
    await add(app, "limited", SPIN, { method: "spin", limits: { max_execution_ms: 50 } });
    assert.deepEqual(await app.call("app:f"), [true, "Timeout"]);
  }, { cpus: 1 });
});
