/** What an application tells on the event bus, by system and kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { COMPONENTS, INFRASTRUCTURE } from "../../src/app/mod.ts";
import type { ValueMap } from "../../src/core/mod.ts";
import type { BusEvent } from "../../src/ports/mod.ts";
import type { Change } from "../../src/registry/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

const SYSTEMS = new Set(
  ("registry supervisor process function contract resource env fs queue relay security logs cluster lua wasm pg " +
    "postgres_cdc temporal.taskqueue").split(" "),
);

/** Runs `body` with everything that is sent from boot on. */
async function withEvents(
  entries: string,
  body: (app: TestApplication, events: BusEvent[]) => Promise<void>,
): Promise<void> {
  const events: BusEvent[] = [];
  const listens = {
    name: "listens to everything",
    requires: [],
    load: (
      context: {
        get(
          key: typeof INFRASTRUCTURE.bus,
        ): { subscribe: TestApplication["application"]["bus"]["subscribe"] };
      },
    ) => {
      context.get(INFRASTRUCTURE.bus).subscribe("*", "", (event) => events.push(event));
    },
  };
  await withApplication(`version: "1.0"\nnamespace: app\nentries:\n${entries}`, async (app) => {
    await app.world!.clock.settle();
    await body(app, events);
  }, { simulated: true, components: [listens as never] });
}

/** Kinds of a system's events on a path, in order. */
function kindsOf(events: readonly BusEvent[], system: string, path: string): string[] {
  return events.filter((event) => event.system === system && event.path === path).map(({ kind }) => kind);
}

async function change(app: TestApplication, ...changes: Change[]): Promise<void> {
  await app.application.registry.apply(changes);
  await app.world!.clock.settle();
}

function updated(app: TestApplication, id: string, data: ValueMap): Change {
  const entry = app.application.registry.get(id)!;
  return { kind: "entry.update", entry: { ...entry, data: { ...entry.data, ...data } } };
}

const FN = `
  - name: fn
    kind: function.lua
    method: main
    source: |
      return { main = function() return 1 end }
`;
const BROKEN_SOURCE = { source: "return {" };

test("functions are told of as they are added, changed, refused and removed [bus.function] [events.builtin]", async () => {
  await withEvents(FN, async (app, events) => {
    assert.deepEqual(kindsOf(events, "function", "app:fn"), ["function.register", "function.accept"]);
    events.length = 0;
    await change(app, updated(app, "app:fn", { source: "return { main = function() return 2 end }" }));
    assert.deepEqual(kindsOf(events, "function", "app:fn"), ["function.register", "function.accept"]);
    events.length = 0;
    await assert.rejects(change(app, updated(app, "app:fn", BROKEN_SOURCE)));
    await app.world!.clock.settle();
    const rejected = events.find(({ kind }) => kind === "function.reject")!;
    assert.equal(rejected.path, "app:fn");
    assert.match(String(rejected.data), /app:fn:1:/);
    events.length = 0;
    await change(app, { kind: "entry.delete", id: "app:fn" });
    assert.deepEqual(kindsOf(events, "function", "app:fn"), ["function.delete"]);
  });
});

test("changed code is told of as reset, accepted or refused [bus.lua]", async () => {
  await withEvents(FN, async (app, events) => {
    assert.deepEqual(kindsOf(events, "lua", "app:fn"), []);
    await change(app, updated(app, "app:fn", { source: "return { main = function() return 2 end }" }));
    assert.deepEqual(kindsOf(events, "lua", "app:fn"), ["lua.reset_code", "lua.reset_code.accept"]);
    events.length = 0;
    await assert.rejects(change(app, updated(app, "app:fn", BROKEN_SOURCE)));
    await app.world!.clock.settle();
    assert.deepEqual(kindsOf(events, "lua", "app:fn"), ["lua.reset_code", "lua.reset_code.reject"]);
  });
});

test("process entries are factories [bus.process] [events.builtin]", async () => {
  const entry = FN.replace("function.lua", "process.lua").replace("name: fn", "name: proc");
  await withEvents(entry, async (app, events) => {
    assert.deepEqual(kindsOf(events, "process", "app:proc"), ["factory.register", "factory.accept"]);
    await assert.rejects(change(app, updated(app, "app:proc", BROKEN_SOURCE)));
    await app.world!.clock.settle();
    assert.equal(kindsOf(events, "process", "app:proc").at(-1), "factory.reject");
    await change(app, { kind: "entry.delete", id: "app:proc" });
    assert.equal(kindsOf(events, "process", "app:proc").at(-1), "factory.delete");
  });
});

const HOST = `
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
`;

test("hosts are told of on the relay, services by the supervisor [bus.relay] [bus.supervisor] [events.builtin]", async () => {
  await withEvents(HOST, async (app, events) => {
    assert.deepEqual(kindsOf(events, "relay", "app:host"), ["host.register", "host.accept"]);
    assert.deepEqual(kindsOf(events, "supervisor", "app:host"), [
      "service.register",
      "service.start",
      "service.update",
      "service.update",
    ]);
    const bad: Change = {
      kind: "entry.create",
      entry: { id: "app:bad", kind: "process.host", meta: {}, data: { host: { workers: -1 } } },
    };
    await assert.rejects(change(app, bad));
    await app.world!.clock.settle();
    assert.deepEqual(kindsOf(events, "relay", "app:bad"), ["host.register", "host.reject"]);
    events.length = 0;
    await change(app, { kind: "entry.delete", id: "app:host" });
    assert.deepEqual(kindsOf(events, "relay", "app:host"), ["host.delete"]);
    assert.equal(kindsOf(events, "supervisor", "app:host").at(-1), "service.remove");
  });
});

test("a change set is begun, each entry judged, and ended [bus.registry] [events.builtin]", async () => {
  await withEvents(FN, async (app, events) => {
    const told = () =>
      events.filter(({ system }) => system === "registry").map(({ kind, path }) => `${kind} ${path}`.trim());
    assert.deepEqual(told(), [
      "registry.begin",
      "entry.create app:fn",
      "entry.accept app:fn",
      "registry.commit",
    ]);
    const created = events.find(({ kind }) => kind === "entry.create")!.data as ValueMap;
    assert.equal(created["id"], "app:fn");
    assert.equal(created["kind"], "function.lua");
    events.length = 0;
    await change(app, updated(app, "app:fn", { source: "return { main = function() return 2 end }" }));
    assert.deepEqual(told(), [
      "registry.begin",
      "entry.update app:fn",
      "entry.accept app:fn",
      "registry.commit",
    ]);
    events.length = 0;
    await assert.rejects(change(app, updated(app, "app:fn", BROKEN_SOURCE)));
    await app.world!.clock.settle();
    assert.deepEqual(told(), [
      "registry.begin",
      "entry.update app:fn",
      "entry.reject app:fn",
      "registry.discard",
    ]);
    events.length = 0;
    await change(app, { kind: "entry.delete", id: "app:fn" });
    assert.deepEqual(told(), [
      "registry.begin",
      "entry.delete app:fn",
      "entry.accept app:fn",
      "registry.commit",
    ]);
  });
});

/** Entries whose kinds announce themselves: event kinds when added, when changed, when removed. */
async function checkAnnouncements(
  entries: string,
  cases: {
    system: string;
    id: string;
    added: string[];
    change?: ValueMap;
    changed?: string[];
    removed: string[];
  }[],
): Promise<void> {
  await withEvents(entries, async (app, events) => {
    for (const { system, id, added } of cases) assert.deepEqual(kindsOf(events, system, id), added, id);
    for (const { system, id, change: data, changed } of cases) {
      if (data === undefined) continue;
      events.length = 0;
      await change(app, updated(app, id, data));
      assert.deepEqual(kindsOf(events, system, id), changed, id);
    }
    for (const { system, id, removed } of cases.toReversed()) {
      events.length = 0;
      await change(app, { kind: "entry.delete", id });
      assert.deepEqual(kindsOf(events, system, id), removed, id);
    }
  });
}

test("contracts and bindings are told of [bus.contract]", () =>
  checkAnnouncements(
    `${FN}
  - name: greeter
    kind: contract.definition
    methods: [{name: greet}]
  - name: binding
    kind: contract.binding
    contracts: [{contract: app:greeter, methods: {greet: app:fn}}]
`,
    [
      {
        system: "contract",
        id: "app:greeter",
        added: ["contract.definition.register", "contract.accept"],
        change: { methods: [{ name: "greet" }, { name: "part" }] },
        changed: ["contract.definition.update", "contract.accept"],
        removed: ["contract.definition.delete"],
      },
      {
        system: "contract",
        id: "app:binding",
        added: ["contract.binding.register", "contract.accept"],
        change: { contracts: [{ contract: "app:greeter", default: true, methods: { greet: "app:fn" } }] },
        changed: ["contract.binding.update", "contract.accept"],
        removed: ["contract.binding.delete"],
      },
    ],
  ));

test("storages and variables are told of, refusals too [bus.env]", async () => {
  const entries = `
  - name: memory
    kind: env.storage.memory
  - name: name
    kind: env.variable
    variable: NAME
    storage: app:memory
`;
  await checkAnnouncements(entries, [
    {
      system: "env",
      id: "app:memory",
      added: ["storage.register", "accept"],
      change: { note: "changed" },
      changed: ["storage.update", "accept"],
      removed: ["storage.delete"],
    },
    {
      system: "env",
      id: "app:name",
      added: ["variable.register", "accept"],
      change: { default: "x" },
      changed: ["variable.update", "accept"],
      removed: ["variable.delete"],
    },
  ]);
  await withEvents(entries, async (app, events) => {
    const data = { variable: "NAME", storage: "app:memory" };
    await assert.rejects(
      change(app, { kind: "entry.create", entry: { id: "app:again", kind: "env.variable", meta: {}, data } }),
    );
    await app.world!.clock.settle();
    assert.deepEqual(kindsOf(events, "env", "app:again"), ["variable.register", "reject"]);
  });
});

test("file systems are told of [bus.fs]", () =>
  checkAnnouncements(
    `
  - name: files
    kind: fs.directory
    directory: files
    auto_init: true
`,
    [{
      system: "fs",
      id: "app:files",
      added: ["fs.register", "fs.accept"],
      change: { mode: "0700" },
      changed: ["fs.register", "fs.accept"],
      removed: ["fs.delete"],
    }],
  ));

test("queues and drivers are told of [bus.queue]", () =>
  checkAnnouncements(
    `
  - name: driver
    kind: queue.driver.memory
    lifecycle: {auto_start: true}
  - name: tasks
    kind: queue.queue
    driver: app:driver
`,
    [
      {
        system: "queue",
        id: "app:driver",
        added: ["queue.driver.register", "queue.accept"],
        removed: ["queue.driver.delete"],
      },
      {
        system: "queue",
        id: "app:tasks",
        added: ["queue.queue.declare", "queue.accept"],
        removed: ["queue.queue.delete"],
      },
    ],
  ));

test("policies are told of [bus.security]", () =>
  checkAnnouncements(
    `
  - name: policy
    kind: security.policy
    policy: {actions: read, resources: "*", effect: allow}
`,
    [{
      system: "security",
      id: "app:policy",
      added: ["policy.register"],
      change: { policy: { actions: "write", resources: "*", effect: "allow" } },
      changed: ["policy.update"],
      removed: ["policy.delete"],
    }],
  ));

test("resources are told of as they come, change and go [bus.resource]", () =>
  checkAnnouncements(
    `
  - name: files
    kind: fs.directory
    directory: files
    auto_init: true
`,
    [{
      system: "resource",
      id: "app:files",
      added: ["resource.register"],
      change: { mode: "0700" },
      changed: ["resource.delete", "resource.register"],
      removed: ["resource.delete"],
    }],
  ));

test("nothing is sent on other systems than those in use [bus.systems]", async () => {
  const entries = `${HOST}${FN}
  - name: scope
    kind: pg.scope
    lifecycle: {auto_start: true}
  - name: joins
    kind: process.lua
    method: main
    modules: [pg]
    source: |
      return { main = function() assert(pg.open("app:scope")):join("group") end }
  - name: memory
    kind: env.storage.memory
  - name: store
    kind: store.memory
    lifecycle: {auto_start: true}
  - name: policy
    kind: security.policy
    policy: {actions: read, resources: "*", effect: allow}
`;
  await withEvents(entries, async (app, events) => {
    app.application.context.get(COMPONENTS.runtime).spawn("app:joins", "app:host");
    await app.world!.clock.settle();
    const seen = new Set(events.map(({ system }) => system));
    for (const system of seen) assert.ok(SYSTEMS.has(system), system);
    for (
      const system of [
        "registry",
        "supervisor",
        "function",
        "process",
        "relay",
        "env",
        "resource",
        "security",
        "pg",
      ]
    ) {
      assert.ok(seen.has(system), system);
    }
    assert.deepEqual(kindsOf(events, "pg", "group"), ["member.joined", "member.left"]);
  });
});
