/** `registry.entry`: data of any shape that nothing handles. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../src/registry/mod.ts";
import { withApplication } from "../application.ts";

const ENTRIES = `namespace: app
entries:
  - {name: map, kind: registry.entry, a: {b: [1, {c: null}]}, text: "\${env:NOT_RESOLVED}", n: 1234567890123456789}
  - {name: list, kind: registry.entry, data: [1, two]}
  - {name: empty, kind: registry.entry}
  - name: read
    kind: function.lua
    method: main
    modules: [registry]
    source: |
      return { main = function()
        local map, list = registry.get("app:map").data, registry.get("app:list").data
        return { text = map.text, inner = map.a.b[1], first = list[1], second = list[2], empty = next(registry.get("app:empty").data) == nil }
      end }
`;

test("any data is kept as it is written, placeholders included [registry.entry-kind.config] [kind.registry.entry] [registry.tx.skip]", async () => {
  await withApplication(ENTRIES, async (app) => {
    const { registry } = app.application;
    assert.deepEqual(registry.get("app:map")!.data, {
      a: { b: [1, { c: null }] },
      text: "${env:NOT_RESOLVED}",
      n: 1234567890123456789n,
    });
    assert.deepEqual(await app.call("app:read"), {
      text: "${env:NOT_RESOLVED}",
      inner: 1,
      first: 1,
      second: "two",
      empty: true,
    });
    const changed: Entry = {
      id: "app:list",
      kind: "registry.entry",
      meta: { type: "x" },
      data: { now: "a map" },
    };
    await registry.apply([{ kind: "entry.update", entry: changed }]);
    assert.deepEqual(registry.get("app:list"), changed);
  });
});
