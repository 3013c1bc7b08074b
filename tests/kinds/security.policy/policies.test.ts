/** `security.policy`: what policies match, when they apply, and what they say together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../../../src/core/mod.ts";
import type { Actor } from "../../../src/ports/mod.ts";
import { startApplication, type TestApplication, withApplication } from "../../application.ts";

/** A policy entry. */
interface PolicyEntry {
  readonly actions?: string | string[];
  readonly resources?: string | string[];
  readonly effect?: "allow" | "deny";
  readonly conditions?: Record<string, Value>[];
}

function entryOf(name: string, policy: PolicyEntry): Value {
  const full = { actions: "*", resources: "*", effect: "allow", ...policy };
  return { name, kind: "security.policy", policy: full } as Value;
}

function project(policies: Record<string, PolicyEntry>): string {
  const entries = Object.entries(policies).map(([name, policy]) => entryOf(name, policy));
  return JSON.stringify({ version: "1.0", namespace: "p", entries });
}

const ACTOR: Actor = {
  id: "user:1",
  meta: { role: "editor", level: 3, tags: ["a", "b"], nested: { team: "core" }, empty: "" },
};

/** Boots policies and asks what they say. */
async function withPolicies(
  policies: Record<string, PolicyEntry>,
  body: (
    ask: (
      policy: string | string[],
      action?: string,
      resource?: string,
      meta?: Record<string, Value>,
    ) => string,
    app: TestApplication,
  ) => void | Promise<void>,
): Promise<void> {
  await withApplication(project(policies), async (app) => {
    const { security } = app.application;
    await body((policy, action = "act", resource = "thing", meta = {}) => {
      const ids = (Array.isArray(policy) ? policy : [policy]).map((name) => `p:${name}`);
      return security.scopeOf(ids).evaluate(ACTOR, { action, resource, attributes: meta });
    }, app);
  });
}

/** What a policy with one condition says about the same access. */
async function conditionsHold(
  cases: { field: string; operator: string; value?: Value; value_from?: string; holds: boolean }[],
  meta: Record<string, Value> = {},
): Promise<void> {
  const policies: Record<string, PolicyEntry> = {};
  for (const [i, { holds: _holds, ...condition }] of cases.entries()) {
    policies[`c${i}`] = { conditions: [condition] };
  }
  await withPolicies(policies, (ask) => {
    for (const [i, condition] of cases.entries()) {
      const said = ask(`c${i}`, "doc.read", "doc:7", meta);
      assert.equal(said, condition.holds ? "allow" : "undefined", JSON.stringify(condition));
    }
  });
}

/** The failure that rejects an application with this policy. */
async function rejection(policy: Record<string, Value>): Promise<Failure> {
  const entry = { name: "bad", kind: "security.policy", policy };
  try {
    const { stop } = await startApplication(
      JSON.stringify({ version: "1.0", namespace: "p", entries: [entry] }),
    );
    await stop();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return error;
  }
  throw new Error("the policy was accepted");
}

test("actions and resources are a star, one text or a list [security.policy.kind] [kind.security.policy]", async () => {
  await withPolicies({
    star: {},
    one: { actions: "doc.read", resources: "doc:1" },
    list: { actions: ["doc.read", "doc.write"], resources: ["doc:1", "doc:2"] },
  }, (ask) => {
    assert.equal(ask("star", "anything", "at all"), "allow");
    assert.equal(ask("one", "doc.read", "doc:1"), "allow");
    assert.equal(ask("one", "doc.write", "doc:1"), "undefined");
    assert.equal(ask("one", "doc.read", "doc:2"), "undefined");
    assert.equal(ask("list", "doc.write", "doc:2"), "allow");
    assert.equal(ask("list", "doc.drop", "doc:2"), "undefined");
  });
  for (
    const policy of [
      { resources: "*", effect: "allow" },
      { actions: [], resources: "*", effect: "allow" },
      { actions: "*", resources: "*", effect: "maybe" },
      { actions: "*", resources: "*" },
      {
        actions: "*",
        resources: "*",
        effect: "allow",
        conditions: [{ field: "action", operator: "like", value: "x" }],
      },
      { actions: "*", resources: "*", effect: "allow", conditions: [{ operator: "eq", value: "x" }] },
    ]
  ) {
    assert.equal((await rejection(policy)).kind, "Invalid", JSON.stringify(policy));
  }
});

test("a deny speaks only where actions, resources and conditions fit [security.policy.effect]", async () => {
  await withPolicies({
    deny: {
      actions: "doc.*",
      resources: "doc:*",
      effect: "deny",
      conditions: [{ field: "meta.locked", operator: "eq", value: true }],
    },
  }, (ask) => {
    assert.equal(ask("deny", "doc.read", "doc:1", { locked: true }), "deny");
    assert.equal(ask("deny", "doc.read", "doc:1", { locked: false }), "undefined");
    assert.equal(ask("deny", "doc.read", "user:1", { locked: true }), "undefined");
    assert.equal(ask("deny", "user.read", "doc:1", { locked: true }), "undefined");
  });
});

test("stars stand for any text, at any place [security.policy.patterns]", async () => {
  await withPolicies({
    head: { actions: "*.read" },
    tail: { resources: "doc*" },
    dotted: { actions: "doc.*" },
    inside: { resources: "app:*:public" },
    twice: { resources: "*secret*" },
  }, (ask) => {
    assert.equal(ask("head", "doc.read"), "allow");
    assert.equal(ask("head", "read"), "undefined");
    assert.equal(ask("head", "doc.reads"), "undefined");
    assert.equal(ask("tail", "x", "document:1"), "allow");
    assert.equal(ask("tail", "x", "adoc"), "undefined");
    assert.equal(ask("dotted", "doc.read.all"), "allow");
    assert.equal(ask("dotted", "doc"), "allow");
    assert.equal(ask("dotted", "docs"), "undefined");
    assert.equal(ask("inside", "x", "app:a:public"), "allow");
    assert.equal(ask("inside", "x", "app:public"), "undefined");
    assert.equal(ask("twice", "x", "my secrets"), "allow");
    assert.equal(ask("twice", "x", "mine"), "undefined");
  });
});

test("a deny wins wherever it stands, an allow is needed, silence is undefined [security.policy.order]", async () => {
  await withPolicies({
    allow: { actions: "doc.*" },
    deny: { actions: "doc.drop", effect: "deny" },
    other: { actions: "user.*" },
  }, (ask) => {
    assert.equal(ask(["allow", "deny"], "doc.drop"), "deny");
    assert.equal(ask(["deny", "allow"], "doc.drop"), "deny");
    assert.equal(ask(["deny", "allow", "other"], "doc.read"), "allow");
    assert.equal(ask(["deny", "other"], "doc.read"), "undefined");
    assert.equal(ask([], "doc.read"), "undefined");
  });
});

test("all conditions must hold; value_from reads another path [security.policy.conditions]", async () => {
  await withPolicies({
    both: {
      conditions: [
        { field: "actor.meta.role", operator: "eq", value: "editor" },
        { field: "meta.state", operator: "eq", value: "open" },
      ],
    },
    owner: { conditions: [{ field: "meta.owner", operator: "eq", value_from: "actor.id" }] },
  }, (ask) => {
    assert.equal(ask("both", "a", "r", { state: "open" }), "allow");
    assert.equal(ask("both", "a", "r", { state: "closed" }), "undefined");
    assert.equal(ask("owner", "a", "r", { owner: "user:1" }), "allow");
    assert.equal(ask("owner", "a", "r", { owner: "user:2" }), "undefined");
    assert.equal(ask("owner", "a", "r"), "undefined");
  });
});

test("conditions read actor, action, resource and metadata [security.policy.paths]", () =>
  conditionsHold([
    { field: "actor.id", operator: "eq", value: "user:1", holds: true },
    { field: "actor.meta.nested.team", operator: "eq", value: "core", holds: true },
    { field: "actor.meta.nested.none", operator: "exists", holds: false },
    { field: "action", operator: "eq", value: "doc.read", holds: true },
    { field: "resource", operator: "eq", value: "doc:7", holds: true },
    { field: "meta.a.b", operator: "eq", value: 1, holds: true },
    { field: "a", operator: "exists", holds: false },
    { field: "actor.meta.constructor", operator: "exists", holds: false },
  ], { a: { b: 1 } }));

test("eq and ne compare values of one type [security.policy.op.eq]", () =>
  conditionsHold([
    { field: "actor.meta.role", operator: "eq", value: "editor", holds: true },
    { field: "actor.meta.level", operator: "eq", value: 3, holds: true },
    { field: "actor.meta.level", operator: "eq", value: "3", holds: false },
    { field: "actor.meta.tags", operator: "eq", value: ["a", "b"], holds: true },
    { field: "actor.meta.role", operator: "ne", value: "admin", holds: true },
    { field: "actor.meta.role", operator: "ne", value: "editor", holds: false },
    { field: "meta.none", operator: "ne", value: "x", holds: true },
    { field: "meta.none", operator: "eq", value: "x", holds: false },
  ]));

test("lt, gt, lte and gte compare numbers, and nothing else [security.policy.op.num]", () =>
  conditionsHold([
    { field: "actor.meta.level", operator: "lt", value: 4, holds: true },
    { field: "actor.meta.level", operator: "lt", value: 3, holds: false },
    { field: "actor.meta.level", operator: "gt", value: 2.5, holds: true },
    { field: "actor.meta.level", operator: "lte", value: 3, holds: true },
    { field: "actor.meta.level", operator: "gte", value: 3, holds: true },
    { field: "actor.meta.level", operator: "gte", value: 4, holds: false },
    { field: "actor.meta.role", operator: "gt", value: 1, holds: false },
    { field: "actor.meta.level", operator: "lt", value: "9", holds: false },
    { field: "meta.none", operator: "lt", value: 1, holds: false },
  ]));

test("in and nin look into a list [security.policy.op.set]", () =>
  conditionsHold([
    { field: "actor.meta.role", operator: "in", value: ["admin", "editor"], holds: true },
    { field: "actor.meta.role", operator: "in", value: ["admin"], holds: false },
    { field: "actor.meta.role", operator: "nin", value: ["admin"], holds: true },
    { field: "actor.meta.role", operator: "nin", value: ["editor"], holds: false },
    { field: "actor.meta.role", operator: "in", value: "editor", holds: false },
    { field: "actor.meta.role", operator: "nin", value: "editor", holds: false },
    { field: "meta.none", operator: "nin", value: ["x"], holds: true },
    { field: "action", operator: "in", value_from: "meta.actions", holds: true },
  ], { actions: ["doc.read"] }));

test("exists and nexists ask for presence [security.policy.op.exists]", () =>
  conditionsHold([
    { field: "actor.meta.empty", operator: "exists", value: true, holds: true },
    { field: "meta.none", operator: "exists", value: true, holds: false },
    { field: "meta.none", operator: "nexists", value: true, holds: true },
    { field: "actor.meta.role", operator: "nexists", holds: false },
  ]));

test("contains and ncontains look for a part of a text [security.policy.op.contains]", () =>
  conditionsHold([
    { field: "resource", operator: "contains", value: "oc:", holds: true },
    { field: "resource", operator: "contains", value: "user", holds: false },
    { field: "resource", operator: "ncontains", value: "user", holds: true },
    { field: "resource", operator: "ncontains", value: "doc", holds: false },
    { field: "actor.meta.level", operator: "contains", value: "3", holds: false },
    { field: "meta.none", operator: "ncontains", value: "x", holds: true },
  ]));

test("matches and nmatches run a regular expression [security.policy.op.matches]", () =>
  conditionsHold([
    { field: "resource", operator: "matches", value: "^doc:[0-9]+$", holds: true },
    { field: "resource", operator: "matches", value: "7", holds: true },
    { field: "resource", operator: "matches", value: "^7", holds: false },
    { field: "actor.id", operator: "nmatches", value: "^system:.*", holds: true },
    { field: "actor.id", operator: "nmatches", value: "^user:.*", holds: false },
    { field: "actor.meta.level", operator: "matches", value: "3", holds: false },
    { field: "resource", operator: "matches", value_from: "meta.pattern", holds: true },
  ], { pattern: "^doc" }));

test("a condition that can't be evaluated counts as no match [security.policy.errors]", () =>
  conditionsHold([
    { field: "resource", operator: "matches", value: "(", holds: false },
    { field: "resource", operator: "nmatches", value: "(", holds: false },
    { field: "resource", operator: "nmatches", value: "(?=x)", holds: false },
    { field: "resource", operator: "matches", value: 5, holds: false },
    { field: "resource", operator: "contains", value: 5, holds: false },
    { field: "resource", operator: "matches", value_from: "meta.none", holds: false },
  ]));

test("a policy can't be made to run for long", async () => {
  await withPolicies({
    slow: { conditions: [{ field: "resource", operator: "matches", value: "^(a+)+$" }] },
  }, (ask) => {
    assert.equal(ask("slow", "x", `${"a".repeat(20_000)}b`), "undefined");
  });
});

test("changes of policies are announced on the bus [bus.security]", async () => {
  await withApplication(project({ one: {} }), async (app) => {
    const { bus, registry } = app.application;
    const seen: string[] = [];
    const stop = bus.subscribe("security", "*", (event) => void seen.push(`${event.kind} ${event.path}`));
    const entry = (id: string, effect: string) => ({
      id,
      kind: "security.policy",
      meta: {},
      data: { policy: { actions: "*", resources: "*", effect } },
    });
    await registry.apply([{ kind: "entry.create", entry: entry("p:two", "allow") }]);
    await registry.apply([{ kind: "entry.update", entry: entry("p:one", "deny") }]);
    await registry.apply([{ kind: "entry.delete", id: "p:two" }]);
    await app.until(() => seen.length >= 3, "three events");
    assert.deepEqual(seen, ["policy.register p:two", "policy.update p:one", "policy.delete p:two"]);
    stop();
  });
});
