/** `security.token_store`: its settings, keys, and how they change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { StoreResource } from "../../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";

const SIMULATED = { simulated: true };

function project(more: string): string {
  return `${HEAD}  - { name: data, kind: store.memory, lifecycle: { auto_start: true } }
  - { name: tokens, kind: security.token_store, store: data${more} }
` +
    entry(
      "create",
      "function.lua",
      main(`
local store = assert(security.token_store("app:tokens"))
local token, err = store:create(security.new_actor("user:1", { role = "x" }), security.new_scope({}), ...)
return err and err:kind() .. ": " .. err:message() or token`),
      "method: main\nmodules: [security]",
    ) +
    entry(
      "validate",
      "function.lua",
      main(`
local store = assert(security.token_store("app:tokens"))
local actor, scope, err = store:validate((...))
return err and err:kind() .. ": " .. err:message() or actor:id()`),
      "method: main\nmodules: [security]",
    );
}

async function create(app: TestApplication): Promise<string> {
  return String(await app.call("app:create"));
}

async function validate(app: TestApplication, token: string): Promise<string> {
  return String(await app.call("app:validate", token));
}

const UNKNOWN = "Internal: token validation failed: token not found or expired";

test("tokens hold 32 random bytes by default, and each is another [security.token_store.kind] [kind.security.policy] [token.store.entry]", async () => {
  for (const [more, bytes] of [["", 32], [", token_length: 5", 5]] as const) {
    await withApplication(project(more), async (app) => {
      const token = await create(app);
      assert.match(token, /^[A-Za-z0-9_-]+=*$/);
      assert.equal(atob(token.replaceAll("-", "+").replaceAll("_", "/")).length, bytes);
      assert.notEqual(await create(app), token);
    }, SIMULATED);
  }
});

test("a token lives as long as the store says, by default a day [security.token_store.kind] [token.store.entry]", async () => {
  await withApplication(project(", default_expiration: 90s"), async (app) => {
    const token = await create(app);
    await app.world!.clock.sleep(89_000);
    assert.equal(await validate(app, token), "user:1");
    await app.world!.clock.sleep(2_000);
    assert.equal(await validate(app, token), UNKNOWN);
  }, SIMULATED);
  await withApplication(project(""), async (app) => {
    await create(app);
    const store = app.application.resources.find(StoreResource, "app:data")!;
    const { items } = await store.list({ prefix: "", after: "", limit: 10 });
    const record = items[0]!.value as ValueMap;
    assert.equal(Number(record["expires_at_ms"]) - Number(record["created_at_ms"]), 86_400_000);
  }, SIMULATED);
});

test("with a key tokens are signed, and only those of that key are valid [security.token_store.kind] [security.token_store.format]", () =>
  withApplication(project(", token_key: first"), async (app) => {
    const token = await create(app);
    assert.match(token, /^[\w-]+=*\.[\w-]+=*$/);
    assert.equal(await validate(app, token), "user:1");
    const forged = `${token.split(".")[0]}.${"A".repeat(43)}=`;
    assert.equal(await validate(app, forged), "Internal: token validation failed: invalid token signature");
    const { registry } = app.application;
    const tokens = registry.get("app:tokens")!;
    const data = { ...tokens.data as ValueMap, token_key: "second" };
    await registry.apply([{ kind: "entry.update", entry: { ...tokens, data } }]);
    assert.equal(await validate(app, token), "Internal: token validation failed: invalid token signature");
    assert.equal(await validate(app, await create(app)), "user:1");
  }, SIMULATED));

test("the key may come from a variable, by placeholder or by the older token_key_env [security.token_store.kind] [kind.placeholder.legacy] [token.store.entry]", async () => {
  const variables =
    `  - { name: fixed, kind: env.storage.static, values: { KEY: from a variable } }\n  - { name: key, kind: env.variable, variable: KEY, storage: fixed }\n`;
  for (const more of [', token_key: "${env:KEY}"', ", token_key_env: KEY"]) {
    await withApplication(project(more) + variables, async (app) => {
      const token = await create(app);
      assert.match(token, /\./, more);
      assert.equal(await validate(app, token), "user:1");
    }, SIMULATED);
  }
});

test("settings that can't be are refused [security.token_store.kind]", () =>
  withApplication(project(""), async (app) => {
    const bad: [ValueMap, RegExp][] = [
      [{}, /store/],
      [{ store: "app:data", token_length: 0 }, /token_length/],
      [{ store: "app:data", token_length: 100_000 }, /token_length/],
      [{ store: "app:data", default_expiration: "7d" }, /default_expiration/],
      [{ store: "app:data", default_expiration: "-1h" }, /default_expiration/],
      [{ store: "app:data", token_key_env: "NOT_THERE" }, /NOT_THERE/],
    ];
    for (const [data, message] of bad) {
      assert.match((await refusalOf(app, "app:bad", "security.token_store", data)).message, message);
    }
  }, SIMULATED));

test("without its store every operation fails, and works again once it is back [security.token_store.kind]", () =>
  withApplication(project("").replace("store: data", "store: app:late"), async (app) => {
    assert.match(await create(app), /Internal: .*store app:late is not available/);
    const late = { id: "app:late", kind: "store.memory", meta: {}, data: {} };
    await app.application.registry.apply([{ kind: "entry.create", entry: late }]);
    assert.equal(await validate(app, await create(app)), "user:1");
  }, SIMULATED));
