/** Entries in the hands of their kinds: opening, changing, limits, observers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, schema } from "../../src/core/mod.ts";
import { defineResource } from "../../src/ports/mod.ts";
import { decodeLifecycle, defineKind, kindMatches, KindTable } from "../../src/registry/mod.ts";
import { create, entry, loadedWorld, refused, registryWorld, remove, update } from "./registry_world.ts";

test("a kind that says nothing for 30 s has rejected [registry.tx.timeout] [kind.entry.handler-timeout]", async () => {
  const world = await loadedWorld();
  const startMs = world.ports.clock.monotonicMs();
  const failure = await refused(world, world.registry.apply([create("a:x", "traced", { do: "hang" })]));
  assert.equal(failure.kind, "Timeout");
  assert.match(failure.message, /^a:x: traced neither accepted nor rejected entry\.create within 30 s$/);
  assert.equal(world.ports.clock.monotonicMs() - startMs, 30_000);
  assert.equal(world.registry.get("a:x"), undefined);
});

test("the limit is configurable; what ends late is taken back before the entry is opened again [registry.tx.timeout]", async () => {
  const world = await loadedWorld([], { operationTimeoutMs: 1000 });
  const { registry, trace } = world;
  assert.equal(
    (await refused(world, registry.apply([create("a:x", "traced", { do: "slow" })]))).kind,
    "Timeout",
  );
  const second = await refused(world, registry.apply([create("a:x", "traced", { value: 2 })]));
  assert.equal(second.kind, "Timeout", "the late operation is still under way");
  await world.ports.clock.advance(120_000);
  await world.drive(registry.apply([create("a:x", "traced", { value: 3 })]));
  const calls = trace.filter((line) => !line.startsWith("log "));
  assert.deepEqual(calls, ["open a:x", "opened a:x", "close a:x", "open a:x"]);
  assert.deepEqual(registry.get("a:x")!.data, { value: 3 });
});

test("a slow open does not hold others up; changes wait for each other", async () => {
  const world = await loadedWorld([], { operationTimeoutMs: 100_000 });
  const { registry, trace } = world;
  const slow = registry.apply([create("a:slow", "traced", { do: "slow" })]);
  const next = registry.apply([create("a:next", "traced")]);
  let others = 0;
  for (let i = 1; i <= 3; i++) world.ports.clock.timer(i * 1000, () => others++);
  await world.ports.clock.advance(5000);
  assert.equal(others, 3);
  assert.deepEqual(trace, ["open a:slow"]);
  assert.deepEqual((await world.drive(Promise.all([slow, next]))).map(({ id }) => id), [1, 2]);
  assert.deepEqual(trace, ["open a:slow", "opened a:slow", "open a:next"]);
});

test("a kind's change keeps what is live; without one the entry is closed and opened [kind.update.live] [handler.listener]", async () => {
  const trace: string[] = [];
  const box = defineResource<{ value: number }>("box");
  const live = defineKind({
    name: "live",
    config: schema.object({ value: schema.integer() }),
    provides: box,
    open: ({ config }) => ({ resource: { value: config.value } }),
    change: (current, { config }) => {
      if (config.value < 0) throw new Failure("Invalid", "no negative values");
      trace.push(`change to ${config.value}`);
      (current.resource as { value: number }).value = config.value;
      return current;
    },
    close: (_current, { id }) => {
      trace.push(`close ${id}`);
    },
  });
  const world = await loadedWorld([entry("a:b", "live", { value: 1 })], { kinds: [live] });
  const { registry, resources } = world;
  const before = resources.find(box, "a:b");
  assert.equal(before?.value, 1);
  await registry.apply([update("a:b", "live", { value: 2 })]);
  assert.equal(resources.find(box, "a:b"), before);
  assert.equal(before?.value, 2);
  await refused(world, registry.apply([update("a:b", "live", { value: -1 })]));
  assert.equal(resources.find(box, "a:b")?.value, 2, "a refused change leaves what was");
  const wrong = await refused(world, registry.apply([update("a:b", "live", { value: "x" })]));
  assert.match(wrong.message, /^a:b: value: expected a whole number, got "x"$/);
  await registry.apply([remove("a:b")]);
  assert.equal(resources.find(box, "a:b"), undefined);
  assert.deepEqual(trace, ["change to 2", "close a:b"]);
});

test("an entry may change its kind; when the new one refuses the old one is back [kind.update.live]", async () => {
  const world = await loadedWorld([entry("a:x", "traced", { value: 1 })]);
  await refused(world, world.registry.apply([update("a:x", "traced", { do: "reject" })]));
  assert.deepEqual(world.trace, ["close a:x", "open a:x", "open a:x"]);
  world.trace.length = 0;
  await world.registry.apply([update("a:x", "data", { any: 1 })]);
  assert.deepEqual(world.trace, ["close a:x"]);
  await world.registry.apply([update("a:x", "traced")]);
  assert.deepEqual(world.trace, ["close a:x", "open a:x"]);
});

test("a service is registered with its lifecycle and the references of its entry [yaml.lifecycle] [registry.deps.services]", async () => {
  const serving = defineKind({
    name: "serving",
    config: schema.object({ database: schema.reference({ optional: true }), lifecycle: schema.any() }),
    open: () => ({ service: { start: () => Promise.reject(new Error("not in this test")) } }),
  });
  const world = await loadedWorld([], { kinds: [serving] });
  const { registry, trace } = world;
  await registry.apply([
    create("a:s", "serving", {
      database: "db",
      lifecycle: { auto_start: true, requires: ["q"], depends_on: ["x:y"] },
    }),
  ]);
  assert.deepEqual(trace, ["register a:s auto after a:q,x:y,a:db,a:q,x:y"]);
  trace.length = 0;
  const bad = await refused(
    world,
    registry.apply([create("a:t", "serving", { lifecycle: { start_timeout: "soon" } })]),
  );
  assert.match(bad.message, /^a:t: lifecycle\.start_timeout: expected a duration/);
  await registry.apply([remove("a:s")]);
  assert.deepEqual(trace, ["remove a:t", "remove a:s"]);
});

test("a lifecycle block has its documented defaults [yaml.lifecycle]", () => {
  assert.deepEqual(decodeLifecycle(undefined, "a"), {
    autoStart: false,
    startup: "required",
    startTimeoutMs: 10_000,
    stopTimeoutMs: 10_000,
    stableThresholdMs: 5_000,
    requires: [],
    restart: { initialDelayMs: 1_000, maxDelayMs: 90_000, backoffFactor: 2, jitter: 0.1, maxAttempts: 0 },
  });
  const { security } = decodeLifecycle({
    security: { actor: { id: "svc", meta: { role: "x" } }, policies: ["p", "o:q"], groups: ["g"] },
  }, "a");
  assert.deepEqual(security, {
    actor: { id: "svc", meta: { role: "x" } },
    policies: ["a:p", "o:q"],
    groups: ["a:g"],
  });
});

test("kinds are found by exact name, then by the longest pattern [handler.pattern] [kind.pattern]", () => {
  assert(kindMatches("http.service", "http.service") && !kindMatches("http.service", "http.services"));
  assert(
    kindMatches("http.*", "http.router") && !kindMatches("http.*", "http.a.b") &&
      !kindMatches("http.*", "http."),
  );
  assert(kindMatches("function.**", "function.lua") && kindMatches("function.**", "function.lua.bc"));
  assert(!kindMatches("function.**", "function") && !kindMatches("function.**", "functions.lua"));
  const kind = (name: string) => defineKind({ name, config: schema.any(), open: () => ({}) });
  const table = new KindTable(["a.**", "a.b.*", "a.b.c", "x"].map(kind));
  assert.deepEqual(["a.b.c", "a.b.d", "a.z", "x", "y"].map((name) => table.find(name)?.name), [
    "a.b.c",
    "a.b.*",
    "a.**",
    "x",
    undefined,
  ]);
  assert.throws(() => table.add(kind("x")), /kind x is defined twice/);
});

test("a kind given as a source is read when an entry first has it, and its name and owner are known before", async () => {
  let reads = 0;
  const load = () => {
    reads++;
    const config = schema.object({ at: schema.reference() });
    return Promise.resolve(defineKind({ name: "late", partOf: "whole", config, open: () => ({}) }));
  };
  const world = registryWorld({ kinds: [{ name: "late", partOf: "whole", load }] });
  const { registry } = world;
  assert.equal(registry.kinds.ownerOf(entry("a:x", "late", { whole: "w" })), "a:w");
  assert.throws(() => registry.kinds.find("late"), /kind late is used before it was loaded/);
  await world.drive(registry.load({ entries: [] }));
  const unknown = await refused(world, registry.apply([create("a:x", "lat")]));
  assert.match(unknown.message, /did you mean "late"/);
  assert.equal(reads, 0);
  const parts = [entry("a:x", "late", { at: "y" }), entry("a:y", "late", { at: "z" })];
  const delta = registry.buildDelta([], parts);
  assert.ok(delta instanceof Promise);
  assert.deepEqual((await delta).map((operation) => operation.entry.id), ["a:y", "a:x"]);
  await world.drive(registry.apply(parts.map((part) => ({ kind: "entry.create", entry: part }))));
  assert.equal(registry.buildDelta(parts, parts) instanceof Promise, false);
  assert.equal(reads, 1);
});

test("a kind that is asked for twice at once is one", async () => {
  const given: (() => void)[] = [];
  const load = () => {
    const definition = defineKind({ name: "late", config: schema.any(), open: () => ({}) });
    return new Promise<typeof definition>((resolve) => given.push(() => resolve(definition)));
  };
  const table = new KindTable([{ name: "late", load }]);
  const asked = [1, 2].map(() => table.load([{ kind: "late" }]));
  given[0]!();
  await asked[0];
  const known = table.find("late");
  given[1]!();
  await asked[1];
  assert.equal(table.find("late"), known);
});

test("observers see what was accepted and can't reject [handler.observer] [handler.tx]", async () => {
  const world = registryWorld();
  const { registry, trace } = world;
  registry.observe("tr*", { added: () => trace.push("never") });
  const stop = registry.observe("traced", {
    added: ({ id }) => trace.push(`added ${id}`),
    updated: ({ id }, previous) => trace.push(`updated ${id} from ${String(previous.data["value"])}`),
    removed: ({ id }) => trace.push(`removed ${id}`),
  });
  registry.observe("**", {
    added() {
      throw new Error("observer");
    },
  });
  registry.kinds.listen({
    begin: () => trace.push("begin"),
    commit: () => trace.push("commit"),
    discard: () => trace.push("discard"),
  });
  await registry.load({ entries: [entry("a:x", "traced", { value: 1 })] });
  assert.deepEqual(trace, ["begin", "open a:x", "added a:x", "log observer failed: observer", "commit"]);
  trace.length = 0;
  await registry.apply([update("a:x", "traced", { value: 2 })]);
  assert.deepEqual(trace, ["begin", "close a:x", "open a:x", "updated a:x from 1", "commit"]);
  trace.length = 0;
  await refused(world, registry.apply([remove("a:x"), create("a:y", "traced", { do: "reject" })]));
  assert.deepEqual(trace, ["begin", "close a:x", "open a:y", "open a:x", "discard"]);
  stop();
  trace.length = 0;
  await registry.apply([remove("a:x")]);
  assert.deepEqual(trace, ["begin", "close a:x", "commit"]);
});

test("a transaction listener that refuses to begin rejects the set [handler.tx]", async () => {
  const world = await loadedWorld();
  world.registry.kinds.listen({
    begin() {
      throw new Failure("Unavailable", "not now");
    },
  });
  const failure = await refused(world, world.registry.apply([create("a:x", "traced")]));
  assert.equal(failure.message, "not now");
  assert.deepEqual(world.trace, []);
});

test("config is decoded with defaults and errors that name the field [handler.decode]", async () => {
  const seen: unknown[] = [];
  const strict = defineKind({
    name: "strict",
    config: schema.object({ size: schema.integer({ default: 7 }), name: schema.string({ nonEmpty: true }) }),
    open: ({ id, ns, entry, config }) => {
      seen.push([id, ns, entry.meta, config]);
      return {};
    },
  });
  const world = await loadedWorld([], { kinds: [strict] });
  await world.registry.apply([create("a.b:x", "strict", { name: "n", unknown: 1 }, { m: 1 })]);
  assert.deepEqual(seen, [["a.b:x", "a.b", { m: 1 }, { size: 7, name: "n" }]]);
  const failure = await refused(world, world.registry.apply([create("a:y", "strict", { name: "" })]));
  assert.equal(failure.message, 'a:y: name: expected a non-empty text, got ""');
  const list = await refused(world, world.registry.apply([create("a:y", "strict", [1] as never)]));
  assert.equal(list.message, "a:y: data must be a map");
});

test("an unknown kind at boot is one error with the place and nothing stays open [registry.kind]", async () => {
  const world = registryWorld();
  const failure = await refused(
    world,
    world.registry.load({
      entries: [entry("a:ok", "traced"), entry("a:bad", "trased")],
      origin: (id) => id === "a:bad" ? { file: "src/_index.yaml", line: 12 } : undefined,
    }),
  );
  assert.equal(failure.kind, "Invalid");
  assert.equal(failure.message, 'src/_index.yaml:12: a:bad: unknown kind "trased"; did you mean "traced"?');
  assert.deepEqual(world.trace, []);
});

test("a boot that fails closes what was opened", async () => {
  const world = registryWorld();
  const failure = await refused(
    world,
    world.registry.load({
      entries: [entry("a:1", "traced"), entry("a:2", "traced", { do: "reject" })],
      origin: () => ({ file: "src/x.yaml", line: 3 }),
    }),
  );
  assert.equal(failure.message, "src/x.yaml:3: a:2: not today");
  assert.deepEqual(world.trace, ["open a:1", "open a:2", "close a:1"]);
  assert.throws(() => world.registry.snapshot(), /registry is not available/);
  await world.registry.close();
});
