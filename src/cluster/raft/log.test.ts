import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER_ITEM_BYTES_MAX } from "../../core/mod.ts";
import { RaftLog } from "./log.ts";
import { MemoryStorage } from "./memory_storage.ts";

test("what is sent at once has a bound in bytes, and one entry at least", () => {
  const storage = new MemoryStorage();
  const log = new RaftLog(storage, storage.load());
  const sizes = [10, CLUSTER_ITEM_BYTES_MAX, CLUSTER_ITEM_BYTES_MAX / 2, CLUSTER_ITEM_BYTES_MAX / 2, 1];
  log.append(sizes.map((size) => ({ term: 1, kind: "command", data: new Uint8Array(size) })));
  const counts = [1, 2, 3, 4, 5].map((index) => log.from(index, 16).length);
  assert.deepEqual(counts, [1, 1, 2, 2, 1]);
  assert.equal(log.from(1, 0).length, 0);
});
