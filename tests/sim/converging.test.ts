/** What nodes tell each other without a leader (names, pairs, groups) comes to the same everywhere, whatever links do meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConvergingPairs, EventualNames } from "../../src/cluster/mod.ts";
import { GroupPeers, ProcessGroupScope } from "../../src/process/mod.ts";
import { ChannelMesh } from "./channel_mesh.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { MemoryLog, Trace } from "./world.ts";

const LONG = { timeout: SEEDS_TIMEOUT_MS };
const HEAL_MS = 10_000;

/** Lets links come and go while `act` is called. */
async function suffer(mesh: ChannelMesh, steps: number, act: (node: string) => void): Promise<void> {
  for (let i = 0; i < steps; i++) {
    if (mesh.random.below(5) === 0) mesh.toggle(mesh.pick(), mesh.pick());
    else act(mesh.pick());
    await mesh.clock.advance(mesh.random.below(100));
  }
  await mesh.heal(HEAL_MS);
}

async function names(seed: number): Promise<Trace> {
  const mesh = new ChannelMesh(seed, 2 + seed % 4);
  const revoked: string[] = [];
  const registered = new Map<string, Set<string>>();
  const all = new Map(mesh.nodes.map((node) => [
    node,
    new EventualNames({
      node,
      clock: mesh.clock,
      open: (listener) => mesh.open(node, listener),
      revoked: (name, pid) => revoked.push(`${name} ${pid}`),
    }),
  ]));
  let last = 0;
  await suffer(mesh, 60, (node) => {
    const number = mesh.random.below(4);
    const name = `name${number}`;
    // The last two are never given back.
    if (number < 2 && mesh.random.below(4) === 0) {
      all.get(node)!.unregister(name);
      return;
    }
    const pid = `{${node}@h|0x${(++last).toString(16).padStart(5, "0")}}`;
    try {
      all.get(node)!.register(name, pid);
      registered.set(name, (registered.get(name) ?? new Set()).add(pid));
    } catch (error) {
      assert.match(String(error), /already registered/);
    }
  });
  for (let i = 0; i < 4; i++) {
    const name = `name${i}`;
    const known = new Set([...all.values()].map((each) => each.lookup(name)));
    assert.equal(known.size, 1, `${name} is ${[...known].join(" and ")}`);
    const [winner] = known;
    if (i >= 2) assert.equal(winner !== undefined, registered.has(name), `${name} has no holder any more`);
    if (winner !== undefined) {
      assert.ok(registered.get(name)!.has(winner));
      assert.ok(!revoked.includes(`${name} ${winner}`), `${winner} has ${name}, which was revoked`);
    }
  }
  assert.equal(new Set(revoked).size, revoked.length, "somebody was told twice");
  for (const each of all.values()) each.close();
  return new Trace();
}

async function pairs(seed: number): Promise<Trace> {
  const mesh = new ChannelMesh(seed, 2 + seed % 4);
  const all = new Map(mesh.nodes.map((node) => [
    node,
    new ConvergingPairs({
      node,
      clock: mesh.clock,
      open: (listener) => mesh.open(node, listener),
      shelf: undefined,
    }),
  ]));
  await suffer(mesh, 60, (node) => {
    const key = `key${mesh.random.below(5)}`;
    const store = all.get(node)!;
    if (mesh.random.below(4) === 0) store.delete("s", key);
    else store.put("s", key, mesh.random.bytes(4), { ttlSeconds: mesh.random.below(5) === 0 ? 1 : 0 });
  });
  const views = [...all.values()].map((store) =>
    JSON.stringify(store.list("s", { prefix: "", after: "", limit: 100 }))
  );
  assert.equal(new Set(views).size, 1, views.join("\n"));
  for (const store of all.values()) store.close();
  return new Trace();
}

async function groups(seed: number): Promise<Trace> {
  const mesh = new ChannelMesh(seed, 2 + seed % 4);
  const log = new MemoryLog(() => mesh.clock.nowMs());
  const settings = {
    protocolMs: 500,
    broadcastMs: 1_000,
    antiEntropyMs: 1_000,
    breakerFailures: 2,
    breakerResetMs: 500,
    retriesMax: 2,
    retryBaseMs: 50,
    retryDelayMaxMs: 200,
    queueWarn: 10,
    queueMax: 20,
  };
  const scopes = new Map(mesh.nodes.map((node) => [
    node,
    new ProcessGroupScope("app:scope", {
      limits: { monitorBuffer: 64, groupsMax: 0, membersPerGroupMax: 0 },
      bus: { send: () => {}, subscribe: () => () => {} },
      deliver: () => {},
      connect: (receiver) =>
        new GroupPeers({
          clock: mesh.clock,
          log,
          settings: () => settings,
          open: (listener) => mesh.open(node, listener),
          receiver,
        }),
    }),
  ]));
  // What events say must always be what the scope knows.
  const told = new Map<string, Map<string, string[]>>();
  for (const [node, scope] of scopes) {
    scope.open();
    const view = new Map<string, string[]>();
    told.set(node, view);
    scope.monitor(null, ({ group, kind, pids }) => {
      const members = view.get(group) ?? [];
      for (const pid of pids) {
        if (kind === "member.joined") members.push(pid);
        else if (members.includes(pid)) members.splice(members.indexOf(pid), 1);
        else assert.fail(`${node} was told that ${pid} left ${group}, which it was not in`);
      }
      view.set(group, members);
    });
  }
  let last = 0;
  await suffer(mesh, 80, (node) => {
    const scope = scopes.get(node)!;
    const group = `group${mesh.random.below(3)}`;
    const [member] = scope.localMembers(group);
    const joins = (pid: string, groups: string[]): void => scope.join({ pid, onEnd: () => () => {} }, groups);
    const dice = member === undefined ? 3 : mesh.random.below(4);
    if (dice < 2) scope.leave(member!, [group]);
    else if (dice === 2) joins(member!, [group]);
    else joins(`{${node}@h|0x${(++last).toString(16).padStart(5, "0")}}`, [group, group]);
  });
  for (const group of ["group0", "group1", "group2"]) {
    const truth = [...scopes.values()].flatMap((scope) => scope.localMembers(group)).sort().join();
    for (const [node, scope] of scopes) {
      assert.equal([...scope.members(group)].sort().join(), truth, `${node} knows others in ${group}`);
      assert.equal(
        [...told.get(node)!.get(group) ?? []].sort().join(),
        truth,
        `${node} was told of others in ${group}`,
      );
    }
  }
  for (const scope of scopes.values()) scope.close();
  return new Trace();
}

test(
  "a name comes to stand for one pid on every node, losers are told once, the winner never",
  LONG,
  () => runSeeds("converging.test.ts", names),
);
test("pairs come to be the same on every node", LONG, () => runSeeds("converging.test.ts", pairs));
test(
  "groups come to have the same members on every node, and events say so at every step",
  LONG,
  () => runSeeds("converging.test.ts", groups),
);
