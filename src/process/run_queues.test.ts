import assert from "node:assert/strict";
import { test } from "node:test";
import { REFILL_MAX, RunQueues } from "./run_queues.ts";

function queues(count: number, sizes = { queueMax: 10_000, localMax: 256 }): RunQueues<number> {
  const made = new RunQueues<number>(sizes, () => 0);
  for (let item = 1; item <= count; item++) made.push(item);
  return made;
}

function takeAll(from: RunQueues<number>, worker: number): number[] {
  const taken: number[] = [];
  for (let item = from.take(worker); item !== undefined; item = from.take(worker)) taken.push(item);
  return taken;
}

test("run queues: own deque last in first out, then the queue first in first out with 16 more, then half of another's", () => {
  const made = queues(40);
  assert.equal(made.take(0), 1);
  assert.equal(made.localOf(0), REFILL_MAX);
  assert.equal(made.take(0), 17);
  assert.equal(made.take(1), 18, "the queue comes before the deque of another worker");
  assert.deepEqual(takeAll(made, 1).slice(0, 16), Array.from({ length: 16 }, (_, i) => 34 - i));
  const more = queues(9);
  assert.equal(more.take(0), 1);
  assert.equal(more.take(1), 2, "the oldest of what is stolen");
  assert.equal(more.stolen, 4);
  assert.deepEqual([more.localOf(0), more.localOf(1)], [4, 3]);
});

test("run queues: each item is taken once, whoever takes and whatever is removed", () => {
  const made = queues(5000);
  const seen = new Set<number>();
  let removed = 0;
  for (let i = 0; made.size > 0; i++) {
    if (i % 7 === 0 && made.remove(5000 - i)) removed++;
    const item = made.take(i % 3);
    if (item === undefined) continue;
    assert.ok(!seen.has(item));
    seen.add(item);
  }
  assert.equal(seen.size + removed, 5000);
  assert.ok(removed > 100);
});

test("run queues: what a worker that is gone had not taken is taken before anything later", () => {
  const made = queues(20);
  assert.equal(made.take(4), 1);
  made.close(4);
  assert.equal(made.oldest(), 2);
  assert.equal(made.take(0), 2);
  assert.equal(made.size, 18);
});

test("run queues: a full queue says so, and a deque takes no more than it may hold", () => {
  const made = queues(4, { queueMax: 4, localMax: 2 });
  assert.ok(made.isFull);
  assert.equal(made.take(0), 1);
  assert.equal(made.localOf(0), 2);
  assert.ok(!made.isFull);
});
