import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterMachine, type Command, type NameHolder, outcomeOf, packCommand } from "./machine.ts";
import type { Outcome } from "./pair_table.ts";
import { packMessage } from "./wire.ts";

/** A machine, and who proposes to it. */
function stage() {
  const machine = new ClusterMachine();
  let index = 0;
  let serial = 0;
  const apply = (
    command: Command,
    more: {
      node?: string;
      boot?: number;
      serial?: number;
      floor?: number;
      nowMs?: number;
      to?: ClusterMachine;
    } = {},
  ): Outcome => {
    const number = more.serial ?? ++serial;
    const proposer = {
      node: more.node ?? "n1",
      boot: more.boot ?? 1,
      serial: number,
      floor: more.floor ?? 1,
    };
    const message = { ...packCommand(command, proposer), nowMs: more.nowMs ?? 0 };
    return outcomeOf((more.to ?? machine).apply(++index, packMessage(message)));
  };
  return { machine, apply };
}

function hold(name: string, pid: string, more: Partial<NameHolder> = {}): Command {
  return { kind: "hold", name, pid, boot: 1, scope: 2, isActive: true, by: "n1", ...more };
}

function put(key: string, more: Partial<Command & { kind: "put" }> = {}): Command {
  const defaults = { ttlMs: 0, onlyIfAbsent: false, ifVersion: "", owner: "", boot: 0 };
  return { kind: "put", namespace: "s", key, value: new Uint8Array([1]), ...defaults, ...more };
}

const A = "{n1@h|0x00001}";
const B = "{n2@h|0x00001}";

test("the first holder of a name keeps it, until it lets go, ends or its node is gone", () => {
  const { apply, machine } = stage();
  assert.deepEqual(apply(hold("x", A)), { ok: true });
  assert.deepEqual(apply(hold("x", A)), { ok: true });
  assert.deepEqual(apply(hold("x", B)), { ok: false, pid: A });
  assert.deepEqual(apply({ kind: "release", name: "x", pid: B, scope: 2 }), { ok: false });
  assert.deepEqual(apply({ kind: "release", name: "x", pid: A, scope: 3 }), { ok: false });
  assert.deepEqual(apply({ kind: "release", name: "x", pid: A, scope: 2 }), { ok: true });
  apply(hold("x", B));
  apply({ kind: "ended", pid: B, boot: 1 });
  assert.equal(machine.holder("x"), undefined);
  apply(hold("x", B));
  apply({ kind: "gone", node: "n2", boot: 1 });
  assert.equal(machine.holder("x"), undefined);
});

test("what belongs to a later life of a node stays when an earlier one is gone", () => {
  const { apply, machine } = stage();
  apply(hold("old", B, { boot: 1 }));
  // The node has begun anew before anybody noticed: the name is free for its new life.
  assert.deepEqual(apply(hold("old", "{n2@h|0x00002}", { boot: 2 })), { ok: true });
  apply({ kind: "gone", node: "n2", boot: 1 });
  assert.equal(machine.holder("old")?.boot, 2);
});

test("a name that is promised becomes active once, and goes with who promised it", () => {
  const { apply, machine } = stage();
  apply(hold("x", A, { scope: 3, isActive: false, by: "n3" }));
  assert.deepEqual(apply(hold("x", B)), { ok: false, pid: A });
  assert.equal(machine.holder("x")?.isActive, false);
  assert.deepEqual(apply({ kind: "activate", name: "x", pid: B }), { ok: false, pid: A });
  apply({ kind: "gone", node: "n3", boot: 0 });
  assert.equal(machine.holder("x"), undefined);
  apply(hold("x", A, { scope: 3, isActive: false, by: "n3" }));
  apply({ kind: "activate", name: "x", pid: A });
  apply({ kind: "gone", node: "n3", boot: 0 });
  assert.equal(machine.holder("x")?.isActive, true);
});

test("a command that comes again gives its first result and is not done again; an old one comes too late", () => {
  const { apply } = stage();
  const lock = put("lock", { onlyIfAbsent: true, owner: A, boot: 1 });
  assert.equal(apply(lock, { serial: 7 }).ok, true);
  assert.equal(apply(lock, { serial: 7 }).ok, true);
  assert.deepEqual(apply(lock, { serial: 8 }), { ok: false, problem: "exists", pid: A });
  assert.deepEqual(apply(lock, { serial: 8, floor: 8 }), { ok: false, problem: "exists", pid: A });
  // Nobody asks for what is below the floor again; another life of the node numbers anew.
  assert.equal(
    apply({ kind: "delete", namespace: "s", key: "lock", owner: A }, { boot: 2, serial: 1 }).ok,
    true,
  );
  assert.deepEqual(apply(put("late"), { boot: 1, serial: 9 }), { ok: false });
});

test("pairs have versions, conditions, an end by time and owners", () => {
  const { apply, machine } = stage();
  const first = apply(put("k"));
  assert.deepEqual(apply(put("k", { onlyIfAbsent: true })).problem, "exists");
  assert.deepEqual(apply(put("k", { ifVersion: "0" })).problem, "version");
  const second = apply(put("k", { ifVersion: first.version! }));
  assert.notEqual(second.version, first.version);
  apply(put("brief", { ttlMs: 100 }), { nowMs: 1_000 });
  assert.ok(machine.pairs.get("s", "brief", 1_099) !== undefined);
  assert.equal(machine.pairs.get("s", "brief", 1_100), undefined);
  // Time never goes back, whatever a new leader's clock says.
  assert.equal(apply(put("brief", { onlyIfAbsent: true }), { nowMs: 500 }).problem, "exists");
  assert.equal(apply(put("brief", { onlyIfAbsent: true }), { nowMs: 1_200 }).ok, true);
  apply(put("owned", { owner: B, boot: 1 }));
  assert.equal(apply({ kind: "delete", namespace: "s", key: "owned", owner: A }).ok, false);
  apply({ kind: "gone", node: "n2", boot: 1 });
  assert.equal(machine.pairs.get("s", "owned", 0), undefined);
  const page = machine.pairs.list("s", { prefix: "", after: "", limit: 1 }, 0);
  assert.deepEqual([page.items.map(({ key }) => key), page.has_more, page.cursor], [
    ["brief"],
    true,
    "brief",
  ]);
  assert.deepEqual(
    machine.pairs.list("s", { prefix: "", after: "brief", limit: 5 }, 0).items.map(({ key }) => key),
    ["k"],
  );
  assert.deepEqual(
    machine.pairs.list("s", { prefix: "b", after: "", limit: 5 }, 0).items.map(({ key }) => key),
    ["brief"],
  );
});

test("a machine made from a snapshot goes on like the one it was taken of", () => {
  const { apply, machine } = stage();
  apply(hold("x", A));
  apply(put("k", { onlyIfAbsent: true, ttlMs: 1_000 }), { serial: 50, nowMs: 10 });
  const copy = new ClusterMachine();
  copy.restore(machine.snapshot());
  assert.deepEqual(copy.holders(), machine.holders());
  assert.deepEqual(copy.snapshot(), machine.snapshot());
  // It also knows what must not be done again.
  assert.equal(apply(put("k", { onlyIfAbsent: true }), { serial: 50, nowMs: 20, to: copy }).ok, true);
  assert.deepEqual(
    apply(put("k", { onlyIfAbsent: true }), { serial: 51, nowMs: 20, to: copy }).problem,
    "exists",
  );
});
