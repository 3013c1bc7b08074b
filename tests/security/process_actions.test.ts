/** Permissions of processes: spawning, messages, relations, names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { guardedCalls, type Step } from "./guarded_calls.ts";

const { add, application, guards, outcome } = guardedCalls();
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

const ATTRIBUTES = add({
  action: "process.spawn",
  resource: "a:idle",
  attribute: ["pid", "{a:step|0x99999}"],
  code: spawn("spawn"),
});

test("process actions carry the caller's pid as attribute [security.action.process.attrs]", async () => {
  assert.equal((await outcome(ATTRIBUTES, "here"))["message"], "", "another caller's pid");
  const { security, runtime } = (await application()).application;
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
