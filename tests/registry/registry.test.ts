/** Change sets, versions and kinds, without Lua. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, schema } from "../../src/core/mod.ts";
import { defineResource } from "../../src/ports/mod.ts";
import { decodeLifecycle, defineKind, kindMatches, KindTable, VersionTree } from "../../src/registry/mod.ts";
import {
  create,
  entry,
  loadedWorld,
  type RegistryWorld,
  registryWorld,
  remove,
  update,
} from "./registry_world.ts";

function refused(world: RegistryWorld, work: Promise<unknown>): Promise<Failure> {
  return world.drive(work.then(() => assert.fail("nothing failed"), (error: unknown) => {
    assert(error instanceof Failure, String(error));
    return error;
  }));
}

function ids(world: RegistryWorld): string[] {
  return [...world.registry.state.all()].map(({ id }) => id);
}

test("entries keep their order; an update stays in its place, a new one comes last [registry.order]", async () => {
  const world = await loadedWorld([entry("a:1", "data"), entry("a:2", "data"), entry("a:3", "data")]);
  await world.registry.apply([update("a:2", "data", { v: 2 }), remove("a:1"), create("a:4", "data")]);
  assert.deepEqual(ids(world), ["a:2", "a:3", "a:4"]);
  assert.deepEqual(world.registry.get("a:2")!.data, { v: 2 });
});

test("deletes run dependents first, creates dependencies first [registry.delta.order] [kind.entry.order] [registry.deps.extract]", async () => {
  const world = await loadedWorld();
  const { registry, trace } = world;
  await registry.apply([
    create("a:top", "traced", { needs: ["mid", "a:other"] }),
    create("a:mid", "traced", {}, { parent: "low" }),
    create("a:other", "traced", { links: { x: "a:low", time: ":time" } }),
    create("a:low", "traced", { lifecycle: { depends_on: ["base"] } }),
    create("a:base", "traced"),
  ]);
  assert.deepEqual(trace, ["open a:base", "open a:low", "open a:mid", "open a:other", "open a:top"]);
  trace.length = 0;
  await registry.apply([
    remove("a:base"),
    remove("a:low"),
    remove("a:mid"),
    remove("a:other"),
    remove("a:top"),
  ]);
  assert.equal(trace[0], "close a:top");
  assert.deepEqual(trace.slice(-2), ["close a:low", "close a:base"]);
});

test("deletes come before creates, order holds through entries that stay [registry.delta.order]", async () => {
  const world = await loadedWorld([
    entry("a:old", "traced"),
    entry("a:stays", "traced", { needs: ["a:late"] }),
  ]);
  await world.registry.apply([
    create("a:user", "traced", { needs: ["a:stays"] }),
    create("a:late", "traced"),
    remove("a:old"),
  ]);
  assert.deepEqual(world.trace, ["close a:old", "open a:late", "open a:user"]);
});

test("a cycle names its ids, also one that an untouched entry closes", async () => {
  const world = await loadedWorld([entry("a:x", "traced", { needs: ["a:y"] })]);
  const failure = await refused(
    world,
    world.registry.apply([
      create("a:y", "traced", { needs: ["a:z"] }),
      create("a:z", "traced", { needs: ["a:x"] }),
    ]),
  );
  assert.equal(failure.kind, "Invalid");
  assert.match(failure.message, /dependency cycle: a:y -> a:z -> a:x -> a:y/);
  assert.deepEqual(ids(world), ["a:x"]);
  const self = await refused(world, world.registry.apply([create("a:s", "traced", { needs: ["s"] })]));
  assert.match(self.message, /dependency cycle: a:s -> a:s/);
});

test("a rejection undoes what was done, last operation first [registry.tx] [kind.entry.txn] [registry.event.tx]", async () => {
  const world = await loadedWorld([entry("a:keep", "traced", { value: 1 }), entry("a:gone", "traced")], {
    events: true,
  });
  const { registry, trace } = world;
  const failure = await refused(
    world,
    registry.apply([
      remove("a:gone"),
      update("a:keep", "traced", { value: 2 }),
      create("a:new", "traced"),
      create("a:zbad", "traced", { do: "reject", needs: ["a:new"] }),
    ]),
  );
  assert.equal(failure.kind, "Invalid");
  assert.equal(failure.message, "a:zbad: not today");
  assert.equal(failure.details?.["id"], "a:zbad");
  assert.deepEqual(trace, [
    "registry.begin",
    "entry.delete a:gone",
    "close a:gone",
    "entry.accept a:gone",
    "entry.update a:keep",
    "close a:keep",
    "open a:keep",
    "entry.accept a:keep",
    "entry.create a:new",
    "open a:new",
    "entry.accept a:new",
    "entry.create a:zbad",
    "open a:zbad",
    "entry.reject a:zbad",
    "registry.discard",
    "close a:new",
    "close a:keep",
    "open a:keep",
    "open a:gone",
  ]);
  assert.deepEqual(ids(world), ["a:keep", "a:gone"]);
  assert.deepEqual(registry.get("a:keep")!.data, { value: 1 });
  assert.equal(registry.version().id, 0);
  assert.deepEqual(registry.versions().map(({ id }) => id), [0], "a refused set makes no version");
});

test("a programming mistake of a kind rejects like any other failure [registry.tx]", async () => {
  const world = await loadedWorld();
  const failure = await refused(world, world.registry.apply([create("a:x", "traced", { do: "throw" })]));
  assert.equal(failure.kind, "Internal");
  assert.equal(failure.message, "a:x: broken");
});

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

test("the way between versions goes back and forth over their parents [registry.version.chain]", () => {
  const tree = new VersionTree(
    [0, 1, 2, 3].map((id) => ({ id, parent: id === 0 ? null : id - 1, createdMs: 0 })),
  );
  tree.add({ id: 4, parent: 1, createdMs: 0 });
  const path = (from: number, to: number) =>
    tree.path(from, to).map((step) => step.forward ? step.version : -step.version);
  assert.deepEqual(path(0, 3), [1, 2, 3]);
  assert.deepEqual(path(3, 1), [-3, -2]);
  assert.deepEqual(path(3, 4), [-3, -2, 4]);
  assert.deepEqual(path(2, 2), []);
  assert.equal(tree.next(1)?.id, 4);
  assert.equal(tree.previous(4)?.id, 1);
  assert.throws(() => tree.path(0, 9), /version not found/);
});

test("going back is one transaction of the inverse changes [registry.version.chain] [registry.delta.original]", async () => {
  const world = await loadedWorld([entry("a:x", "traced", { value: 1 })]);
  const { registry, trace } = world;
  await registry.apply([update("a:x", "traced", { value: 2 })]);
  await registry.apply([remove("a:x"), create("a:y", "traced")]);
  trace.length = 0;
  await registry.applyVersion(0);
  assert.deepEqual(trace, ["close a:y", "open a:x"]);
  assert.deepEqual(registry.get("a:x")!.data, { value: 1 });
  assert.equal(registry.version().id, 0);
  const [change] = await registry.changesOf(1);
  assert.deepEqual([change!.kind, change!.original!.data, change!.entry.data], [
    "entry.update",
    { value: 1 },
    { value: 2 },
  ]);
  const [removal, creation] = await registry.changesOf(2);
  assert.deepEqual(removal!.original!.data, { value: 2 });
  assert.equal(creation!.original, undefined);
});

test("a version whose entries are refused is not gone back to [registry.tx]", async () => {
  let allowed = true;
  const moody = defineKind({
    name: "moody",
    config: schema.any(),
    open() {
      if (!allowed) throw new Failure("Unavailable", "the port is taken");
      return {};
    },
  });
  const world = await loadedWorld([entry("a:x", "moody"), entry("a:t", "traced")], { kinds: [moody] });
  await world.registry.apply([remove("a:x"), remove("a:t")]);
  allowed = false;
  const failure = await refused(world, world.registry.applyVersion(0));
  assert.equal(failure.kind, "Unavailable");
  assert.equal(world.registry.version().id, 1);
  assert.deepEqual(ids(world), []);
  allowed = true;
  await world.registry.applyVersion(0);
  assert.deepEqual(ids(world).sort(), ["a:t", "a:x"]);
});

test("readers see a version before or after a change, never between [registry.tx]", async () => {
  const world = await loadedWorld([entry("a:x", "data", { v: 1 })], { operationTimeoutMs: 100_000 });
  const { registry } = world;
  const work = registry.apply([update("a:x", "data", { v: 2 }), create("a:z", "traced", { do: "slow" })]);
  await world.ports.clock.advance(1000);
  assert.deepEqual(registry.get("a:x")!.data, { v: 1 });
  const before = registry.snapshot();
  await world.drive(work);
  assert.deepEqual(registry.get("a:x")!.data, { v: 2 });
  assert.deepEqual(before.state.get("a:x")!.data, { v: 1 });
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

test("closing goes dependents first; later changes are refused as Internal [registry.errors] [registry.deps.services]", async () => {
  const world = await loadedWorld([
    entry("a:base", "traced"),
    entry("a:top", "traced", { needs: ["a:base"] }),
  ]);
  await Promise.all([world.registry.close(), world.registry.close()]);
  assert.deepEqual(world.trace, ["close a:top", "close a:base"]);
  assert.equal((await refused(world, world.registry.apply([create("a:x", "data")]))).kind, "Internal");
});

test("loading changed files makes one version, unchanged ones none [registry.version.new]", async () => {
  const world = await loadedWorld([entry("a:x", "traced", { value: 1 }), entry("a:y", "traced")]);
  const { registry, trace } = world;
  assert.equal(
    (await registry.load({ entries: [entry("a:y", "traced"), entry("a:x", "traced", { value: 1 })] })).id,
    0,
  );
  assert.deepEqual(trace, []);
  assert.equal(
    (await registry.load({ entries: [entry("a:x", "traced", { value: 2 }), entry("a:z", "traced")] })).id,
    1,
  );
  assert.deepEqual(trace, ["close a:y", "close a:x", "open a:x", "open a:z"]);
  assert.deepEqual(ids(world), ["a:x", "a:z"]);
});

test("files win for what changed in them, other edits stay", async () => {
  const files = [entry("a:x", "data", { v: 1 }), entry("a:y", "data", { v: 1 }), entry("a:gone", "data")];
  const world = await loadedWorld(files);
  const { registry } = world;
  await registry.apply([
    update("a:x", "data", { v: "edited" }),
    update("a:y", "data", { v: "edited" }),
    create("a:made", "data"),
    remove("a:gone"),
  ]);
  await registry.load({ entries: [files[0]!, entry("a:y", "data", { v: 2 }), files[2]!] });
  assert.deepEqual(registry.get("a:x")!.data, { v: "edited" });
  assert.deepEqual(registry.get("a:y")!.data, { v: 2 });
  assert(registry.get("a:made") !== undefined && registry.get("a:gone") === undefined);
  await registry.load({ entries: [files[0]!] });
  assert.deepEqual(ids(world), ["a:x", "a:made"]);
});
