/** Which kind the refusal of each module has: Invalid for some, PermissionDenied for all others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guardedCalls, type Step } from "./guarded_calls.ts";

const { add, guards, outcome } = guardedCalls();

const INVALID: Step[] = [
  { action: "queue.publish.queue", resource: "a:queue", code: `return queue.publish("a:queue", { x = 1 })` },
  { action: "events.send", resource: "orders", code: `return events.send("orders", "kind", "path")` },
  { action: "events.subscribe", resource: "orders", code: `return events.subscribe("orders")` },
  { action: "exec.get", resource: "a:shell", code: `return exec.get("a:shell")` },
  { action: "exec.run", resource: "true", code: `return exec.get("a:shell"):exec("true")` },
  { action: "system.read", resource: "memory", code: "return system.memory.stats()" },
  { action: "system.control", resource: "memory_limit", code: "return system.memory.set_limit(0)" },
  { action: "system.gc", resource: "gc", code: "return system.gc.collect()" },
  { action: "security.policy.get", resource: "a:allow_all", code: `return security.policy("a:allow_all")` },
  {
    action: "security.policy_group.get",
    resource: "a:group",
    code: `return security.named_scope("a:group")`,
  },
  {
    action: "security.token.create",
    resource: "a:tokens",
    code: `return security.token_store("a:tokens"):create(security.new_actor("x"), scope())`,
  },
  {
    action: "security.token.validate",
    resource: "a:tokens",
    code: `return security.token_store("a:tokens"):validate("x")`,
  },
  {
    action: "security.token.revoke",
    resource: "a:tokens",
    code: `return security.token_store("a:tokens"):revoke("x")`,
  },
];

const PERMISSION_DENIED: Step[] = [
  { action: "system.lock", resource: "job", code: `return system.lock.acquire("job")` },
  { action: "process.spawn", resource: "a:idle", code: `return process.spawn("a:idle", "a:host")` },
  { action: "funcs.call", resource: "a:callee", code: `return funcs.call("a:callee")` },
  { action: "contract.get", resource: "a:contract", code: `return contract.get("a:contract")` },
  { action: "pg.open", resource: "a:groups", code: `return pg.open("a:groups")` },
  { action: "registry.get", resource: "a:entry", code: `return registry.get("a:entry")` },
  { action: "db.get", resource: "a:db", code: `return sql.get("a:db")` },
  { action: "store.info", resource: "a:store", code: `return store.get("a:store"):info()` },
  { action: "fs.get", resource: "a:files", code: `return fs.get("a:files")` },
  { action: "env.get", resource: "VARIABLE", code: `return env.get("VARIABLE")` },
  { action: "template.get", resource: "a:set", code: `return templates.get("a:set")` },
  {
    action: "http_client.request",
    resource: "http://127.0.0.1:1/",
    code: `return http_client.get("http://127.0.0.1:1/")`,
  },
  { action: "websocket.connect", resource: "", code: `return websocket.connect("ws://127.0.0.1:1/")` },
];

test(
  "queues, events, exec, system and security refuse with Invalid, locks and all other modules with PermissionDenied [perm.deny-kind]",
  guards(...INVALID.map((step): Step => ({ ...step, kind: "Invalid" })), ...PERMISSION_DENIED),
);

const KEY = (action: string, code: string): Step => ({
  action: `store.key.${action}`,
  resource: "a:store",
  raised: true,
  attribute: ["key", "k"],
  code,
});

test(
  "store operations raise their refusals, entry, put, list and info return them [store.denied]",
  guards(
    { action: "store.get", resource: "a:store", raised: true, code: `return store.get("a:store")` },
    KEY("get", `return store.get("a:store"):get("k")`),
    KEY("set", `return store.get("a:store"):set("k", 1)`),
    KEY("delete", `return store.get("a:store"):delete("k")`),
    KEY("has", `return store.get("a:store"):has("k")`),
    { ...KEY("get", `return store.get("a:store"):entry("k")`), raised: false },
    { ...KEY("set", `return store.get("a:store"):put("k", 1)`), raised: false },
    { action: "store.key.list", resource: "a:store", code: `return store.get("a:store"):list({})` },
    { action: "store.info", resource: "a:store", code: `return store.get("a:store"):info()` },
  ),
);

const TEXTS = ([
  ["store.get", `return store.get("a:store")`, "not allowed to access store: a:store"],
  ["store.key.get", `return store.get("a:store"):get("k")`, "not allowed to read key: k"],
  ["store.key.set", `return store.get("a:store"):set("k", 1)`, "not allowed to write key: k"],
  ["store.key.delete", `return store.get("a:store"):delete("k")`, "not allowed to delete key: k"],
  ["store.key.has", `return store.get("a:store"):has("k")`, "not allowed to check key existence: k"],
] as const).map(([action, code, message]) => ({
  index: add({ action, resource: "a:store", code, raised: true }),
  message,
}));

test("refusals of a store name the store or the key [store.denied]", async () => {
  for (const { index, message } of TEXTS) {
    const refused = await outcome(index, "here");
    assert.deepEqual([refused["message"], refused["kind"]], [message, "PermissionDenied"]);
  }
});
