import assert from "node:assert/strict";
import { test } from "node:test";
import { NameRegistry, NameScope } from "./name_registry.ts";

const { LOCAL, EVENTUAL, CONSISTENT, STRONG } = NameScope;
const A = "{h|0x00001}";
const B = "{h|0x00002}";

test("a name is held by one pid per scope and registering it again is idempotent", () => {
  for (const scope of [LOCAL, EVENTUAL, CONSISTENT, STRONG]) {
    const names = new NameRegistry();
    names.register("n", A, 1, scope);
    names.register("n", A, 1, scope);
    assert.throws(() => names.register("n", B, 2, scope), {
      kind: "AlreadyExists",
      message: "name already registered",
    });
    assert.equal(names.lookup("n"), A);
    assert.equal(names.unregister("n", scope, A), true);
    assert.equal(names.unregister("n", scope, A), false);
    assert.equal(names.lookup("n"), undefined);
  }
});

test("a local name may not hide a cluster name, a cluster name hides a local one", () => {
  const names = new NameRegistry();
  names.register("n", A, 1, LOCAL);
  names.register("n", B, 2, CONSISTENT);
  assert.equal(names.lookup("n"), B);
  names.register("m", A, 1, EVENTUAL);
  assert.throws(() => names.register("m", B, 2, LOCAL), { kind: "AlreadyExists" });
  names.register("m", A, 1, LOCAL);
  assert.throws(() => names.register("n", A, 1, STRONG), { kind: "AlreadyExists" });
});

test("anyone releases a local name, only the owner a consistent or strong one, each in its own scope", () => {
  const names = new NameRegistry();
  names.register("l", A, 1, LOCAL);
  assert.equal(names.unregister("l", CONSISTENT, A), false);
  assert.equal(names.unregister("l", LOCAL, B), true);
  names.register("s", A, 1, STRONG);
  assert.equal(names.unregister("s", CONSISTENT, A), false);
  assert.equal(names.unregister("s", STRONG, B), false);
  assert.equal(names.unregister("s", STRONG, A), true);
});

test("an end releases every name but eventual ones", () => {
  const names = new NameRegistry();
  names.register("l", A, 1, LOCAL);
  names.register("both", A, 1, LOCAL);
  names.register("both", A, 1, EVENTUAL);
  names.register("s", A, 1, STRONG);
  names.register("other", B, 2, LOCAL);
  assert.deepEqual(names.namesOf(1), ["both", "l", "s"]);
  names.release(1);
  assert.deepEqual(names.namesOf(1), ["both"]);
  assert.equal(names.lookup("l"), undefined);
  assert.equal(names.lookup("s"), undefined);
  assert.equal(names.lookup("both"), A);
  assert.equal(names.lookup("other"), B);
});
