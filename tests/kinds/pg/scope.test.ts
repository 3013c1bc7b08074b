/** `pg.scope` as an entry: configuration, live changes, stopping, removal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type ProcessGroups, ProcessGroupsResource } from "../../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";

const PROJECT = `version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: scope
    kind: pg.scope
    max_groups: 1
    lifecycle: {auto_start: true}
  - name: member
    kind: process.lua
    method: main
    modules: [pg]
    source: |
      return { main = function(name)
        local ok, err = assert(pg.open("app:scope")):join(name)
        print(ok, err and err:kind())
        process.inbox():receive()
      end }
`;
const SIMULATED = { simulated: true };

function scopeOf(app: TestApplication): ProcessGroups {
  return app.application.resources.find(ProcessGroupsResource, "app:scope")!;
}

async function join(app: TestApplication, group: string): Promise<string> {
  app.application.runtime.spawn("app:member", "app:host", { args: [group] });
  await app.world!.clock.settle();
  return app.logs.filter(({ fields }) => fields["pid"] !== undefined).at(-1)!.message;
}

async function update(app: TestApplication, data: ValueMap): Promise<void> {
  const entry = app.application.registry.get("app:scope")!;
  const changed = { ...entry, data: { ...entry.data, ...data } };
  await app.application.registry.apply([{ kind: "entry.update", entry: changed }]);
}

test("a change of limits takes effect and keeps the members [kind.pg.scope]", () =>
  withApplication(PROJECT, async (app) => {
    assert.equal(await join(app, "one"), "true nil");
    assert.equal(await join(app, "two"), "nil LimitExceeded");
    await update(app, { max_groups: 2 });
    assert.equal(await join(app, "two"), "true nil");
    assert.deepEqual(scopeOf(app).groups(), ["one", "two"]);
  }, SIMULATED));

test("settings that can't be are refused, and the scope stays as it was [kind.pg.scope]", () =>
  withApplication(PROJECT, async (app) => {
    await join(app, "one");
    const bad: ValueMap[] = [
      { monitor_buffer: -1 },
      { max_groups: -1 },
      { protocol_timeout: "soon" },
      { action_queue_size: 2_000 },
    ];
    for (const data of bad) await assert.rejects(update(app, data), { kind: "Invalid" });
    assert.deepEqual(scopeOf(app).groups(), ["one"]);
    assert.equal(scopeOf(app).monitorBuffer, 64);
  }, SIMULATED));

test("a scope that stops has no members, tells its watchers, and takes none until it runs again [kind.pg.scope]", () =>
  withApplication(PROJECT, async (app) => {
    await join(app, "one");
    const left: string[] = [];
    scopeOf(app).monitor(null, ({ kind, group }) => left.push(`${kind} ${group}`));
    const { supervisor } = app.application;
    await supervisor.stop("app:scope");
    assert.deepEqual(left, ["member.left one"]);
    assert.deepEqual(scopeOf(app).groups(), []);
    app.application.runtime.spawn("app:member", "app:host", { args: ["one"] });
    await app.world!.clock.settle();
    assert.deepEqual(scopeOf(app).groups(), []);
    await supervisor.start("app:scope");
    assert.equal(await join(app, "one"), "true nil");
    assert.deepEqual(scopeOf(app).groups(), ["one"]);
  }, SIMULATED));

test("a removed scope is gone for those who had opened it [kind.pg.scope]", () =>
  withApplication(PROJECT, async (app) => {
    await join(app, "one");
    const scope = scopeOf(app);
    await app.application.registry.apply([{ kind: "entry.delete", id: "app:scope" }]);
    assert.equal(app.application.resources.find(ProcessGroupsResource, "app:scope"), undefined);
    assert.equal(scope.isOpen, false);
    assert.deepEqual(scope.groups(), []);
  }, SIMULATED));
