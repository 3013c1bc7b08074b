/** Identities: under which actor and scope code runs, and what becomes of them when policies change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import type { Actor } from "../../src/ports/mod.ts";
import { withApplication } from "../application.ts";

/** What a policy says about everything, or about some actions. */
interface Rule {
  readonly actions?: string;
}

function project(policies: Record<string, Rule>, more: Value[] = []): string {
  const entries = Object.entries(policies).map(([name, rule]): Value => ({
    name,
    kind: "security.policy",
    policy: { actions: "*", resources: "*", effect: "allow", ...rule },
  }));
  return JSON.stringify({ version: "1.0", namespace: "p", entries: [...entries, ...more] });
}

const ACTOR: Actor = { id: "user:1", meta: {} };

const CALLER = `
return { main = function()
  local value, err = funcs.call("p:callee")
  return err == nil and value or err:kind()
end }`;

function functions(): Value[] {
  return [
    {
      name: "callee",
      kind: "function.lua",
      method: "main",
      source: "return { main = function() return 'called' end }",
    },
    { name: "caller", kind: "function.lua", method: "main", modules: ["funcs"], source: CALLER },
    { name: "host", kind: "process.host", lifecycle: { auto_start: true } },
  ];
}

test("a changed policy acts at the next access, a removed one says nothing [security.iso.per-access]", async () => {
  await withApplication(project({ calls: { actions: "funcs.call" } }, functions()), async (app) => {
    const { security, registry } = app.application;
    const frame = { actor: ACTOR, scope: security.scopeOf(["p:calls"]) };
    const call = async (): Promise<Value> => {
      const { value } = await app.application.runtime.call("p:caller", [], {
        frame: { ...frame, values: {}, network: "", attachments: new Map() },
      }) as { value: Value };
      return value;
    };
    assert.equal(await call(), "called");
    const change = async (effect: string | null): Promise<void> => {
      const policy = { actions: "funcs.call", resources: "*", effect };
      await registry.apply([
        effect === null ? { kind: "entry.delete", id: "p:calls" } : {
          kind: "entry.update",
          entry: { id: "p:calls", kind: "security.policy", meta: {}, data: { policy } },
        },
      ]);
    };
    await change("deny");
    assert.equal(await call(), "PermissionDenied");
    await change("allow");
    assert.equal(await call(), "called");
    await change(null);
    assert.equal(await call(), "PermissionDenied");
  });
});

test("without actor or scope everything is allowed, unless strict mode denies it [security.strict]", async () => {
  await withApplication(project({}, functions()), async (app) => {
    assert.equal(await app.call("p:caller"), "called");
  });
  await withApplication(project({}, functions()), async (app) => {
    assert.equal(await app.call("p:caller"), "PermissionDenied");
  }, { config: { security: { strict_mode: true } } });
});

test("strict mode is off by default and belongs to the application [perm.strict-default] [config.security]", async () => {
  const files = {
    "src/_index.yaml": project({}, functions()),
    ".wippy.yaml": "security:\n  strict_mode: true\n",
  };
  await withApplication(files, async (app) => {
    assert.equal(await app.call("p:caller"), "PermissionDenied");
  });
  await withApplication({ "src/_index.yaml": files["src/_index.yaml"] }, async (app) => {
    assert.equal(await app.call("p:caller"), "called");
  });
});

const SERVICE = `
return { main = function(name)
  local actor, scope = security.actor(), security.scope()
  local policies = {}
  for _, policy in ipairs(scope and scope:policies() or {}) do policies[#policies + 1] = policy:id() end
  logger:info("identity " .. name, { actor = actor and actor:id() or "none", policies = table.concat(policies, ","), scope = scope ~= nil })
  process.events():receive()
end }`;

test("services run under the identity of their lifecycle block [security.policy.service]", async () => {
  const grouped = {
    name: "grouped",
    kind: "security.policy",
    groups: ["workers"],
    policy: { actions: "x", resources: "*", effect: "allow" },
  };
  const service = (name: string, security: Value): Value => ({
    name,
    kind: "process.service",
    process: "p:reports",
    host: "p:host",
    input: [name],
    lifecycle: { auto_start: true, security },
  });
  const more: Value[] = [
    ...functions(),
    grouped,
    {
      name: "reports",
      kind: "process.lua",
      method: "main",
      modules: ["security", "logger"],
      source: SERVICE,
    },
    service("full", { actor: { id: "service:full", meta: {} }, policies: ["p:one"], groups: ["p:workers"] }),
    service("bare", { actor: { id: "service:bare" }, policies: ["p:none"], groups: ["p:nobody"] }),
  ];
  await withApplication(project({ one: {} }, more), async (app) => {
    const record = (name: string) =>
      app.until(() => app.logs.find((log) => log.message === `identity ${name}`), `identity of ${name}`);
    const full = await record("full");
    assert.equal(full.fields["actor"], "service:full");
    assert.equal(full.fields["policies"], "p:one,p:grouped");
    const bare = await record("bare");
    assert.deepEqual([bare.fields["actor"], bare.fields["scope"]], ["service:bare", false]);
  });
});

test("unknown policies and groups of a service are skipped [security.lifecycle.missing]", async () => {
  await withApplication(project({ one: {} }), (app) => {
    const { security } = app.application;
    assert.deepEqual(security.scope(["p:one", "p:none"], ["p:nobody"])?.policies, ["p:one"]);
    assert.equal(security.scope(["p:none"], ["p:nobody"]), null);
    return Promise.resolve();
  });
});

test("code has no file, network, system or module access that is not listed [security.iso.absence]", async () => {
  const source = `
return { main = function()
  local found = {}
  for _, name in ipairs({ "sql", "fs", "store", "env", "system", "registry", "http", "queue", "funcs", "io", "debug", "package", "load", "dofile" }) do
    if _G[name] ~= nil or pcall(require, name) then found[#found + 1] = name end
  end
  return found
end }`;
  const bare = { name: "bare", kind: "function.lua", method: "main", source };
  await withApplication(project({}, [bare]), async (app) => {
    assert.deepEqual(await app.call("p:bare"), []);
  });
});
