/** `store.memory`: limits, expiry, live changes, loss. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import type { MemoryStore } from "../../../src/kinds/store/memory_store.ts";
import { StoreResource } from "../../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { HEAD, refusalOf } from "../../lua_entries.ts";
import { USE } from "../store_project.ts";

const SIMULATED = { simulated: true };

function project(more: string): string {
  return HEAD + `  - { name: store, kind: store.memory${more} }\n` +
    USE;
}

function use(app: TestApplication, method: string, ...args: (string | number | ValueMap)[]) {
  return app.call("app:use", method, ...args);
}

function sizeOf(app: TestApplication): number {
  return (app.application.resources.find(StoreResource, "app:store") as MemoryStore).size;
}

async function update(app: TestApplication, data: ValueMap): Promise<void> {
  const { registry } = app.application;
  await registry.apply([{ kind: "entry.update", entry: { ...registry.get("app:store")!, data } }]);
}

test("a full store refuses new keys, and takes them again when there is room [kind.store.memory]", () =>
  withApplication(project(", max_size: 2"), async (app) => {
    for (const key of ["a", "b"]) assert.equal(await use(app, "set", key, 1), true);
    assert.match(
      String(await use(app, "set", "c", 1)),
      /^LimitExceeded: store is full: app:store holds 2 entries/,
    );
    assert.equal(await use(app, "set", "a", 2), true, "present keys can be written");
    assert.equal(await use(app, "delete", "b"), true);
    assert.equal(await use(app, "set", "c", 1), true);
    await use(app, "set", "a", 1, 5);
    await app.world!.clock.sleep(6_000);
    assert.equal(await use(app, "set", "d", 1), true, "what has expired makes room before cleanup");
  }, SIMULATED));

test("0 entries means 10000, the default [kind.store.memory]", async () => {
  for (const more of ["", ", max_size: 0"]) {
    await withApplication(project(more), async (app) => {
      const store = app.application.resources.find(StoreResource, "app:store")!;
      for (let i = 0; i < 10_000; i++) await store.put(`k${i}`, i, { ttlSeconds: 0 });
      assert.match(String(await use(app, "set", "one more", 1)), /LimitExceeded.*10000/);
    }, SIMULATED);
  }
});

async function withExpiring(more: string, body: (app: TestApplication) => Promise<void>): Promise<void> {
  await withApplication(project(more), async (app) => {
    await use(app, "set", "a", 1, 2);
    await use(app, "set", "b", 1, 3);
    await use(app, "set", "stays", 1);
    await app.world!.clock.sleep(4_000);
    assert.equal(await use(app, "get", "a"), "NotFound: key not found");
    assert.equal(await use(app, "has", "b"), false);
    assert.equal(sizeOf(app), 3, "nothing was cleaned up yet");
    await body(app);
    assert.equal(await use(app, "get", "stays"), 1);
  }, SIMULATED);
}

test("expired entries are never read, and go away at cleanup [kind.store.memory] [store.ttl]", async () => {
  await withExpiring(", cleanup_interval: 10s", async (app) => {
    await app.world!.clock.sleep(7_000);
    assert.equal(sizeOf(app), 1);
  });
  await withExpiring(", cleanup_interval: 0s", async (app) => {
    await app.world!.clock.sleep(60_000);
    assert.equal(sizeOf(app), 3, "never");
  });
});

test("cleanup runs every five minutes by default [kind.store.memory]", () =>
  withExpiring("", async (app) => {
    await app.world!.clock.sleep(290_000);
    assert.equal(sizeOf(app), 3);
    await app.world!.clock.sleep(10_000);
    assert.equal(sizeOf(app), 1);
  }));

test("a change of the limits keeps what is stored, a removal loses it [kind.store.memory]", () =>
  withApplication(project(""), async (app) => {
    for (const key of ["a", "b", "c"]) await use(app, "set", key, 1);
    await update(app, { max_size: 2, cleanup_interval: "1s" });
    assert.equal(await use(app, "get", "c"), 1, "more than the new limit stays");
    assert.match(String(await use(app, "set", "d", 1)), /LimitExceeded/);
    await assert.rejects(update(app, { max_size: -1 }), { kind: "Invalid" });
    const { registry } = app.application;
    const store = registry.get("app:store")!;
    await registry.apply([{ kind: "entry.delete", id: "app:store" }]);
    await registry.apply([{ kind: "entry.create", entry: store }]);
    assert.equal(await use(app, "get", "a"), "NotFound: key not found");
  }, SIMULATED));

test("numbers that can't be are refused [kind.store.memory]", () =>
  withApplication(HEAD, async (app) => {
    for (
      const data of [{ max_size: -1 }, { max_size: "many" }, { max_size: 1.5 }, { cleanup_interval: "often" }]
    ) {
      const failure = await refusalOf(app, "app:bad", "store.memory", data);
      assert.equal(failure.kind, "Invalid");
      assert.match(failure.message, new RegExp(Object.keys(data)[0]!));
    }
  }, SIMULATED));
