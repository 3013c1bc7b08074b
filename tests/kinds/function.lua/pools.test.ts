/** Pools of functions, as their entries choose them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";

/** A function that takes a second, and tells how often its worker was called. */
function project(pool: string): string {
  return `
version: "1.0"
namespace: app
entries:
  - name: busy
    kind: function.lua
    method: main
    modules: [time]
${pool === "" ? "" : `    pool: ${pool}\n`}    source: |
      local calls = 0
      return { main = function(wait)
        calls = calls + 1
        if wait ~= "" then time.sleep(wait) end
        return calls
      end }
`;
}

interface Load {
  workers: number;
  idle: number;
  waiting: number;
}

function loadOf(app: TestApplication): Load {
  return app.application.runtime.functions.workers()["app:busy"] ?? { workers: 0, idle: 0, waiting: 0 };
}

/** Makes `count` calls of a second at once; what the pool looks like meanwhile, and the results. */
async function burst(
  app: TestApplication,
  count: number,
): Promise<{ during: Load; results: Value[]; tookMs: number }> {
  const { clock } = app.application.ports;
  const begin = clock.monotonicMs();
  const calls = Array.from({ length: count }, () => app.call("app:busy", "1s"));
  await clock.sleep(500);
  const during = loadOf(app);
  const results = await Promise.all(calls);
  return { during, results, tookMs: Math.round(clock.monotonicMs() - begin) };
}

function inPool(pool: string, body: (app: TestApplication) => Promise<void>): Promise<void> {
  return withApplication(project(pool), body, { simulated: true });
}

test("a lazy pool has no worker before the first call, as many as it needs, and none after a while [entry.pool.type] [kind.lua.pool.lazy]", () =>
  inPool("{type: lazy, max_size: 3}", async (app) => {
    assert.deepEqual(loadOf(app), { workers: 0, idle: 0, waiting: 0 });
    const { during, tookMs } = await burst(app, 5);
    assert.deepEqual(during, { workers: 3, idle: 0, waiting: 2 });
    assert.ok(tookMs >= 2000 && tookMs < 2100, `${tookMs} ms`);
    assert.equal(loadOf(app).idle, 3);
    await app.application.ports.clock.sleep(28_000);
    assert.equal(loadOf(app).workers, 3);
    await app.application.ports.clock.sleep(62_000);
    assert.equal(loadOf(app).workers, 0);
    assert.equal(await app.call("app:busy", ""), 1);
  }));

test("a static pool keeps its number of workers; callers queue [entry.pool.type] [kind.lua.pool.static]", () =>
  inPool("{type: static, workers: 2}", async (app) => {
    const { during, tookMs, results } = await burst(app, 6);
    assert.deepEqual(during, { workers: 2, idle: 0, waiting: 4 });
    assert.ok(tookMs >= 3000 && tookMs < 3100, `${tookMs} ms`);
    assert.deepEqual([...results].sort(), [1, 1, 2, 2, 3, 3]);
    await app.application.ports.clock.sleep(600_000);
    assert.deepEqual(loadOf(app), { workers: 2, idle: 2, waiting: 0 });
  }));

test("an adaptive pool grows under load and shrinks to one when idle [entry.pool.type] [kind.lua.pool.adaptive]", () =>
  inPool("{type: adaptive, max_size: 4}", async (app) => {
    const { during } = await burst(app, 9);
    assert.deepEqual(during, { workers: 4, idle: 0, waiting: 5 });
    await app.application.ports.clock.sleep(12_000);
    assert.deepEqual(loadOf(app), { workers: 1, idle: 1, waiting: 0 });
  }));

test("an inline function runs in its caller's turn and shares state between calls [entry.pool.type] [kind.lua.pool.inline]", () =>
  inPool("{type: inline}", async (app) => {
    const outcomes = [1, 2, 3].map(() => app.application.runtime.call("app:busy", [""]));
    // Not promises: the results are there before the calls return.
    assert.deepEqual(outcomes, [1, 2, 3].map((value) => ({ ok: true, value })));
    const { during } = await burst(app, 20);
    assert.deepEqual(during, { workers: 20, idle: 0, waiting: 0 });
  }));

test("without a type the fields choose the pool [entry.pool.auto] [kind.lua.pool]", async () => {
  const expectations: [pool: string, during: Load][] = [
    ["", { workers: 20, idle: 0, waiting: 0 }],
    ["{max_size: 5}", { workers: 5, idle: 0, waiting: 15 }],
    ["{size: 3, max_size: 7}", { workers: 7, idle: 0, waiting: 13 }],
    ["{workers: 4}", { workers: 4, idle: 0, waiting: 16 }],
    ["{workers: 4, max_size: 9}", { workers: 4, idle: 0, waiting: 16 }],
    ["{size: 3}", { workers: 20, idle: 0, waiting: 0 }],
  ];
  for (const [pool, during] of expectations) {
    await inPool(pool, async (app) => assert.deepEqual((await burst(app, 20)).during, during, pool));
  }
});

test("the implicit lazy pool ends at a hundred workers [entry.pool.auto]", () =>
  inPool("", async (app) => {
    assert.deepEqual((await burst(app, 110)).during, { workers: 100, idle: 0, waiting: 10 });
  }));

/** A function that starts calls without waiting for them, and tells how far it is. */
const STARTER = `
  - name: starter
    kind: function.lua
    method: main
    modules: [funcs]
    source: |
      return { main = function(count, to)
        local futures = {}
        for i = 1, count do
          futures[i] = assert(funcs.async("app:busy", "1s"))
          process.send(to, "started", i)
        end
        local done = 0
        for _, future in ipairs(futures) do
          if future:channel():receive() then done = done + 1 end
        end
        return done
      end }
  - name: progress
    kind: process.lua
    method: main
    source: |
      return { main = function()
        local started = process.listen("started")
        while true do print((started:receive())) end
      end }
  - { name: host, kind: process.host, lifecycle: { auto_start: true } }
`;

function lastStarted(app: TestApplication): number {
  return Number(app.logs.filter(({ fields }) => fields["pid"] !== undefined).at(-1)?.message ?? 0);
}

async function startsBeforeFirstEnd(pool: string, count: number): Promise<number> {
  let started = 0;
  await withApplication(project(pool) + STARTER, async (app) => {
    const { clock } = app.application.ports;
    const to = app.application.runtime.spawn("app:progress", "app:host");
    const done = app.call("app:starter", count, to);
    await clock.sleep(500);
    started = lastStarted(app);
    assert.equal(await done, count);
    assert.equal(lastStarted(app), count);
  }, { simulated: true });
  return started;
}

test("who starts calls without waiting is held back when a static pool's buffer is full [entry.pool.fields] [kind.lua.pool.static]", async () => {
  assert.equal(await startsBeforeFirstEnd("{type: static, workers: 2, buffer: 3}", 20), 5);
  assert.equal(await startsBeforeFirstEnd("{type: static, workers: 2}", 200), 2 + 2 * 64);
  assert.equal(await startsBeforeFirstEnd("{type: lazy, max_size: 2}", 200), 200);
});

test("callers that end while they are held back leave the pool to the others [kind.lua.pool.static]", () =>
  withApplication(project("{type: static, workers: 1, buffer: 1}") + STARTER, async (app) => {
    const { runtime, ports } = app.application;
    const to = runtime.spawn("app:progress", "app:host");
    const abort = new AbortController();
    const held = runtime.call("app:starter", [10, to], { signal: abort.signal });
    await ports.clock.sleep(100);
    const other = app.call("app:starter", 3, to);
    await ports.clock.sleep(100);
    abort.abort();
    assert.equal((await held).ok, false);
    assert.equal(await other, 3);
    assert.deepEqual(loadOf(app), { workers: 1, idle: 1, waiting: 0 });
    assert.equal(await app.call("app:busy", ""), 4, "only the new worker counts");
  }, { simulated: true }));
