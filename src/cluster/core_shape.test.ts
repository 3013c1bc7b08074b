import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock, SimulatedRandom } from "../platform/simulated/mod.ts";
import type { Log } from "../ports/mod.ts";
import type { BootstrapPeer } from "./bootstrap.ts";
import { CoreShape } from "./core_shape.ts";
import { MemoryStorage } from "./raft/memory_storage.ts";
import { Raft } from "./raft/raft.ts";

const RAFT = {
  heartbeatMs: 60_000,
  electionMs: 60_000,
  commitMs: 100,
  snapshotEntries: 1_000,
  snapshotMs: 60_000,
  trailingEntries: 1_000,
  appendEntriesMax: 16,
};

function peer(id: string): BootstrapPeer {
  return { id, isEligible: true, domain: "", priority: 100, status: "member", boot: 1 };
}

/** Cores whose members hear each other, as long as `isCut` and `lost` let them; n1 leads. It counts as lost who is silent for `silenceMs`. */
function stage(silenceMs = RAFT.heartbeatMs) {
  const clock = new SimulatedClock();
  const members = new Map<string, Raft>();
  const said: string[] = [];
  const state = { isCut: false, lost: [] as string[], peers: [peer("n1")], looks: 0 };
  for (const id of ["n1", "n2", "n3", "n4"]) {
    const raft = new Raft({
      id,
      clock,
      random: new SimulatedRandom(id),
      storage: new MemoryStorage(),
      settings: RAFT,
      machine: { apply: () => null, snapshot: () => new Uint8Array(0), restore: () => {} },
      changed: () => {},
      send: (to, message) => {
        if (!state.isCut && !state.lost.includes(id) && !state.lost.includes(to)) {
          clock.timer(5, () => members.get(to)!.receive(id, message));
        }
      },
    });
    members.set(id, raft);
    raft.start();
  }
  const raft = members.get("n1")!;
  raft.bootstrap({ voters: ["n1"], standbys: [] });
  const note = (message: string): void => void said.push(`${clock.elapsedMs} ${message}`);
  const log: Log = { debug: note, info: note, warn: note, error: note, named: () => log };
  const shape = new CoreShape({
    clock,
    log,
    settings: {
      limits: { votersMax: 3, standbysMax: 1 },
      reconcileDebounceMs: 2_000,
      reconcileTimeoutMs: 1_500,
      raft: { ...RAFT, heartbeatMs: silenceMs, electionMs: silenceMs },
    },
    raft: () => raft,
    peers: () => {
      state.looks += 1;
      return state.peers;
    },
  });
  return { clock, raft, said, shape, state };
}

const CHANGES = "the consensus core changes";
const LATE = "a change of the consensus core takes longer than cluster.raft.reconcile_timeout";

test("changes of members within the debounce are looked at once, after it [cluster.raft.reconcile]", async () => {
  const { clock, raft, shape, state } = stage();
  await clock.advance(100);
  assert.equal(raft.role, "leader");
  shape.soon();
  await clock.advance(1_000);
  state.peers = [peer("n1"), peer("n2")];
  shape.soon();
  await clock.advance(900);
  state.peers = [peer("n1"), peer("n2"), peer("n3")];
  shape.soon();
  assert.equal(state.looks, 0);
  assert.deepEqual(raft.config, { voters: ["n1"], standbys: [] });
  // Counted from the first, so that members who come one after the other all the time are taken up, too.
  await clock.advance(101);
  await clock.advance(200);
  assert.deepEqual(raft.config, { voters: ["n1"], standbys: ["n2", "n3"] });
  shape.close();
});

test("a pass that takes too long ends, says so, and the next one goes on [cluster.raft.reconcile]", async () => {
  const { clock, raft, said, shape, state } = stage();
  state.peers = [peer("n1"), peer("n2"), peer("n3")];
  shape.soon();
  await clock.advance(10_000);
  assert.deepEqual(raft.config.voters.toSorted(), ["n1", "n2", "n3"]);
  said.length = 0;
  // Nobody can agree to the next change.
  state.isCut = true;
  state.peers = [...state.peers, peer("n4")];
  const startMs = clock.elapsedMs;
  shape.soon();
  await clock.advance(3_499);
  assert.deepEqual(said, [`${startMs + 2_000} ${CHANGES}`]);
  await clock.advance(2);
  assert.deepEqual(said.slice(1), [`${startMs + 3_500} ${LATE}`]);
  state.isCut = false;
  state.peers = state.peers.filter(({ id }) => id !== "n4");
  await clock.advance(10_000);
  assert.deepEqual([raft.config.voters.toSorted(), raft.config.standbys], [["n1", "n2", "n3"], []]);
  assert.equal(said.filter((line) => line.endsWith(CHANGES)).length, 2);
  shape.close();
});

test("while most are lost nobody is taken out of the core, which would keep it from coming back with one of them [cluster.failure]", async () => {
  const { clock, raft, said, shape, state } = stage(1_000);
  state.peers = [peer("n1"), peer("n2"), peer("n3")];
  shape.soon();
  await clock.advance(10_000);
  assert.deepEqual(raft.config.voters.toSorted(), ["n1", "n2", "n3"]);
  said.length = 0;
  state.lost = ["n2", "n3"];
  state.peers = [peer("n1")];
  shape.soon();
  await clock.advance(20_000);
  assert.equal(raft.role, "leader");
  assert.deepEqual([raft.config.voters.toSorted(), said], [["n1", "n2", "n3"], []]);
  state.lost = ["n3"];
  state.peers = [peer("n1"), peer("n2")];
  await clock.advance(10_000);
  assert.deepEqual(raft.config, { voters: ["n1"], standbys: ["n2"] });
  shape.close();
});
