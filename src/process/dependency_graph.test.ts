import assert from "node:assert/strict";
import { test } from "node:test";
import { DependencyGraph } from "./dependency_graph.ts";

function graph(edges: Record<string, string[]>): DependencyGraph {
  return new DependencyGraph(Object.entries(edges).map(([id, requires]) => ({ id, requires })));
}

test("dependencies are the known services an entry names, each once, without itself", () => {
  const { circles } = graph({});
  assert.deepEqual(circles, []);
  const g = graph({ a: ["b", "b", "a", "unknown"], b: [], c: ["a"] });
  assert.deepEqual(g.dependencies("a"), ["b"]);
  assert.deepEqual(g.dependents("a"), ["c"]);
  assert.deepEqual(g.dependents("b"), ["a"]);
  assert.deepEqual(g.dependencies("nobody"), []);
});

test("services that need each other are reported and not ordered among themselves", () => {
  const g = graph({ z: ["x"], x: ["y"], y: ["z", "base"], base: [], top: ["x"], p: ["q"], q: ["p"] });
  assert.deepEqual(g.circles.toSorted(), [["p", "q"], ["x", "y", "z"]]);
  for (const id of ["x", "y", "z"]) assert.deepEqual(g.dependencies(id), ["base"]);
  assert.deepEqual(g.dependents("base").toSorted(), ["x", "y", "z"]);
  assert.deepEqual(g.dependencies("top"), ["x", "y", "z"]);
});

test("a chain of many services needs no stack depth", () => {
  const count = 50_000;
  const nodes = Array.from({ length: count }, (_, i) => ({ id: `s${i}`, requires: [`s${i + 1}`] }));
  const g = new DependencyGraph(nodes);
  assert.deepEqual(g.circles, []);
  assert.deepEqual(g.dependencies("s0"), ["s1"]);
  assert.deepEqual(g.dependents(`s${count - 1}`), [`s${count - 2}`]);
});
