/**
 * Work on many sources, spread over threads.
 *
 * TP1. A thread has one job at a time and ends with the run: nothing is left running.
 * TP2. What a thread could not do, whether it failed, crashed or hung, is handed back to the caller, who does it itself.
 * TP3. Jobs are given out in their order, so that what is imported is looked at before those who import it.
 */
import type { Clock, Thread, ThreadProgram, Threads } from "../ports/mod.ts";

/** A run. */
export interface ThreadRun<Job, Answer> {
  readonly threads: Threads;
  readonly clock: Clock;
  readonly program: ThreadProgram;
  readonly count: number;
  /** What every thread is told first. */
  readonly boot: unknown;
  readonly jobs: readonly Job[];
  take(answer: Answer, job: Job): void;
  /** Does a job on this thread, which then takes its share. */
  readonly own?: (job: Job) => Answer;
  /** Ends the run early; what has not been done is handed back. */
  readonly signal?: AbortSignal;
}

/** What a thread answers to a job. */
export type ThreadAnswer<Answer> = { readonly answer: Answer } | { readonly failed: string };

/** Longest time in which no thread answers anything before all are given up. */
const SILENCE_MS_MAX = 60_000;

/** Does the jobs on threads; those that were not done. */
export async function runOnThreads<Job, Answer>(run: ThreadRun<Job, Answer>): Promise<Job[]> {
  const waiting = [...run.jobs];
  const undone: Job[] = [];
  const lanes = new Set<Lane<Job, Answer>>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => {
    if (lanes.size === 0) resolve();
  };
  const stop = (): void => {
    undone.push(...waiting.splice(0));
    for (const lane of lanes) lane.end();
  };
  // Keeps the program alive while it waits, and gives up on threads that say nothing.
  let isSilent = false;
  const watch = (): { cancel(): void } =>
    run.clock.timer(SILENCE_MS_MAX, () => {
      if (isSilent) return stop();
      isSilent = true;
      timer = watch();
    });
  let timer = watch();
  run.signal?.addEventListener("abort", stop);
  for (let i = 0; i < Math.min(run.count, waiting.length) && run.signal?.aborted !== true; i++) {
    const lane: Lane<Job, Answer> = new Lane(run, {
      next: () => waiting.shift(),
      answered: () => isSilent = false,
      ended: (job) => {
        lanes.delete(lane);
        if (job !== undefined) undone.push(job);
        settle();
      },
    });
    lanes.add(lane);
    lane.begin();
  }
  settle();
  try {
    if (run.own !== undefined) await ownShare(run, run.own, waiting);
    await promise;
  } finally {
    // Nothing is left to stop, unless this thread's share has failed.
    stop();
    timer.cancel();
    run.signal?.removeEventListener("abort", stop);
  }
  return [...undone, ...waiting];
}

/** This thread's share; answers of the others come in between two jobs. */
async function ownShare<Job, Answer>(
  { clock, signal, take }: ThreadRun<Job, Answer>,
  own: (job: Job) => Answer,
  waiting: Job[],
): Promise<void> {
  while (signal?.aborted !== true) {
    const job = waiting.shift();
    if (job === undefined) return;
    take(own(job), job);
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}

interface LaneOwner<Job> {
  next(): Job | undefined;
  answered(): void;
  /** With the job that it did not finish. */
  ended(job: Job | undefined): void;
}

/** One thread and its job. */
class Lane<Job, Answer> {
  readonly #run: ThreadRun<Job, Answer>;
  readonly #owner: LaneOwner<Job>;
  #thread: Thread | undefined;
  #job: Job | undefined;
  #isOver = false;

  constructor(run: ThreadRun<Job, Answer>, owner: LaneOwner<Job>) {
    this.#run = run;
    this.#owner = owner;
  }

  begin(): void {
    try {
      this.#thread = this.#run.threads.start({
        message: (message) => this.#answered(message as ThreadAnswer<Answer>),
        ended: () => this.end(),
      }, this.#run.program);
    } catch {
      // No thread can be had; the work is done all the same.
      return this.end();
    }
    this.#thread.post(this.#run.boot);
    this.#give();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#thread?.terminate();
    this.#owner.ended(this.#job);
  }

  #give(): void {
    this.#job = this.#owner.next();
    if (this.#job === undefined) return this.end();
    this.#thread!.post(this.#job);
  }

  #answered(message: ThreadAnswer<Answer>): void {
    if (this.#isOver || this.#job === undefined) return;
    this.#owner.answered();
    // Where it failed once it may be in a bad state.
    if ("failed" in message) return this.end();
    const job = this.#job;
    this.#job = undefined;
    this.#run.take(message.answer, job);
    this.#give();
  }
}

/** Ids in dependency order, imports first, in batches of about `size` by `sizeOf`. */
export function batchesOf(
  ids: Iterable<string>,
  relations: { importsOf(id: string): Iterable<string>; sizeOf(id: string): number },
  size: number,
): string[][] {
  const wanted = new Set(ids);
  const seen = new Set<string>();
  const batches: string[][] = [[]];
  let filled = 0;
  const visit = (id: string): void => {
    if (!wanted.has(id) || seen.has(id)) return;
    seen.add(id);
    for (const imported of relations.importsOf(id)) visit(imported);
    if (filled >= size) {
      batches.push([]);
      filled = 0;
    }
    batches.at(-1)!.push(id);
    filled += relations.sizeOf(id);
  };
  for (const id of wanted) visit(id);
  return batches[0]!.length === 0 ? [] : batches;
}
