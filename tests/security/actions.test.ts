/**
 * The permission behind every guarded call: its action, its resource, the kind of its refusal, and whether it is raised.
 *
 * Each step runs twice under an actor with all rights but one: without the right it must be refused; without the same right
 * on another resource it must not.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isValueMap, type Value, type ValueMap } from "../../src/core/mod.ts";
import { startApplication } from "../application.ts";

/** One guarded call. */
interface Step {
  readonly action: string;
  /** Resource pattern that is denied; `""` for actions without resource. */
  readonly resource: string;
  /** Lua statements; what they return is looked at for an error. */
  readonly code: string;
  readonly kind?: "PermissionDenied" | "Invalid";
  readonly raised?: boolean;
  /** Attribute that the check must carry, with its value. */
  readonly attribute?: readonly [name: string, value: string];
}

const steps: Step[] = [];
const NOWHERE = "nobody:nothing";
const MODULES = "process funcs contract pg events registry sql store queue fs env system security time".split(
  " ",
).slice(1);

function policy(name: string, body: ValueMap): Value {
  return { name, kind: "security.policy", policy: { actions: "*", resources: "*", ...body } };
}

function denyOf(index: number, where: "here" | "elsewhere"): Value {
  const { action, resource, attribute } = steps[index]!;
  const isHere = where === "here";
  const conditions = attribute === undefined
    ? []
    : [{ field: `meta.${attribute[0]}`, operator: "eq", value: isHere ? attribute[1] : NOWHERE }];
  const pattern = resource === "" ? "*" : isHere || attribute !== undefined ? resource : NOWHERE;
  const actions = resource === "" && !isHere ? `${action}.other` : action;
  return policy(`${where}_${index}`, { actions, resources: pattern, effect: "deny", conditions });
}

function project(): string {
  const source = `
local outcome = function(ok, ...)
  if not ok then
    local err = ...
    if type(err) ~= "userdata" then return { refused = false, message = tostring(err) } end
    return { kind = err:kind(), message = err:message(), raised = true }
  end
  for i = select("#", ...), 1, -1 do
    local value = select(i, ...)
    local is_error, kind = pcall(function() return value:kind() end)
    if is_error and type(value) == "userdata" then
      return { kind = kind, message = value:message(), raised = false }
    end
  end
  return { message = "", value = (...) }
end
local idle = function() return process.spawn("a:idle", "a:host") end
local scope = function() return security.new_scope({ security.policy("a:allow_all") }) end
local steps = {
${steps.map(({ code }) => `function() ${code} end,`).join("\n")}
}
return { main = function(i) return outcome(pcall(steps[i])) end }`;
  const auto = { auto_start: true };
  const entries: Value[] = [
    policy("allow_all", { effect: "allow" }),
    ...steps.flatMap((_, i) => [denyOf(i, "here"), denyOf(i, "elsewhere")]),
    { name: "host", kind: "process.host", lifecycle: auto },
    {
      name: "idle",
      kind: "process.lua",
      method: "main",
      source: "return { main = function() process.events():receive() end }",
    },
    {
      name: "callee",
      kind: "function.lua",
      method: "main",
      source: "return { main = function() return 1 end }",
    },
    { name: "step", kind: "function.lua", method: "main", modules: MODULES, source },
    { name: "contract", kind: "contract.definition", methods: [{ name: "run" }] },
    {
      name: "binding",
      kind: "contract.binding",
      contracts: [{ contract: "a:contract", methods: { run: "a:callee" } }],
    },
    { name: "groups", kind: "pg.scope", lifecycle: auto },
    { name: "db", kind: "db.sql.sqlite", file: ":memory:", lifecycle: auto },
    { name: "store", kind: "store.memory", lifecycle: auto },
    { name: "driver", kind: "queue.driver.memory", lifecycle: auto },
    { name: "queue", kind: "queue.queue", driver: "a:driver" },
    { name: "files", kind: "fs.directory", directory: "./data", auto_init: true },
    { name: "memory", kind: "env.storage.memory" },
    { name: "variable", kind: "env.variable", variable: "VARIABLE", storage: "a:memory", default: "x" },
    { name: "entry", kind: "registry.entry", value: 1 },
    { name: "tokens", kind: "security.token_store", store: "a:store" },
    { ...policy("grouped", { effect: "allow" }) as ValueMap, groups: ["group"] },
  ];
  return JSON.stringify({ version: "1.0", namespace: "a", entries });
}

let started: ReturnType<typeof startApplication> | undefined;
after(async () => await (await started)?.stop());

/** What became of a step under all rights but one. */
async function outcome(index: number, where: "here" | "elsewhere"): Promise<ValueMap> {
  const { app } = await (started ??= startApplication(project()));
  const { security, runtime } = app.application;
  const scope = security.scopeOf(["a:allow_all", `a:${where}_${index}`]);
  const frame = { actor: { id: "tester", meta: {} }, scope, values: {}, network: "", attachments: new Map() };
  const result = await runtime.call("a:step", [index + 1], { frame });
  assert.ok(result.ok, result.ok ? "" : result.failure.message);
  assert.ok(isValueMap(result.value));
  return result.value;
}

const REFUSAL = /not allowed|permission denied/;

/** The body of a test of these calls. */
function guards(...calls: Step[]): () => Promise<void> {
  const indexes = calls.map((step) => steps.push(step) - 1);
  return async () => {
    for (const index of indexes) {
      const { action, code, kind, raised } = steps[index]!;
      const refused = await outcome(index, "here");
      assert.match(String(refused["message"]), REFUSAL, `${action}: ${code} was not refused`);
      assert.equal(refused["kind"], kind ?? "PermissionDenied", action);
      assert.equal(refused["raised"], raised ?? false, action);
      const free = await outcome(index, "elsewhere");
      assert.doesNotMatch(
        String(free["message"]),
        REFUSAL,
        `${action}: ${code} was refused for another resource`,
      );
    }
  };
}

const PIDS = "{a:host|*";
const spawn = (name: string): string => `return process.${name}("a:idle", "a:host")`;
const onIdle = (call: string): string => `local pid = idle() return ${call}`;

test(
  "every spawn needs process.spawn on the entry [security.action.process.spawn]",
  guards(
    ...["spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored"]
      .map((name): Step => ({ action: "process.spawn", resource: "a:idle", code: spawn(name) })),
    {
      action: "process.spawn",
      resource: "a:idle",
      raised: true,
      code: `return process.with_context({}):spawn("a:idle", "a:host")`,
    },
  ),
);

test(
  "monitored spawns need process.spawn.monitored [security.action.process.spawn-monitored]",
  guards(
    { action: "process.spawn.monitored", resource: "a:idle", code: spawn("spawn_monitored") },
    { action: "process.spawn.monitored", resource: "a:idle", code: spawn("spawn_linked_monitored") },
  ),
);

test(
  "linked spawns need process.spawn.linked [security.action.process.spawn-linked]",
  guards(
    { action: "process.spawn.linked", resource: "a:idle", code: spawn("spawn_linked") },
    { action: "process.spawn.linked", resource: "a:idle", code: spawn("spawn_linked_monitored") },
  ),
);

test(
  "spawn and exec need process.host on the host [security.action.process.host]",
  guards(
    { action: "process.host", resource: "a:host", code: spawn("spawn") },
    { action: "process.host", resource: "a:host", code: `return process.exec("a:none", "a:host")` },
  ),
);

test(
  "send needs process.send on the pid [security.action.process.send]",
  guards({ action: "process.send", resource: PIDS, code: onIdle(`process.send(pid, "topic", 1)`) }),
);

test(
  "exec needs process.exec, on spawners too [security.action.process.exec]",
  guards(
    { action: "process.exec", resource: "a:none", code: `return process.exec("a:none", "a:host")` },
    {
      action: "process.exec",
      resource: "a:none",
      raised: true,
      code: `return process.with_context({}):exec("a:none", "a:host")`,
    },
  ),
);

test(
  "terminate needs process.terminate on the pid [security.action.process.terminate]",
  guards({ action: "process.terminate", resource: PIDS, code: onIdle("process.terminate(pid)") }),
);

test(
  "cancel needs process.cancel on the pid [security.action.process.cancel]",
  guards({ action: "process.cancel", resource: PIDS, code: onIdle("process.cancel(pid)") }),
);

test(
  "monitor and unmonitor have actions of their own [security.action.process.monitor]",
  guards(
    { action: "process.monitor", resource: PIDS, code: onIdle("process.monitor(pid)") },
    { action: "process.unmonitor", resource: PIDS, code: onIdle("process.unmonitor(pid)") },
  ),
);

test(
  "link and unlink have actions of their own [security.action.process.link]",
  guards(
    { action: "process.link", resource: PIDS, code: onIdle("process.link(pid)") },
    { action: "process.unlink", resource: PIDS, code: onIdle("process.unlink(pid)") },
  ),
);

test(
  "spawners with context or options need process.context [security.action.process.context]",
  guards(
    {
      action: "process.context",
      resource: "context",
      raised: true,
      code: `return process.with_context({ a = 1 })`,
    },
    { action: "process.context", resource: "context", raised: true, code: `return process.with_options({})` },
  ),
);

test(
  "spawners with another identity need process.security [security.action.process.security]",
  guards(
    {
      action: "process.security",
      resource: "security",
      raised: true,
      code: `return process.with_options({}):with_actor(security.new_actor("x"))`,
    },
    {
      action: "process.security",
      resource: "security",
      raised: true,
      code: `return process.with_options({}):with_scope(scope())`,
    },
  ),
);

test(
  "registering a name needs its scope's action on the name [security.action.process.register]",
  guards(
    {
      action: "process.registry.register",
      resource: "name",
      code: `return process.registry.register("name")`,
    },
    ...["eventual", "consistent", "strong"].map((scope): Step => ({
      action: `process.registry.register.${scope}`,
      resource: "wide",
      code:
        `return process.registry.register("wide", process.pid(), process.registry.${scope.toUpperCase()})`,
    })),
  ),
);

test(
  "releasing a name needs its scope's action on the name [security.action.process.unregister]",
  guards(
    {
      action: "process.registry.unregister",
      resource: "name",
      code: `return process.registry.unregister("name")`,
    },
    ...["eventual", "consistent", "strong"].map((scope): Step => ({
      action: `process.registry.unregister.${scope}`,
      resource: "wide",
      code: `return process.registry.unregister("wide", process.registry.${scope.toUpperCase()})`,
    })),
  ),
);

test(
  "naming another process needs process.registry.foreign on its pid [security.action.process.foreign]",
  guards({
    action: "process.registry.foreign",
    resource: PIDS,
    code: onIdle(`process.registry.register("other", pid)`),
  }),
);

test(
  "a spawn needs all of its rights at once [security.action.process.combo]",
  guards(
    ...["process.spawn", "process.host", "process.spawn.monitored", "process.spawn.linked"].map((
      action,
    ): Step => ({
      action,
      resource: action === "process.host" ? "a:host" : "a:idle",
      code: spawn("spawn_linked_monitored"),
    })),
    ...["process.exec", "process.host"].map((action): Step => ({
      action,
      resource: action === "process.host" ? "a:host" : "a:none",
      code: `return process.exec("a:none", "a:host")`,
    })),
  ),
);

test(
  "funcs.call guards call and async [security.action.funcs.call]",
  guards(
    { action: "funcs.call", resource: "a:callee", code: `return funcs.call("a:callee")` },
    { action: "funcs.call", resource: "a:callee", code: `return funcs.async("a:callee")` },
    { action: "funcs.call", resource: "a:callee", code: `return funcs.new():call("a:callee")` },
  ),
);

test(
  "executors with context need funcs.context [security.action.funcs.context]",
  guards({ action: "funcs.context", resource: "context", code: `return funcs.new():with_context({})` }),
);

test(
  "executors with another identity need funcs.security [security.action.funcs.security]",
  guards(
    {
      action: "funcs.security",
      resource: "security",
      code: `return funcs.new():with_actor(security.new_actor("x"))`,
    },
    { action: "funcs.security", resource: "security", code: `return funcs.new():with_scope(scope())` },
  ),
);

test(
  "choosing a network needs network.select [security.action.network.select]",
  guards(
    {
      action: "network.select",
      resource: "a:net",
      code: `return funcs.new():with_options({ network = "a:net" })`,
    },
    {
      action: "network.select",
      resource: "a:net",
      raised: true,
      code: `return process.with_options({ network = "a:net" })`,
    },
  ),
);

const group = (call: string): string => `local g = pg.open("a:groups") return g:${call}`;

test(
  "process groups have an action for each method [security.action.pg]",
  guards(
    { action: "pg.open", resource: "a:groups", code: `return pg.open("a:groups")` },
    ...["join", "leave", "get_members", "get_local_members", "monitor"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "team",
      code: group(`${name}("team")`),
    })),
    ...["broadcast", "broadcast_local"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "team",
      code: group(`${name}("team", "topic", 1)`),
    })),
    ...["which_groups", "which_local_groups", "events"].map((name): Step => ({
      action: `pg.${name}`,
      resource: "a:groups",
      code: group(`${name}()`),
    })),
  ),
);

test(
  "contracts have an action for each operation [security.action.contract]",
  guards(
    { action: "contract.get", resource: "a:contract", code: `return contract.get("a:contract")` },
    { action: "contract.open", resource: "a:binding", code: `return contract.open("a:binding")` },
    {
      action: "contract.implementations",
      resource: "a:contract",
      code: `return contract.find_implementations("a:contract")`,
    },
    { action: "contract.call", resource: "run", code: `return contract.open("a:binding"):run()` },
    {
      action: "contract.context",
      resource: "context",
      code: `return contract.get("a:contract"):with_context({})`,
    },
    {
      action: "contract.security",
      resource: "security",
      code: `return contract.get("a:contract"):with_actor(security.new_actor("x"))`,
    },
    {
      action: "contract.security",
      resource: "security",
      code: `return contract.get("a:contract"):with_scope(scope())`,
    },
  ),
);

test(
  "events are guarded by system, refusals are Invalid [security.action.events]",
  guards(
    {
      action: "events.subscribe",
      resource: "orders",
      kind: "Invalid",
      code: `return events.subscribe("orders")`,
    },
    {
      action: "events.send",
      resource: "orders",
      kind: "Invalid",
      code: `return events.send("orders", "kind", "path", {})`,
    },
  ),
);

test(
  "reading an entry needs registry.get, which also filters lists [security.action.registry.get]",
  guards({ action: "registry.get", resource: "a:entry", code: `return registry.get("a:entry")` }),
);

const FINDS = steps.push({
  action: "registry.get",
  resource: "a:entry",
  code: `return #registry.snapshot():find({ [".kind"] = "registry.entry" })`,
}) - 1;

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

const EXIT =
  steps.push({ action: "system.exit", resource: "", kind: "Invalid", code: `return system.exit(0)` }) - 1;

test("ending the program needs system.exit [security.action.system.exit]", async () => {
  const refused = await outcome(EXIT, "here");
  assert.deepEqual([refused["kind"], refused["message"]], ["Invalid", "permission denied: system.exit"]);
});

const ATTRIBUTES = steps.push({
  action: "process.spawn",
  resource: "a:idle",
  attribute: ["pid", "{a:step|0x99999}"],
  code: spawn("spawn"),
}) - 1;

test("process actions carry the caller's pid as attribute [security.action.process.attrs]", async () => {
  assert.equal((await outcome(ATTRIBUTES, "here"))["message"], "", "another caller's pid");
  const { app } = await started!;
  const { security, runtime } = app.application;
  const seen: Value[] = [];
  const scope = {
    policies: [],
    evaluate: (_actor: unknown, access: { action: string; attributes: ValueMap }) => {
      if (access.action.startsWith("process.")) seen.push(access.attributes["pid"]);
      return "allow" as const;
    },
  };
  assert.ok(security.policy("a:allow_all"));
  const frame = { actor: { id: "tester", meta: {} }, scope, values: {}, network: "", attachments: new Map() };
  await runtime.call("a:step", [ATTRIBUTES + 1], { frame });
  assert.equal(seen.length, 2, "process.spawn and process.host");
  for (const pid of seen) assert.match(String(pid), /^\{a:step\|0x[0-9a-f]{5,}\}$/);
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
