import assert from "node:assert/strict";
import { test } from "node:test";
import { packConfig } from "./config.ts";
import { Leadership } from "./leadership.ts";
import { type EntryKind, RaftLog } from "./log.ts";
import { MemoryStorage } from "./memory_storage.ts";

function leading(terms: readonly number[], term: number, commit = 1) {
  const storage = new MemoryStorage();
  const log = new RaftLog(storage, storage.load());
  const config = { voters: ["a", "b", "c"], standbys: [] };
  log.append(terms.map((term) => ({ term, kind: "command" as EntryKind, data: packConfig(config) })));
  const later: (() => void)[] = [];
  const rounds: number[] = [];
  const leadership = new Leadership({
    id: "a",
    term,
    log,
    config: () => config,
    commit: () => commit,
    nowMs: () => 0,
    soon: (fire) => void later.push(fire),
    send: (_to, message) => void rounds.push("round" in message ? message.round : 0),
    entriesMax: 10,
    snapshotPartBytes: 10,
  });
  return { leadership, log, later, rounds };
}

test("an entry of an earlier term is not committed by numbers alone, only together with one of the leader's term", () => {
  const { leadership, log } = leading([1, 2, 2], 4);
  // A majority has entry 3, which a leader of term 3 may still replace.
  leadership.appended("b", { ok: true, last: 3, round: 0 });
  assert.equal(leadership.committable(), 1);
  log.append([{ term: 4, kind: "noop", data: new Uint8Array(0) }]);
  assert.equal(leadership.committable(), 1);
  leadership.appended("c", { ok: true, last: 4, round: 0 });
  assert.equal(leadership.committable(), 4);
});

test("late and repeated answers take nothing back", () => {
  const { leadership } = leading([1, 1, 1], 1);
  leadership.appended("b", { ok: true, last: 3, round: 1 });
  leadership.appended("b", { ok: true, last: 2, round: 0 });
  leadership.appended("b", { ok: false, last: 0, round: 0 });
  assert.equal(leadership.matchOf("b"), 3);
  assert.equal(leadership.committable(), 3);
});

test("an answer to what was sent before a read was asked for does not let it be answered", async () => {
  const { later, leadership, rounds } = leading([1, 1], 1, 3);
  const answered: number[] = [];
  const read = (number: number): void => void leadership.readIndex().then(() => answered.push(number));
  read(1);
  leadership.heartbeat();
  const before = rounds.at(-1)!;
  read(2);
  leadership.appended("b", { ok: true, last: 2, round: before });
  await Promise.resolve();
  for (const fire of later.splice(0)) fire();
  await Promise.resolve();
  assert.deepEqual(answered, []);
  leadership.appended("b", { ok: true, last: 2, round: rounds.at(-1)! });
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  assert.deepEqual(answered, [1, 2]);
});
