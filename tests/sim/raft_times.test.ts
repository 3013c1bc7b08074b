/** When members of a consensus core speak and when they lose patience, without faults. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStorage, Raft, type RaftMessage } from "../../src/cluster/mod.ts";
import { SimulatedClock, SimulatedRandom } from "../../src/platform/simulated/mod.ts";

const SETTINGS = {
  heartbeatMs: 3_000,
  electionMs: 3_000,
  commitMs: 500,
  snapshotEntries: 1_000,
  snapshotMs: 60_000,
  trailingEntries: 100,
  appendEntriesMax: 16,
};

function members(settings: Partial<typeof SETTINGS> = {}) {
  const clock = new SimulatedClock();
  const all = new Map<string, Raft>();
  const sent: { at: number; from: string; message: RaftMessage }[] = [];
  const ids = ["a", "b", "c"];
  for (const id of ids) {
    const raft = new Raft({
      id,
      clock,
      random: new SimulatedRandom(id),
      storage: new MemoryStorage(),
      settings: { ...SETTINGS, ...settings },
      machine: { apply: () => null, snapshot: () => new Uint8Array(0), restore: () => {} },
      changed: () => {},
      send: (to, message) => {
        sent.push({ at: clock.elapsedMs, from: id, message });
        clock.timer(1, () => all.get(to)?.receive(id, message));
      },
    });
    all.set(id, raft);
    raft.start();
    raft.bootstrap({ voters: ids, standbys: [] });
  }
  const leader = (): Raft | undefined => [...all.values()].find(({ role }) => role === "leader");
  return { clock, all, sent, leader };
}

test("followers wait one to two heartbeats for a leader, who speaks at the idle cadence [cluster.raft.timeouts]", async () => {
  const { all, clock, leader, sent } = members();
  await clock.advance(2_999);
  assert.equal(sent.length, 0);
  await clock.advance(3_100);
  const first = leader()!;
  assert.ok(first !== undefined, "nobody leads");
  sent.length = 0;
  await clock.advance(10_000);
  const beats = sent.filter(({ message }) => message.kind === "append");
  // Two others, twenty times.
  assert.ok(Math.abs(beats.length - 40) <= 2, `${beats.length} heartbeats`);
  assert.equal(leader(), first);
  const gone = first.leader;
  all.delete(gone);
  first.close();
  sent.length = 0;
  await clock.advance(2_400);
  assert.deepEqual(sent.filter(({ message }) => message.kind === "ask"), []);
  await clock.advance(4_000);
  assert.ok(leader() !== undefined && leader() !== first, "nobody leads again");
});

test("a leader that reaches no majority for as long steps down", async () => {
  const { all, clock, leader } = members({ heartbeatMs: 1_000, electionMs: 1_000, commitMs: 100 });
  await clock.advance(2_500);
  const alone = leader()!;
  const id = alone.leader;
  for (const [other, raft] of [...all]) {
    if (other === id) continue;
    raft.close();
    all.delete(other);
  }
  await clock.advance(900);
  assert.equal(alone.role, "leader");
  await clock.advance(300);
  assert.equal(alone.role, "follower");
  await assert.rejects(alone.propose(new Uint8Array(0)), { kind: "Unavailable" });
});

test("a leader that can't write its log says so, leads no longer, and goes on as a follower", async () => {
  const clock = new SimulatedClock();
  const storage = new MemoryStorage();
  const errors: string[] = [];
  const guard = (fire: () => void) => (): void => {
    try {
      fire();
    } catch (error) {
      errors.push(String(error));
    }
  };
  const raft = new Raft({
    id: "a",
    clock: {
      timer: (delayMs, fire, options) => clock.timer(delayMs, guard(fire), options),
      soon: (fire) => clock.soon(guard(fire)),
      monotonicMs: () => clock.monotonicMs(),
    },
    random: new SimulatedRandom(1),
    storage,
    settings: SETTINGS,
    machine: { apply: () => true, snapshot: () => new Uint8Array(0), restore: () => {} },
    changed: () => {},
    send: () => {},
  });
  raft.start();
  raft.bootstrap({ voters: ["a"], standbys: [] });
  await clock.advance(100);
  const done = raft.propose(new Uint8Array(1));
  await clock.settle();
  assert.equal(await done, true);
  const append = storage.append.bind(storage);
  storage.append = () => {
    throw new Error("no space left");
  };
  const failed = assert.rejects(raft.propose(new Uint8Array(1)), /no space left/);
  await clock.settle();
  await failed;
  // It may not lead again as long as it can't write that it does.
  await clock.advance(10_000);
  assert.notEqual(raft.role, "leader");
  assert.ok(errors.length > 0);
  storage.append = append;
  await clock.advance(10_000);
  assert.equal(raft.role, "leader");
  const again = raft.propose(new Uint8Array(1));
  await clock.settle();
  assert.equal(await again, true);
});
