/** The finder's caches. What filters mean is shown by the Lua cases. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileGlob, Finder, RegistryState } from "../../src/registry/mod.ts";
import { withApplication } from "../application.ts";
import { create, entry, loadedWorld } from "./registry_world.ts";

const STATE = RegistryState.of(
  Array.from(
    { length: 50 },
    (_, i) => entry(`ns${i % 5}:e${i}`, i % 2 === 0 ? "even.x" : "odd.x", {}, { i, t: `t${i}` }),
  ),
);

function compile(pattern: string): (text: string) => boolean {
  const expression = new RegExp(pattern);
  return (text) => expression.test(text);
}

test("a result is kept until the state changes, the least recently used is dropped [registry.find.cache]", async () => {
  const world = await loadedWorld([entry("a:x", "data", {}, { type: "t" })], { finder: { queriesMax: 2 } });
  const { registry } = world;
  const find = (type: string) => registry.finder.find(registry.state, { "meta.type": type }, { compile });
  const first = find("t");
  assert.equal(first.length, 1);
  assert.equal(find("t"), first, "the same result, not an equal one");
  find("u");
  find("t");
  find("v");
  assert.equal(registry.finder.cachedQueries, 2);
  assert.equal(find("t"), first, "used more recently than u");
  await registry.apply([create("a:y", "data", {}, { type: "t" })]);
  const second = find("t");
  assert.deepEqual(second.map(({ id }) => id), ["a:x", "a:y"]);
  assert.equal(registry.finder.cachedQueries, 1);
});

test("expressions are compiled once, malformed ones are reported and passed over [registry.find.cache]", () => {
  const compiled: string[] = [];
  const warned: string[] = [];
  const finder = new Finder(() => STATE, { queriesMax: 0, expressionsMax: 1 });
  const count = (pattern: string) =>
    finder.find(STATE, { "~meta.t": pattern }, {
      compile: (text) => {
        compiled.push(text);
        return compile(text);
      },
      warn: (message, fields) => warned.push(`${message} ${String(fields["pattern"])}`),
    }).length;
  assert.equal(count("^t1.$"), 10);
  assert.equal(count("^t1.$"), 10);
  assert.equal(count("^t2$"), 1);
  assert.equal(count("^t1.$"), 10);
  assert.deepEqual(compiled, ["^t1.$", "^t2$", "^t1.$"]);
  assert.equal(finder.cachedExpressions, 1);
  assert.equal(finder.cachedQueries, 0, "size 0 keeps nothing");
  assert.equal(count("("), 50);
  assert.deepEqual(warned, ["filter key is ignored: malformed regular expression ("]);
});

test("the caches have their configured sizes [registry.find.cache] [config.finder]", async () => {
  await withApplication("namespace: app\nentries:\n", async (app) => {
    const { registry } = app.application;
    for (let i = 0; i < 10; i++) registry.finder.find(registry.state, { "meta.i": i }, { compile });
    for (let i = 0; i < 10; i++) registry.finder.find(registry.state, { "~meta.i": `x${i}` }, { compile });
    assert.equal(registry.finder.cachedQueries, 3);
    assert.equal(registry.finder.cachedExpressions, 2);
    await Promise.resolve();
  }, { config: { finder: { query_cache_size: 3, regex_cache_size: 2 } } });
});

test("globs match whole texts in linear time", () => {
  const table: [string, string[], string[]][] = [
    ["a*c", ["ac", "abc", "abcbc"], ["ab", "cab"]],
    ["*", ["", "x"], []],
    ["a*b*c", ["abc", "a1b2c"], ["acb", "ab"]],
    ["aa*aa", ["aaaa", "aaxaa"], ["aaa"]],
    ["x.y", ["x.y"], ["xzy"]],
  ];
  for (const [glob, inside, outside] of table) {
    const matches = compileGlob(glob);
    for (const text of inside) assert(matches(text), `${text} in ${glob}`);
    for (const text of outside) assert(!matches(text), `${text} not in ${glob}`);
  }
  assert(!compileGlob("*a".repeat(30) + "b")("a".repeat(100_000)));
});

test("a filter key that only looks like one of an object is told of and ignored", () => {
  const warned: string[] = [];
  const found = new Finder(() => STATE).find(STATE, { constructor: "x", ".toString": "y" }, {
    compile,
    warn: (_message, { key }) => warned.push(String(key)),
  });
  assert.deepEqual(warned.sort(), [".toString", "constructor"]);
  assert.equal(found.length, [...STATE.all()].length);
});
