import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModuleClass, ModuleDefinition, ModuleSource } from "./module.ts";
import { AMBIENT_MODULES, ModuleCatalog } from "./module_catalog.ts";

function definition(name: string, classes: ModuleClass[] = []): ModuleDefinition {
  return { name, types: "", classes, objects: name === "stream" ? [{ name: "Stream" }] : [] };
}

/** Sources of these modules, and the names of those that were read. */
function sources(names: readonly string[], classes: ModuleClass[] = []): [ModuleSource[], string[]] {
  const read: string[] = [];
  const load = (name: string) => {
    read.push(name);
    return Promise.resolve(definition(name, classes));
  };
  return [names.map((name) => ({ name, classes, load: () => load(name) })), read];
}

test("modules are read when they are named, ambient ones with the first", async () => {
  const [all, read] = sources([...AMBIENT_MODULES, "stream", "json", "sql"]);
  const catalog = new ModuleCatalog(all);
  await catalog.load([]);
  assert.deepEqual(read.splice(0).sort(), [...AMBIENT_MODULES].sort());
  assert.equal(catalog.streamObject(), undefined);
  await catalog.load(["json", "unknown"]);
  assert.deepEqual(read.splice(0).sort(), ["json", "stream"]);
  assert.equal(catalog.definition("json")?.name, "json");
  assert.equal(catalog.streamObject()?.name, "Stream");
  assert.equal(catalog.load(["json", "process"]), undefined, "what was read is not read again");
  assert.deepEqual(read, []);
});

test("a module that was not read is a mistake of the program, an unknown one is not", () => {
  const [all] = sources(["json"]);
  const catalog = new ModuleCatalog(all);
  assert.throws(() => catalog.definition("json"), /module json is used before it was loaded/);
  assert.equal(catalog.definition("unknown"), undefined);
  assert.deepEqual([catalog.names(), catalog.classes("json"), catalog.classes("unknown")], [
    ["json"],
    [],
    undefined,
  ]);
});

test("a part of a catalog has what the whole has read", async () => {
  const [all] = sources(["json"], ["workflow"]);
  const catalog = new ModuleCatalog([...all, definition("sql", ["storage"])]);
  const part = catalog.ofClass("workflow");
  assert.deepEqual(part.names(), ["json"]);
  await catalog.load(["json"]);
  assert.equal(part.definition("json"), catalog.definition("json"));
});

test("names are unique", async () => {
  const [all] = sources(["json"]);
  assert.throws(() => new ModuleCatalog([...all, definition("json")]), { kind: "Conflict" });
  const twice = { ...definition("twice"), functions: { f: () => null }, commands: { f: () => null } };
  assert.throws(() => new ModuleCatalog([twice]), { kind: "Conflict", message: /twice\.f is defined twice/ });
  const late = new ModuleCatalog([{ name: "twice", classes: [], load: () => Promise.resolve(twice) }]);
  await assert.rejects(Promise.resolve(late.load(["twice"])), { kind: "Conflict" });
});

test("what was left out of a build is known by name and nothing else", () => {
  const [all] = sources(["json"], ["encoding"]);
  const absent = { name: "heavy", classes: [], isAbsent: true, load: () => assert.fail("nothing is read") };
  const catalog = new ModuleCatalog([...all, absent]);
  assert.deepEqual([catalog.isAbsent("heavy"), catalog.isAbsent("json")], [true, false]);
  assert.deepEqual([catalog.classes("heavy"), catalog.definition("heavy")], [undefined, undefined]);
  assert.ok(!catalog.names().includes("heavy"));
  assert.ok(catalog.ofClass("encoding").isAbsent("heavy"));
});
