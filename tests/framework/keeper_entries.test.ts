/** `keeper/keeper`: entries of a running application, found, changed and taken back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { errorOf, HELLO, named, withRoot } from "./keeper_project.ts";

test("entries are found, read, changed and taken back in a running application [keeper.meta.tools] [keeper.scopes]", () =>
  withRoot([HELLO], async (mcp, { call }) => {
    const found = await mcp.fine("registry_find", { namespace: "app", kind: "function.*", text: "GREETS" });
    assert.deepEqual(found, {
      total: 1,
      entries: [{ id: "app:hello", kind: "function.lua", comment: "greets" }],
    });
    const paged = await mcp.fine("registry_find", { namespace: "app", limit: 2, offset: 1 });
    assert.deepEqual([paged["next_offset"], (paged["entries"] as unknown[]).length], [3, 2]);
    assert.deepEqual(named((await mcp.fine("registry_find", { meta: { comment: "greets" } }))["entries"]), [
      "app:hello",
    ]);
    const entry = await mcp.fine("registry_get", { id: "app:hello" });
    assert.equal((entry["data"] as ValueMap)["method"], "main");
    const { namespaces } = await mcp.fine("registry_namespaces");
    assert.ok(named(namespaces, "namespace").includes("keeper.tools"));

    const edited = await mcp.fine("registry_edit_source", {
      id: "app:hello",
      find: '"hi "',
      replace: '"good day, "',
    });
    assert.equal(edited["replaced"], 1);
    assert.equal(await call("app:hello", "Ada"), "good day, Ada");
    const { changes } = await mcp.fine("registry_diff", { from: edited["previous"] as number });
    assert.deepEqual(changes, [{
      op: "update",
      id: "app:hello",
      kind: "function.lua",
      source: '@@ line 3\n-return "hi " .. tostring(name)\n+return "good day, " .. tostring(name)',
    }]);

    const applied = await mcp.fine("registry_apply", {
      changes: [
        { op: "create", id: "app:limit", kind: "registry.entry", data: { value: 3 } },
        { op: "update", id: "app:hello", meta: { comment: "other" } },
      ],
    });
    assert.equal(applied["version"], (edited["version"] as number) + 1);
    const kept = await mcp.fine("registry_get", { id: "app:hello" });
    assert.deepEqual([kept["meta"], (kept["data"] as ValueMap)["method"]], [{ comment: "other" }, "main"]);
    const { versions } = await mcp.fine("registry_history", { limit: 2 });
    assert.deepEqual(
      (versions as ValueMap[]).map(({ version, current, changes: made }) => [
        version,
        current,
        named(made).sort(),
      ]),
      [
        [applied["version"], true, ["app:hello", "app:limit"]],
        [edited["version"], false, ["app:hello"]],
      ],
    );

    await mcp.fine("registry_rollback", { version: edited["previous"] });
    assert.equal(await call("app:hello", "Ada"), "hi Ada");
    assert.match(errorOf(await mcp.call("registry_get", { id: "app:limit" })), /^NotFound: .*app:limit/);
  }));

test("changes that can't be made change nothing and say why [keeper.meta.tools]", () =>
  withRoot([HELLO], async (mcp, { application }) => {
    const before = application.registry.version().id;
    const create = { op: "create", id: "app:new", kind: "registry.entry" };
    for (
      const [tool, given, why] of [
        ["registry_apply", { changes: [] }, /^Invalid: registry_apply/],
        ["registry_apply", { changes: [{ op: "rename", id: "app:x" }] }, /^Invalid/],
        [
          "registry_apply",
          { changes: [create, { op: "update", id: "app:nope" }] },
          /^NotFound: there is no entry app:nope/,
        ],
        [
          "registry_apply",
          { changes: [create, { op: "delete", id: "app:nope" }] },
          /^NotFound: there is no entry app:nope/,
        ],
        [
          "registry_apply",
          { changes: [{ op: "create", id: "app:x" }] },
          /^Invalid: app:x: a new entry needs a kind/,
        ],
        ["registry_apply", { changes: [create, { ...create, id: "app:y", kind: "no.kind" }] }, /no\.kind/],
        ["registry_apply", {
          changes: [{ op: "update", id: "app:hello", data: { method: "main", source: "return (" } }],
        }, /app:hello/],
        [
          "registry_edit_source",
          { id: "app:hello", find: "nothing like it", replace: "" },
          /^NotFound: find: that text is not in the source/,
        ],
        [
          "registry_edit_source",
          { id: "app:hello", find: "n", replace: "" },
          /^Conflict: find: that text is \d+ times .*all: true/,
        ],
        ["registry_edit_source", { id: "app:hello", find: "", replace: "x" }, /^Invalid: find/],
        ["registry_edit_source", { id: "app:kv", find: "x", replace: "y" }, /^Invalid: app:kv has no source/],
        ["registry_edit_source", { id: "app:nope", find: "x", replace: "y" }, /^NotFound/],
        ["registry_rollback", { version: 99 }, /99/],
        ["registry_diff", { from: 99 }, /99/],
      ] as const
    ) {
      assert.match(
        errorOf(await mcp.call(tool, given as Record<string, unknown>)),
        why,
        JSON.stringify(given),
      );
    }
    assert.equal(application.registry.version().id, before);
    const all = await mcp.fine("registry_edit_source", {
      id: "app:hello",
      find: "name",
      replace: "who",
      all: true,
    });
    assert.equal(all["replaced"], 2);
  }));
