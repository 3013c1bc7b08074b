/**
 * Policies whose condition is an expression.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../../../src/core/mod.ts";
import type { Actor } from "../../../src/ports/mod.ts";
import { startApplication, withApplication } from "../../application.ts";

function entryOf(name: string, expression: string, more: Record<string, Value> = {}): Value {
  const policy = { actions: "*", resources: "*", effect: "allow", expression, ...more };
  return { name, kind: "security.policy.expr", policy };
}

function project(entries: readonly Value[]): string {
  return JSON.stringify({ version: "1.0", namespace: "p", entries });
}

const EDITOR: Actor = {
  id: "user:1",
  meta: { role: "editor", level: 3, tags: ["a", "b"], nested: { team: "core" } },
};

/** What a policy with `expression` says of an access by `EDITOR`. */
async function saysOf(
  cases: readonly (readonly [expression: string, verdict: string])[],
  meta: Record<string, Value> = {},
): Promise<void> {
  const entries = cases.map(([expression], i) => entryOf(`c${i}`, expression));
  await withApplication(project(entries), (app) => {
    for (const [i, [expression, verdict]] of cases.entries()) {
      const access = { action: "doc.read", resource: "doc:7", attributes: meta };
      const said = app.application.security.scopeOf([`p:c${i}`]).evaluate(EDITOR, access);
      assert.equal(said, verdict, expression);
    }
    return Promise.resolve();
  });
}

test("an expression reads actor, action, resource and metadata [security.policy.expr]", () =>
  saysOf([
    ['actor.id == "user:1"', "allow"],
    ['actor.meta.role == "editor" && action == "doc.read"', "allow"],
    ['actor.meta.role == "admin" || meta.public == true', "allow"],
    ['actor.meta.role == "admin" && meta.public == true', "undefined"],
    ["actor.id == meta.owner", "allow"],
    ['resource == "doc:7" and action startsWith "doc."', "allow"],
    ['resource matches "^doc:[0-9]+$"', "allow"],
    ['actor.meta.nested.team == "core" and actor.meta.level >= 3', "allow"],
    ['"b" in actor.meta.tags', "allow"],
    [
      '(actor.meta.role == "editor" && action == "write") ||\n(action == "read" && meta.public == true) ||\nactor.id == meta.owner\n',
      "allow",
    ],
  ], { public: true, owner: "user:1" }));

test("what can't be evaluated, and what is no boolean, counts as no match [security.policy.expr]", () =>
  saysOf([
    ["actor.meta.missing == nil", "allow"],
    ["unknown == nil", "allow"],
    ["actor.meta.missing.deeper == nil", "undefined"],
    ["actor.meta.level + 'a' == 'x'", "undefined"],
    ["actor.meta.level > 'a'", "undefined"],
    ["actor.meta.level", "undefined"],
    ["'true'", "undefined"],
    ["resource matches actor.meta.role + '('", "undefined"],
    ["len(1..100000000) > 0", "undefined"],
  ]));

test("actions, resources, effect and groups are those of other policies [security.policy.expr]", async () => {
  const entries = [
    {
      ...entryOf("files", "meta.size < 10", { actions: ["read", "write"], resources: "file:*" }) as Record<
        string,
        Value
      >,
      groups: ["editors"],
    },
    entryOf("locked", "meta.locked", { effect: "deny", resources: "file:*" }),
  ];
  await withApplication(project(entries), async (app) => {
    const { registry, security } = app.application;
    const ask = (resource: string, attributes: Record<string, Value>, action = "read"): string =>
      security.scopeOf(["p:files", "p:locked"]).evaluate(EDITOR, { action, resource, attributes });
    assert.equal(ask("file:a", { size: 5 }), "allow");
    assert.equal(ask("file:a", { size: 50 }), "undefined");
    assert.equal(ask("db:a", { size: 5 }), "undefined");
    assert.equal(ask("file:a", { size: 5 }, "delete"), "undefined");
    assert.equal(ask("file:a", { size: 5, locked: true }), "deny");
    assert.deepEqual(security.group("p:editors"), ["p:files"]);
    const entry = registry.get("p:files")!;
    const policy = { ...entry.data["policy"] as Record<string, Value>, expression: "meta.size >= 10" };
    await registry.apply([{ kind: "entry.update", entry: { ...entry, data: { ...entry.data, policy } } }]);
    assert.equal(ask("file:a", { size: 5 }), "undefined");
    assert.equal(ask("file:a", { size: 50 }), "allow");
    await registry.apply([{ kind: "entry.delete", id: "p:files" }]);
    assert.equal(ask("file:a", { size: 50 }), "undefined");
    assert.equal(security.group("p:editors"), undefined);
  });
});

test("a malformed expression is refused, with its place [security.policy.expr]", async () => {
  const refusals: [Value, RegExp][] = [
    [entryOf("bad", "actor.id =="), /p:bad: policy\.expression: unexpected end of expression \(1:12\)/],
    [entryOf("bad", "nope()"), /policy\.expression: unknown function "nope"/],
    [entryOf("bad", ""), /policy\.expression/],
    [entryOf("bad", "true", { effect: "maybe" }), /policy\.effect/],
    [{ name: "bad", kind: "security.policy.expr" }, /policy/],
  ];
  for (const [entry, message] of refusals) {
    await assert.rejects(startApplication(project([entry])), (error) => {
      assert(error instanceof Failure, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});
