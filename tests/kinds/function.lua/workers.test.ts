/** How many workers serve the calls of a function. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestApplication, withApplication } from "../../application.ts";
import { applyFailure, entry, HEAD, main } from "../../lua_entries.ts";

/** A function that reports how many workers serve calls at once. */
const WORKERS = `
local mine = {}
return { main = function(ms) time.sleep(ms .. "ms") return tostring(mine) end }`;

async function workersUsed(app: TestApplication, calls: number): Promise<number> {
  const tables = await Promise.all(Array.from({ length: calls }, () => app.call("app:f", 5)));
  return new Set(tables).size;
}

async function expectWorkers(pool: string, calls: number, workers: number): Promise<void> {
  await withApplication(
    HEAD + entry("f", "function.lua", WORKERS, `method: main\nmodules: [time]\npool: ${pool}`),
    async (app) => assert.equal(await workersUsed(app, calls), workers),
  );
}

test("a lazy pool grows on demand up to max_size [entry.pool.type] [kind.lua.pool.lazy]", () =>
  expectWorkers("{ type: lazy, max_size: 3 }", 8, 3));

test("lazy and adaptive pools end at 16 workers [entry.pool.fields] [kind.lua.pool.lazy] [kind.lua.pool.adaptive]", async () => {
  await expectWorkers("{ type: lazy }", 20, 16);
  await expectWorkers("{ type: adaptive }", 20, 16);
});

test("a static pool has its workers, else size, else 8 [entry.pool.fields] [kind.lua.pool.static]", async () => {
  await expectWorkers("{ type: static, workers: 2, size: 5 }", 6, 2);
  await expectWorkers("{ type: static, size: 3 }", 6, 3);
  await expectWorkers("{ type: static }", 12, 8);
});

test("an adaptive pool grows under load [entry.pool.type] [kind.lua.pool.adaptive]", () =>
  expectWorkers("{ type: adaptive, max_size: 4 }", 8, 4));

test("without a type the fields choose the pool [entry.pool.auto] [kind.lua.pool]", async () => {
  await expectWorkers("{ max_size: 5 }", 8, 5);
  await expectWorkers("{ size: 2, max_size: 5 }", 8, 5);
  await expectWorkers("{ workers: 2, size: 4 }", 6, 2);
  await expectWorkers("{ size: 3 }", 6, 6);
});

test("an inline pool never makes a caller wait [kind.lua.pool.inline]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", WORKERS, "method: main\nmodules: [time]\npool: { type: inline }"),
    async (app) => assert.equal(await workersUsed(app, 20), 20),
  );
});

test("idle workers of a lazy pool are dropped after 30 s [entry.pool.fields]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", WORKERS, "method: main\nmodules: [time]\npool: { type: lazy }"),
    async (app) => {
      await app.call("app:f", 1);
      const { functions } = app.application.runtime;
      assert.equal(functions.workers()["app:f"]?.workers, 1);
      await app.world!.clock.sleep(61_000);
      assert.equal(functions.workers()["app:f"]?.workers, 0);
    },
    { simulated: true },
  );
});

test("an unknown pool type is refused, known keys are accepted [entry.pool.validate]", async () => {
  await withApplication(
    HEAD +
      entry("f", "function.lua", main(`return 1`), "method: main\npool: { type: lazy, warm_start: true }"),
    async (app) => {
      assert.equal(await app.call("app:f"), 1);
      const data = { method: "main", source: "return 1", pool: { type: "elastic" } };
      assert.match(await applyFailure(app, "app:x", "function.lua", data), /unknown pool type: elastic/);
    },
  );
});
