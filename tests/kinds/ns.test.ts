/** `ns.definition`, `ns.requirement`, `ns.dependency`: kept and checked, but never live. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";

const EMPTY = "namespace: app\nentries:\n";
const FILES = {
  "src/_index.yaml": EMPTY,
  ".wippy/vendor/acme/there/_index.yaml":
    "namespace: acme.there\nentries:\n  - {name: r, kind: ns.requirement, default: 1, targets: [{entry: x, path: .v}]}\n  - {name: x, kind: registry.entry}\n",
};

async function refusal(kind: string, data: Record<string, Value>): Promise<string> {
  let message = "";
  await withApplication(FILES, async (app) => {
    const { registry } = app.application;
    const entry = { id: "app:x", kind, meta: {}, data };
    await registry.apply([{ kind: "entry.create", entry }]).then(
      () => assert.fail("accepted"),
      (error: unknown) => {
        assert(error instanceof Failure, String(error));
        message = error.message;
      },
    );
    assert.equal(registry.get("app:x"), undefined);
  });
  return message;
}

test("a requirement is checked when it is made [ns.requirement] [dep.requirement.targets] [kind.ns]", async () => {
  assert.match(await refusal("ns.requirement", {}), /app:x: a requirement needs targets/);
  assert.match(
    await refusal("ns.requirement", { targets: [{ entry: "a" }] }),
    /app:x: targets\[1\]: expected \{entry, path\}/,
  );
  assert.match(
    await refusal("ns.requirement", { targets: [{ entry: "a", path: ".." }] }),
    /"\.\." is no path/,
  );
});

test("a dependency names a module and a range [ns.dependency] [dep.declare] [dep.constraint]", async () => {
  assert.match(await refusal("ns.dependency", {}), /app:x: component must be org\/module/);
  assert.match(await refusal("ns.dependency", { component: "../etc" }), /component must be org\/module/);
  assert.match(
    await refusal("ns.dependency", { component: "a/b", version: "newest" }),
    /"newest" is no version range/,
  );
  assert.match(
    await refusal("ns.dependency", { component: "a/b" }),
    /app:x needs module a\/b, which is not there/,
  );
  assert.match(
    await refusal("ns.dependency", { component: "acme/there", parameters: [{ value: 1 }] }),
    /app:x: parameters: expected a list of \{name, value\}/,
  );
});

test("a definition keeps whatever it is given [ns.definition] [dep.definition]", async () => {
  const definition =
    "  - {name: d, kind: ns.definition, readme: text, license: MIT, authors: [me], wiki: {a.md: A}}\n";
  await withApplication(EMPTY + definition, async (app) => {
    const { registry, supervisor } = app.application;
    const data = { readme: "text", license: "MIT", authors: ["me"], wiki: { "a.md": "A" } };
    assert.deepEqual(registry.get("app:d")!.data, data);
    assert.equal(supervisor.state("app:d"), undefined);
    await registry.apply([{ kind: "entry.delete", id: "app:d" }]);
    assert.equal(registry.get("app:d"), undefined);
  });
});
