/** What a scope of process groups does when other nodes can't be reached, and when too much comes from them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { SimulatedClock } from "../../src/platform/simulated/mod.ts";
import type { NodeChannelListener } from "../../src/ports/mod.ts";
import { GroupPeers, type GroupSettings } from "../../src/process/mod.ts";
import { MemoryLog } from "../sim/world.ts";

const SETTINGS: GroupSettings = {
  protocolMs: 5_000,
  broadcastMs: 5_000,
  antiEntropyMs: 0,
  breakerFailures: 3,
  breakerResetMs: 10_000,
  retriesMax: 3,
  retryBaseMs: 100,
  retryDelayMaxMs: 1_000,
  queueWarn: 4,
  queueMax: 6,
};

interface Stage {
  readonly clock: SimulatedClock;
  readonly log: MemoryLog;
  readonly peers: GroupPeers;
  /** Kinds of messages sent, each with when. */
  readonly sent: string[];
  /** Times at which sending was tried. */
  readonly tried: number[];
  readonly taken: string[];
  works: boolean;
  say(message: Value): void;
  link: NodeChannelListener;
}

function stage(settings: Partial<GroupSettings> = {}, members: readonly string[] = []): Stage {
  const clock = new SimulatedClock();
  const log = new MemoryLog(() => clock.nowMs());
  const made: Partial<Stage> = { clock, log, sent: [], tried: [], taken: [], works: true };
  const self = made as Stage;
  const peers = new GroupPeers({
    clock,
    log,
    settings: () => ({ ...SETTINGS, ...settings }),
    members: () => members,
    open: (listener) => {
      self.link = listener;
      return {
        peers: () => ["n2"],
        send: (_node, message) => {
          self.tried.push(clock.elapsedMs);
          if (self.works) self.sent.push(`${(message as ValueMap)["kind"]} ${clock.elapsedMs}`);
          return self.works;
        },
        close: () => {},
      };
    },
    receiver: {
      table: () => new Map([["workers", ["{n1@h|0x00001}"]]]),
      synced: (node, table) => void self.taken.push(`${node} sync ${[...table.keys()].join()}`),
      joined: (node, pid, groups) => void self.taken.push(`${node} join ${pid} ${groups.join()}`),
      left: (node, pid) => void self.taken.push(`${node} leave ${pid}`),
      lost: (node) => void self.taken.push(`${node} lost`),
      cast: (pids) => void self.taken.push(`cast ${pids.join()}`),
    },
  });
  return Object.assign(self, { peers, say: (message: Value) => self.link.receive("n2", message) });
}

const ROW = { timeout: 20_000 };

test(
  "what did not get through is made good with growing delays, a limited number of times [cluster.pg.scope.retry]",
  ROW,
  async () => {
    const scope = stage({ breakerFailures: 100 });
    scope.link.up("n2");
    scope.works = false;
    scope.peers.joined("{n1@h|0x00001}", ["workers"]);
    await scope.clock.advance(5_000);
    assert.deepEqual(scope.tried, [0, 0, 100, 300, 700]);
    // One that is behind is told nothing in parts.
    scope.works = true;
    scope.peers.joined("{n1@h|0x00002}", ["workers"]);
    assert.deepEqual(scope.sent, ["sync 0"]);
    const patient = stage({ breakerFailures: 100 });
    patient.link.up("n2");
    patient.works = false;
    patient.peers.joined("{n1@h|0x00001}", ["workers"]);
    await patient.clock.advance(250);
    patient.works = true;
    await patient.clock.advance(5_000);
    assert.deepEqual(patient.sent, ["sync 0", "sync 300"]);
    const none = stage({ retriesMax: 0, breakerFailures: 100 });
    none.link.up("n2");
    none.works = false;
    none.peers.joined("{n1@h|0x00001}", ["workers"]);
    await none.clock.advance(5_000);
    assert.deepEqual(none.tried, [0, 0]);
  },
);

test(
  "after failures in a row a node is left alone, then tried once [cluster.pg.scope.breaker]",
  ROW,
  async () => {
    const scope = stage({
      retriesMax: 1_000,
      retryDelayMaxMs: 200,
      breakerFailures: 3,
      breakerResetMs: 2_000,
    });
    scope.link.up("n2");
    scope.works = false;
    scope.peers.joined("{n1@h|0x00001}", ["workers"]);
    await scope.clock.advance(2_000);
    assert.deepEqual(scope.tried, [0, 0, 100, 300]);
    await scope.clock.advance(2_100);
    assert.equal(scope.tried.length, 5);
    assert.ok(scope.tried[4]! >= 2_300 && scope.tried[4]! <= 2_500);
    scope.works = true;
    await scope.clock.advance(2_500);
    assert.equal(scope.sent.length, 2);
  },
);

test("a node that does not answer in time has failed once more [pg.scope-config]", ROW, async () => {
  const scope = stage({ protocolMs: 500, breakerFailures: 1, breakerResetMs: 60_000, retriesMax: 0 });
  scope.link.up("n2");
  await scope.clock.advance(400);
  scope.peers.joined("{n1@h|0x00001}", ["workers"]);
  assert.equal(scope.tried.length, 2);
  await scope.clock.advance(200);
  scope.peers.joined("{n1@h|0x00001}", ["workers"]);
  assert.equal(scope.tried.length, 2);
});

test(
  "one node after the other is told everything, as often as the interval says [cluster.pg.scope.timeouts]",
  ROW,
  async () => {
    const scope = stage({ antiEntropyMs: 1_000 });
    scope.link.up("n2");
    scope.say({ kind: "sync", groups: [["a", ["{n2@h|0x00001}"]]], wantsAll: true });
    await scope.clock.advance(3_500);
    assert.deepEqual(scope.sent, ["sync 0", "sync 0", "sync 1000", "sync 2000", "sync 3000"]);
    assert.deepEqual(scope.taken, ["n2 sync a"]);
    scope.link.down("n2");
    await scope.clock.advance(3_000);
    assert.equal(scope.sent.length, 5);
    assert.deepEqual(scope.taken, ["n2 sync a", "n2 lost"]);
  },
);

test("a broadcast that can't be sent is tried until its time is over", ROW, async () => {
  const scope = stage({ breakerFailures: 100, broadcastMs: 1_000, retryDelayMaxMs: 400 });
  scope.link.up("n2");
  scope.works = false;
  const message = { topic: "t", values: new Uint8Array([0, 0]), from: "" };
  assert.ok(scope.peers.cast("n2", ["{n2@h|0x00001}"], message));
  await scope.clock.advance(5_000);
  assert.deepEqual(scope.tried, [0, 0, 100, 300, 700]);
  assert.equal(scope.peers.cast("n3", [], message), false);
});

test(
  "what comes is queued, warned about, dropped past the limit and asked for again [pg.queue-full] [cluster.pg.scope.queue]",
  ROW,
  async () => {
    const scope = stage();
    scope.link.up("n2");
    for (let i = 1; i <= 8; i++) scope.say({ kind: "join", pid: `p${i}`, groups: ["a"] });
    assert.deepEqual(scope.taken, []);
    await scope.clock.settle();
    assert.deepEqual(scope.taken, [1, 2, 3, 4, 5, 6].map((i) => `n2 join p${i} a`));
    assert.deepEqual(scope.log.records.map(({ message }) => message), [
      "process groups: the queue is approaching its capacity",
      "process groups: the queue is full, work is dropped",
      "process groups: the queue is full, work is dropped",
    ]);
    scope.say({ kind: "sync", groups: [], wantsAll: false });
    await scope.clock.settle();
    scope.taken.length = 0;
    for (let i = 1; i <= 7; i++) scope.say({ kind: "join", pid: `p${i}`, groups: ["a"] });
    await scope.clock.advance(1_100);
    assert.equal(scope.sent.at(-1), `sync ${scope.clock.elapsedMs - 100}`);
  },
);

test(
  "a scope that hears nothing of members that have it, for long, is not well; one that nobody else has, is [cluster.liveness]",
  ROW,
  async () => {
    const members = ["n1", "n2"];
    const scope = stage({ antiEntropyMs: 30_000 }, members);
    scope.link.up("n2");
    await scope.clock.advance(3_600_000);
    // It is a member, and has never said that it has the scope.
    assert.equal(scope.peers.silence(), "");
    const cast = { kind: "cast", pids: [], topic: "t", values: new Uint8Array(0), from: "" };
    scope.say(cast);
    await scope.clock.advance(299_000);
    assert.equal(scope.peers.silence(), "");
    await scope.clock.advance(2_000);
    assert.match(scope.peers.silence(), /^nothing was broadcast by n2 for 301000 ms$/);
    scope.say(cast);
    await scope.clock.advance(1_000);
    assert.equal(scope.peers.silence(), "");
    // Out of reach and a member all the same: that is what is to be noticed.
    scope.link.down("n2");
    await scope.clock.advance(400_000);
    assert.match(scope.peers.silence(), /n2/);
    members.pop();
    assert.equal(scope.peers.silence(), "");
    scope.peers.close();
    const quiet = stage({ antiEntropyMs: 0 }, ["n1", "n2"]);
    quiet.link.up("n2");
    quiet.say(cast);
    await quiet.clock.advance(3_600_000);
    assert.equal(quiet.peers.silence(), "");
    quiet.peers.close();
  },
);
