import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock, SimulatedRandom } from "../../platform/simulated/mod.ts";
import { packConfig } from "./config.ts";
import { MemoryStorage } from "./memory_storage.ts";
import type { RaftMessage } from "./messages.ts";
import { Raft } from "./raft.ts";

const SETTINGS = {
  heartbeatMs: 1_000,
  electionMs: 1_000,
  commitMs: 100,
  snapshotEntries: 100,
  snapshotMs: 10_000,
  trailingEntries: 100,
  appendEntriesMax: 16,
};

function member(storage: MemoryStorage): { raft: Raft; clock: SimulatedClock; sent: RaftMessage[] } {
  const sent: RaftMessage[] = [];
  const clock = new SimulatedClock();
  const raft = new Raft({
    id: "b",
    clock,
    random: new SimulatedRandom("b"),
    storage,
    settings: SETTINGS,
    machine: { apply: () => null, snapshot: () => new Uint8Array(0), restore: () => {} },
    changed: () => {},
    send: (_to, message) => sent.push(message),
  });
  raft.start();
  return { raft, clock, sent };
}

const ASK = { kind: "ask", term: 9, lastIndex: 50, lastTerm: 8, isTrial: false } as const;

test("a member with an empty disk votes once it is up to date, and not because it was started again meanwhile", () => {
  const storage = new MemoryStorage();
  const first = member(storage);
  first.raft.receive("a", {
    kind: "append",
    term: 5,
    previous: 40,
    previousTerm: 5,
    entries: [],
    commit: 40,
    round: 0,
  });
  assert.equal(storage.load().term, 5);
  const again = member(storage);
  again.raft.receive("c", ASK);
  assert.deepEqual(again.sent.map((message) => message.kind === "vote" && message.granted), [false]);

  const data = packConfig({ voters: ["a", "b", "c"], standbys: [] });
  const entries = [{ term: 5, kind: "config" as const, data }];
  again.raft.receive("a", {
    kind: "append",
    term: 9,
    previous: 0,
    previousTerm: 0,
    entries,
    commit: 1,
    round: 0,
  });
  const trusted = member(storage);
  trusted.raft.receive("c", { ...ASK, term: 10 });
  assert.deepEqual(trusted.sent.map((message) => message.kind === "vote" && message.granted), [true]);
});

test("a member that was stopped while it was given its first configuration may be given it again", () => {
  const storage = new MemoryStorage();
  storage.saveVote({ term: 1, votedFor: "", mayVote: true });
  const { raft } = member(storage);
  raft.bootstrap({ voters: ["b"], standbys: [] });
  assert.deepEqual(raft.config.voters, ["b"]);
});
