import assert from "node:assert/strict";
import { test } from "node:test";
import { simulatedPorts } from "../platform/simulated/mod.ts";
import type { ThreadEvents, Threads } from "../ports/mod.ts";
import { batchesOf, runOnThreads } from "./thread_pool.ts";

const { clock } = simulatedPorts({ seed: 1 });

/** Threads that answer a job with its double, unless `reply` does something else; `boots` and `ended` are told. */
function doubling(
  reply: (job: number, events: ThreadEvents) => boolean = () => false,
): { threads: Threads; boots: unknown[]; ended: () => number } {
  const boots: unknown[] = [];
  let ended = 0;
  const start = (events: ThreadEvents) => {
    let isBooted = false;
    return {
      post(message: unknown) {
        if (!isBooted) {
          isBooted = true;
          boots.push(message);
          return;
        }
        const job = message as number;
        clock.soon(() => {
          if (!reply(job, events)) events.message({ answer: job * 2 });
        });
      },
      terminate: () => void ended++,
    };
  };
  return { threads: { start }, boots, ended: () => ended };
}

function run(threads: Threads, more: object = {}): { undone: Promise<number[]>; taken: Map<number, number> } {
  const taken = new Map<number, number>();
  const undone = runOnThreads<number, number>({
    threads,
    clock,
    program: "check",
    count: 3,
    boot: "boot",
    jobs: [1, 2, 3, 4, 5, 6, 7],
    take: (answer, job) => void taken.set(job, answer),
    ...more,
  });
  return { undone: clock.drive(undone), taken };
}

test("every job is done once, every thread is told the same first and ends", async () => {
  const { boots, ended, threads } = doubling();
  const { taken, undone } = run(threads);
  assert.deepEqual(await undone, []);
  assert.deepEqual([...taken].sort(), [1, 2, 3, 4, 5, 6, 7].map((job) => [job, job * 2]));
  assert.deepEqual(boots, ["boot", "boot", "boot"]);
  assert.equal(ended(), 3);
});

test("no more threads than jobs, and none for no jobs", async () => {
  const { boots, threads } = doubling();
  assert.deepEqual(await run(threads, { jobs: [5] }).undone, []);
  assert.equal(boots.length, 1);
  assert.deepEqual(await run(threads, { jobs: [] }).undone, []);
  assert.equal(boots.length, 1);
});

test("this thread takes its share", async () => {
  const { threads } = doubling();
  const mine: number[] = [];
  const own = (job: number): number => {
    mine.push(job);
    return job * 2;
  };
  const { taken, undone } = run(threads, { own, count: 1 });
  assert.deepEqual(await undone, []);
  assert.equal(taken.size, 7);
  assert.ok(mine.length > 0 && mine.length < 7, mine.join());
});

test("the job of a thread that crashes or fails is handed back, the others are done", async () => {
  for (
    const bad of [
      (events: ThreadEvents) => events.ended("crash"),
      (events: ThreadEvents) => events.message({ failed: "x" }),
    ]
  ) {
    const { threads } = doubling((job, events) => job === 2 && (bad(events), true));
    const { taken, undone } = run(threads);
    assert.deepEqual(await undone, [2]);
    assert.equal(taken.size, 6);
  }
});

test("all jobs are handed back when all threads crash, or none can be had", async () => {
  const { threads } = doubling((_job, events) => (events.ended("crash"), true));
  assert.deepEqual((await run(threads).undone).sort(), [1, 2, 3, 4, 5, 6, 7]);
  const none: Threads = {
    start: () => {
      throw new Error("no threads here");
    },
  };
  assert.deepEqual((await run(none).undone).sort(), [1, 2, 3, 4, 5, 6, 7]);
});

test("threads that say nothing are given up after a while", async () => {
  const { ended, threads } = doubling((job) => job > 2);
  const { taken, undone } = run(threads);
  assert.deepEqual((await undone).sort(), [3, 4, 5, 6, 7]);
  assert.deepEqual([...taken.keys()].sort(), [1, 2]);
  assert.equal(ended(), 3);
});

test("a failure of this thread's share ends the other threads", async () => {
  const { ended, threads } = doubling(() => true);
  const own = (): number => {
    throw new Error("own failure");
  };
  await assert.rejects(run(threads, { own, count: 2 }).undone, /own failure/);
  assert.equal(ended(), 2);
});

test("a signal ends the run at once", async () => {
  const control = new AbortController();
  const { ended, threads } = doubling((job) => job === 3 && (control.abort(), true));
  const { taken, undone } = run(threads, { signal: control.signal });
  const left = await undone;
  assert.equal(left.length + taken.size, 7);
  assert.ok(left.includes(3));
  assert.equal(ended(), 3);
});

test("batches hold imports before importers and are about as large as wanted", () => {
  const imports: Record<string, string[]> = { a: ["b", "c"], b: ["c"], c: ["a", "elsewhere"], d: [] };
  const relations = { importsOf: (id: string) => imports[id]!, sizeOf: () => 10 };
  assert.deepEqual(batchesOf(["a", "b", "c", "d"], relations, 20), [["c", "b"], ["a", "d"]]);
  assert.deepEqual(batchesOf([], relations, 20), []);
});
