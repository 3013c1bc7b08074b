/** How applications come up and go down. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApplication } from "../../src/app/application.ts";
import { type Component, componentLevels } from "../../src/app/components.ts";
import { ApplicationContext, defineContextKey } from "../../src/app/context.ts";
import { LogHub } from "../../src/app/logging/mod.ts";
import { COMPONENTS } from "../../src/app/standard_components.ts";
import { Failure, schema } from "../../src/core/mod.ts";
import { defineModule } from "../../src/lua/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { defineKind, type Entry, type KindDefinition } from "../../src/registry/mod.ts";
import { startApplication, withApplication } from "../application.ts";

/** Applications without a project, whose kinds and components note what happens to them. */
function tracked(
  extra: { components?: Component[]; kinds?: KindDefinition[]; shutdownTimeoutMs?: number } = {},
) {
  const ports = createPorts();
  const log = new LogHub({
    clock: ports.clock,
    routing: { propagate_downstream: true, stream_to_events: false, min_level: -1 },
  });
  return createApplication({ ports, log, baseDirectory: "/", ...extra });
}

function noting(notes: string[], name: string, requires: string[] = []): Component {
  return {
    name,
    requires,
    load: () => void notes.push(`load ${name}`),
    start: () => void notes.push(`start ${name}`),
    stop: () => void notes.push(`stop ${name}`),
  };
}

/** A kind whose service notes its start and stop. */
function noteKind(notes: string[]): KindDefinition {
  return defineKind({
    name: "test.service",
    config: schema.object({ needs: schema.reference({ optional: true }), lifecycle: schema.any() }),
    open: ({ id }) => {
      notes.push(`open ${id}`);
      return {
        service: {
          start: () => {
            notes.push(`run ${id}`);
            return Promise.resolve({
              ended: new Promise<null>(() => {}),
              stop: () => {
                notes.push(`end ${id}`);
                return Promise.resolve();
              },
            });
          },
        },
      };
    },
    close: (_current, { id }) => void notes.push(`close ${id}`),
  });
}

function entry(id: string, data: Entry["data"], kind = "test.service"): Entry {
  return { id, kind, meta: {}, data };
}

const AUTO = { auto_start: true };

test("boot loads components, starts them, loads entries, then runs services, and goes down in reverse [boot.phases]", async () => {
  const notes: string[] = [];
  const app = tracked({
    components: [noting(notes, "second", ["first"]), noting(notes, "first", [COMPONENTS.registry.name])],
    kinds: [noteKind(notes)],
  });
  assert.throws(() => app.runtime, /lua is not provided/);
  await app.boot({ entries: [entry("a:service", { lifecycle: AUTO }), entry("a:idle", {})] });
  assert.deepEqual(notes, [
    "load first",
    "load second",
    "start first",
    "start second",
    "open a:service",
    "open a:idle",
    "run a:service",
  ]);
  notes.length = 0;
  await app.stop();
  assert.equal(notes[0], "end a:service");
  assert.deepEqual(notes.slice(1).filter((note) => note.startsWith("stop")), ["stop second", "stop first"]);
  assert.ok(
    notes.indexOf("close a:service") > notes.indexOf("stop first"),
    "entries close with the registry, after those who need it",
  );
});

test("the context takes each key once and nothing after boot [boot.context]", async () => {
  const key = defineContextKey<number>("answer");
  const context = new ApplicationContext();
  context.provide(key, 42);
  assert.equal(context.get(key), 42);
  assert.throws(() => context.provide(key, 43), /answer is provided twice/);
  assert.throws(() => context.get(defineContextKey("question")), /question is not provided/);
  context.seal();
  assert.throws(() => context.provide(defineContextKey("late"), 1), /sealed/);

  let sealedWhileLoading: boolean | undefined;
  const app = tracked({
    components: [{
      name: "late",
      load: (shared) => void (sealedWhileLoading = shared.sealed),
      start: (shared) => shared.provide(key, 1),
    }],
  });
  await assert.rejects(app.boot({ entries: [] }), /context is sealed: answer/);
  assert.equal(sealedWhileLoading, false);
});

test("components are ordered by what they require; those of a level are loaded side by side [boot.component]", async () => {
  const levels = componentLevels([
    { name: "c", requires: ["a", "b"] },
    { name: "a" },
    { name: "d", requires: ["c"] },
    { name: "b" },
  ]);
  assert.deepEqual(levels.map((level) => level.map(({ name }) => name)), [["a", "b"], ["c"], ["d"]]);
  assert.throws(
    () => componentLevels([{ name: "a", requires: ["b"] }, { name: "b", requires: ["a"] }]),
    /a -> b -> a/,
  );
  assert.throws(() => componentLevels([{ name: "a", requires: ["x"] }]), /a requires x/);
  assert.throws(() => componentLevels([{ name: "a" }, { name: "a" }]), /two components are called a/);

  const meet = Promise.withResolvers<void>();
  const app = tracked({
    components: [
      { name: "one", load: () => meet.promise },
      { name: "other", load: () => meet.resolve() },
    ],
  });
  await app.boot({ entries: [] });
  await app.stop();
});

test("a component that fails to start takes down those that had started [boot.component]", async () => {
  const notes: string[] = [];
  const app = tracked({
    components: [
      noting(notes, "first", [COMPONENTS.registry.name]),
      {
        name: "broken",
        requires: ["first"],
        start: () => Promise.reject(new Failure("Internal", "no luck")),
      },
    ],
  });
  await assert.rejects(app.boot({ entries: [] }), /no luck/);
  assert.deepEqual(notes, ["load first", "start first", "stop first"]);
  assert.equal(await app.ended, 1);
});

test("services end before what they need, and the end has a limit [boot.shutdown]", async () => {
  const notes: string[] = [];
  const app = tracked({ kinds: [noteKind(notes)], shutdownTimeoutMs: 50 });
  const hang: Component = { name: "hang", stop: () => new Promise(() => {}) };
  await app.boot({
    entries: [entry("a:top", { needs: "a:base", lifecycle: AUTO }), entry("a:base", { lifecycle: AUTO })],
  });
  assert.ok(notes.indexOf("run a:base") < notes.indexOf("run a:top"));
  notes.length = 0;
  app.exit(7);
  app.exit(8);
  assert.equal(await app.ended, 7);
  assert.deepEqual(notes.filter((note) => note.startsWith("end")), ["end a:top", "end a:base"]);

  const slow = tracked({ components: [hang], shutdownTimeoutMs: 30 });
  const late: string[] = [];
  slow.log.listen(({ message }) => late.push(message));
  await slow.boot({ entries: [] });
  await slow.stop();
  assert.ok(late.includes("components did not stop in time"));
});

test("processes are told to end when the application stops [boot.shutdown]", async () => {
  const { app, stop } = await startApplication(`
version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: worker
    kind: process.lua
    method: main
    source: |
      return { main = function()
        local event = process.events():receive()
        print("got " .. event.kind)
      end }
`);
  app.application.runtime.spawn("app:worker", "app:host");
  await stop();
  assert.ok(app.logs.some(({ message }) => message === "got pid.cancel"));
});

test("a required service that can't start keeps the application from booting", async () => {
  const files = (startup: string) => `
version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: service
    kind: process.service
    process: app:nothing
    host: app:host
    lifecycle: {auto_start: true, startup: ${startup}}
`;
  await assert.rejects(withApplication(files("required"), () => Promise.resolve()), /app:service/);
  await withApplication(files("optional"), async ({ application, until }) => {
    // Not "failed": what is missing will not come by trying again.
    await until(() => application.supervisor.state("app:service")?.status === "exited", "the failure");
    assert.ok(application.running);
  });
});

test("an entry that is refused names its file and line and stops the boot", async () => {
  const text = `version: "1.0"
namespace: app
entries:
  - name: fine
    kind: library.lua
    source: return {}
  - name: broken
    kind: function.lua
    source: return {}
`;
  await assert.rejects(withApplication(text, () => Promise.resolve()), (error: Failure) => {
    assert.match(error.message, /_index\.yaml:7: app:broken: method is required/);
    return true;
  });
});

test("calls in progress end with the application, whatever they wait for, and let go of what they hold [boot.shutdown]", async () => {
  let closed = 0;
  const source = defineModule({
    name: "source",
    types: "--- Streams.",
    classes: ["deterministic"],
    functions: { open: (call) => call.createStream({ size: 1, position: 0, close: () => void closed++ }) },
  });
  const { app, stop } = await startApplication(
    `
version: "1.0"
namespace: app
entries:
  - name: slow
    kind: function.lua
    method: main
    modules: [time, source]
    pool: { type: static, workers: 1 }
    source: |
      return { main = function()
        local held = source.open()
        time.sleep("1h")
        return held
      end }
  - name: outer
    kind: function.lua
    method: main
    modules: [funcs]
    source: |
      return { main = function() return funcs.call("app:slow") end }
  - name: retries
    kind: function.lua
    method: main
    meta: { options: { retry: { max_attempts: 5, initial_delay: 1h, max_delay: 1h } } }
    source: |
      return { main = function() return nil, errors.new({ message = "again", kind = errors.UNAVAILABLE, retryable = true }) end }
`,
    { simulated: true, modules: [source] },
  );
  // One runs, one waits for the only worker, one waits to be tried again.
  const calls = ["app:outer", "app:slow", "app:retries"].map((id) => app.application.runtime.call(id, []));
  await app.world!.clock.settle();
  await stop();
  for (const call of calls) {
    const outcome = await call;
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.failure.kind, outcome.failure.message], [
      "Canceled",
      "the application has stopped",
    ]);
  }
  assert.equal(closed, 1);
});

test("supervisor.host.worker_count says how many services start at once, and nothing is lost [config.supervisor]", async () => {
  const slow = (starts: number[]): KindDefinition =>
    defineKind({
      name: "test.slow",
      config: schema.object({ lifecycle: schema.any() }),
      open: ({ ports: { clock } }) => ({
        service: {
          start: async () => {
            starts.push(clock.monotonicMs());
            await clock.sleep(1_000);
            return { ended: new Promise<null>(() => {}), stop: () => Promise.resolve() };
          },
        },
      }),
    });
  const entries = Array.from(
    { length: 6 },
    (_, i) => `  - { name: s${i}, kind: test.slow, lifecycle: { auto_start: true } }`,
  );
  const boot = async (host: Record<string, number>): Promise<number[]> => {
    const starts: number[] = [];
    await withApplication(
      `version: "1.0"\nnamespace: app\nentries:\n${entries.join("\n")}\n`,
      async (app) => {
        const states = app.application.supervisor.states();
        assert.deepEqual(states.map(({ status }) => status), Array(6).fill("running"));
        await Promise.resolve();
      },
      { simulated: true, kinds: [slow(starts)], config: { supervisor: { host } } },
    );
    return starts.map((at) => (at - starts[0]!) / 1_000);
  };
  assert.deepEqual(await boot({ worker_count: 2, buffer_size: 1 }), [0, 0, 1, 1, 2, 2]);
  assert.deepEqual(await boot({}), [0, 0, 0, 0, 0, 0]);
});
