/** Permissions of the registry, databases, stores, queues, files and variables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guardedCalls } from "./guarded_calls.ts";

const { add, guards, outcome } = guardedCalls();

test(
  "reading an entry needs registry.get, which also filters lists [security.action.registry.get]",
  guards({ action: "registry.get", resource: "a:entry", code: `return registry.get("a:entry")` }),
);

const FINDS = add({
  action: "registry.get",
  resource: "a:entry",
  code: `return #registry.snapshot():find({ [".kind"] = "registry.entry" })`,
});

test("entries that may not be read are missing from lists", async () => {
  assert.equal((await outcome(FINDS, "here"))["value"], 0);
  assert.equal((await outcome(FINDS, "elsewhere"))["value"], 1);
});

test(
  "changing the registry, one's own namespace too, needs registry.apply [security.action.registry.apply, security.iso.selfmod]",
  guards({
    action: "registry.apply",
    resource: "",
    code: `local changes = registry.snapshot():changes()
      changes:update({ id = "a:entry", kind = "registry.entry", meta = {}, data = { value = 3 } })
      return changes:apply()`,
  }),
);

test(
  "moving between versions needs registry.apply_version [security.action.registry.version]",
  guards({
    action: "registry.apply_version",
    resource: "",
    code: `return registry.apply_version(registry.current_version())`,
  }),
);

test(
  "a database needs db.get when it is acquired [security.action.db.get]",
  guards({ action: "db.get", resource: "a:db", code: `return sql.get("a:db")` }),
);

test(
  "what is acquired once needs no further right [security.iso.handle]",
  guards({
    action: "db.get",
    resource: "a:db",
    code:
      `local db, err = sql.get("a:db") if err then return nil, err end return db:query("SELECT 1 AS one")`,
  }),
);

test(
  "a store needs store.get, its facts store.info [security.action.store.get]",
  guards(
    { action: "store.get", resource: "a:store", raised: true, code: `return store.get("a:store")` },
    { action: "store.info", resource: "a:store", code: `return store.get("a:store"):info()` },
  ),
);

test(
  "a cloud storage needs cloudstorage.get, its refusal is raised [security.action.cloudstorage.get]",
  guards({
    action: "cloudstorage.get",
    resource: "a:bucket",
    raised: true,
    code: `return cloudstorage.get("a:bucket")`,
  }),
);

test(
  "keys of a store are guarded with the key as attribute [security.action.store.key]",
  guards(
    {
      action: "store.key.get",
      resource: "a:store",
      raised: true,
      attribute: ["key", "k"],
      code: `return store.get("a:store"):get("k")`,
    },
    {
      action: "store.key.get",
      resource: "a:store",
      attribute: ["key", "k"],
      code: `return store.get("a:store"):entry("k")`,
    },
    {
      action: "store.key.set",
      resource: "a:store",
      raised: true,
      attribute: ["key", "k"],
      code: `return store.get("a:store"):set("k", 1)`,
    },
    {
      action: "store.key.set",
      resource: "a:store",
      attribute: ["key", "k"],
      code: `return store.get("a:store"):put("k", 1)`,
    },
    {
      action: "store.key.delete",
      resource: "a:store",
      raised: true,
      attribute: ["key", "k"],
      code: `return store.get("a:store"):delete("k")`,
    },
    {
      action: "store.key.has",
      resource: "a:store",
      raised: true,
      attribute: ["key", "k"],
      code: `return store.get("a:store"):has("k")`,
    },
  ),
);

test(
  "listing keys is guarded with the prefix as attribute [security.action.store.list]",
  guards({
    action: "store.key.list",
    resource: "a:store",
    attribute: ["prefix", "p"],
    code: `return store.get("a:store"):list({ prefix = "p" })`,
  }),
);

test(
  "publishing needs both the general and the queue's right, refusals are Invalid [security.action.queue.publish]",
  guards(
    {
      action: "queue.publish",
      resource: "",
      kind: "Invalid",
      code: `return queue.publish("a:queue", { x = 1 })`,
    },
    {
      action: "queue.publish.queue",
      resource: "a:queue",
      kind: "Invalid",
      code: `return queue.publish("a:queue", { x = 1 })`,
    },
  ),
);

test(
  "a file system needs fs.get when it is acquired [security.action.fs.get]",
  guards({ action: "fs.get", resource: "a:files", code: `return fs.get("a:files")` }),
);

test(
  "variables need env.get and env.set on their name [security.action.env]",
  guards(
    { action: "env.get", resource: "VARIABLE", code: `return env.get("VARIABLE")` },
    { action: "env.set", resource: "VARIABLE", code: `return env.set("VARIABLE", "y")` },
  ),
);
