/** Change sets, versions and kinds, without Lua. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, schema } from "../../src/core/mod.ts";
import { defineKind, VersionTree } from "../../src/registry/mod.ts";
import { create, entry, loadedWorld, refused, type RegistryWorld, remove, update } from "./registry_world.ts";

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
