/** Permissions of the system and of security itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guardedCalls, type Step } from "./guarded_calls.ts";

const { add, guards, outcome } = guardedCalls();

test(
  "facts of the system need system.read, one resource each [security.action.system.read]",
  guards(
    ...Object.entries({
      memory: "memory.stats()",
      memory_limit: "memory.get_limit()",
      gc_percent: "gc.get_percent()",
      goroutines: "runtime.goroutines()",
      gomaxprocs: "runtime.max_procs()",
      cpu: "runtime.cpu_count()",
      pid: "process.pid()",
      hostname: "process.hostname()",
      modules: "modules()",
      cwd: "process.cwd()",
      hosts: "hosts.list()",
      supervisor: "supervisor.states()",
      node: "node.id()",
      cluster: "cluster.size()",
      raft: "raft.role()",
      raft_stats: "raft.stats()",
    }).map(([resource, call]): Step => ({
      action: "system.read",
      resource,
      kind: "Invalid",
      code: `return system.${call}`,
    })),
  ),
);

test(
  "setting limits needs system.control [security.action.system.control]",
  guards(
    {
      action: "system.control",
      resource: "memory_limit",
      kind: "Invalid",
      code: `return system.memory.set_limit(0)`,
    },
    {
      action: "system.control",
      resource: "gomaxprocs",
      kind: "Invalid",
      code: `return system.runtime.max_procs(1)`,
    },
  ),
);

test(
  "collecting garbage needs system.gc [security.action.system.gc]",
  guards(
    { action: "system.gc", resource: "gc", kind: "Invalid", code: `return system.gc.collect()` },
    {
      action: "system.gc",
      resource: "gc_percent",
      kind: "Invalid",
      code: `return system.gc.set_percent(100)`,
    },
  ),
);

test(
  "locks need system.lock on their name [security.action.system.lock]",
  guards(
    { action: "system.lock", resource: "job", code: `return system.lock.acquire("job")` },
    { action: "system.lock", resource: "job", code: `return system.lock.release("job")` },
  ),
);

const EXIT = add({ action: "system.exit", resource: "", kind: "Invalid", code: `return system.exit(0)` });

test("ending the program needs system.exit [security.action.system.exit]", async () => {
  const refused = await outcome(EXIT, "here");
  assert.deepEqual([refused["kind"], refused["message"]], ["Invalid", "permission denied: system.exit"]);
});

test(
  "policies and groups need their reading rights [security.action.security.policy]",
  guards(
    {
      action: "security.policy.get",
      resource: "a:allow_all",
      kind: "Invalid",
      code: `return security.policy("a:allow_all")`,
    },
    {
      action: "security.policy_group.get",
      resource: "a:group",
      kind: "Invalid",
      code: `return security.named_scope("a:group")`,
    },
  ),
);

test(
  "making scopes and actors needs a right, refusals are raised [security.action.security.create]",
  guards(
    {
      action: "security.scope.create",
      resource: "custom",
      kind: "Invalid",
      raised: true,
      code: `return security.new_scope()`,
    },
    {
      action: "security.actor.create",
      resource: "user:1",
      kind: "Invalid",
      raised: true,
      code: `return security.new_actor("user:1")`,
    },
  ),
);

test(
  "denials are raised where the page says so, returned elsewhere [perm.deny-style]",
  guards(
    { action: "store.get", resource: "a:store", raised: true, code: `return store.get("a:store")` },
    {
      action: "cloudstorage.get",
      resource: "a:bucket",
      raised: true,
      code: `return cloudstorage.get("a:bucket")`,
    },
    {
      action: "security.token_store.get",
      resource: "a:tokens",
      kind: "Invalid",
      raised: true,
      code: `return security.token_store("a:tokens")`,
    },
    {
      action: "security.scope.create",
      resource: "with",
      kind: "Invalid",
      raised: true,
      code: `return scope():with(security.policy("a:allow_all"))`,
    },
    {
      action: "security.scope.create",
      resource: "without",
      kind: "Invalid",
      raised: true,
      code: `return scope():without("x")`,
    },
    { action: "db.get", resource: "a:db", code: `return sql.get("a:db")` },
    { action: "fs.get", resource: "a:files", code: `return fs.get("a:files")` },
  ),
);

test(
  "token operations need their rights on the store [security.action.security.tokens]",
  guards(
    {
      action: "security.token_store.get",
      resource: "a:tokens",
      kind: "Invalid",
      raised: true,
      code: `return security.token_store("a:tokens")`,
    },
    {
      action: "security.token.create",
      resource: "a:tokens",
      kind: "Invalid",
      code: `return security.token_store("a:tokens"):create(security.new_actor("x"), scope())`,
    },
    {
      action: "security.token.validate",
      resource: "a:tokens",
      kind: "Invalid",
      code: `return security.token_store("a:tokens"):validate("x")`,
    },
    {
      action: "security.token.revoke",
      resource: "a:tokens",
      kind: "Invalid",
      code: `return security.token_store("a:tokens"):revoke("x")`,
    },
  ),
);

test(
  "questions to a hub need the action of the same name on the module [security.action.hub]",
  guards(
    { action: "hub.modules.list", resource: "", code: `return hub.modules.list()` },
    { action: "hub.modules.search", resource: "words", code: `return hub.modules.search("words")` },
    { action: "hub.modules.get", resource: "acme/http", code: `return hub.modules.get("acme/http")` },
    { action: "hub.modules.readme", resource: "acme/http", code: `return hub.modules.readme("acme/http")` },
    { action: "hub.versions.list", resource: "acme/http", code: `return hub.versions.list("acme/http")` },
    { action: "hub.versions.get", resource: "acme/http", code: `return hub.versions.get("acme/http", "1")` },
    {
      action: "hub.versions.inspect",
      resource: "acme/http",
      code: `return hub.versions.inspect("acme/http", "1")`,
    },
    {
      action: "hub.versions.inspect",
      resource: "acme/http",
      code: `return hub.versions.open("acme/http", "1")`,
    },
    {
      action: "hub.dependencies.get",
      resource: "acme/http",
      code: `return hub.dependencies.get("acme/http")`,
    },
    { action: "hub.dependents.get", resource: "acme/http", code: `return hub.dependents.get("acme/http")` },
    { action: "hub.files.list", resource: "acme/http", code: `return hub.files.list("acme/http", "1")` },
    { action: "hub.auth.authenticate", resource: "", code: `return hub.auth.authenticate("token")` },
    { action: "hub.auth.status", resource: "", code: `return hub.auth.status()` },
    { action: "hub.auth.logout", resource: "", code: `return hub.auth.logout()` },
  ),
);
