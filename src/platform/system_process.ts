/** Facts of the operating system's process that this program is, and what it is told by signals. */
import process from "node:process";
import { BUN, TIMERS } from "./runtime_globals.ts";

const { clearTimeout, setImmediate, setTimeout } = TIMERS;

/** Memory of this program in bytes. */
export interface MemoryFacts {
  /** Resident set. */
  residentBytes: number;
  heapTotalBytes: number;
  heapUsedBytes: number;
  /** Outside the heap: WASM memories, buffers. */
  externalBytes: number;
  /** Objects on the heap. */
  liveObjects: number;
}

/** Average size of an object, for the runtime that does not count them. */
const OBJECT_BYTES = 64;

/** Number of objects, as the runtime knows or guesses it. */
function countObjects(heapUsedBytes: number): number {
  if (BUN === undefined) return Math.round(heapUsedBytes / OBJECT_BYTES);
  // Bun's own module is not there on Deno, and a static import of it would break the program there.
  const jsc = process.getBuiltinModule("bun:jsc" as "node:v8") as unknown as
    | { heapStats(): { objectCount: number } }
    | undefined;
  return jsc?.heapStats().objectCount ?? 0;
}

/** The resident set alone: cheap enough to be looked at all the time, which counting objects is not. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** Memory in use now. */
export function memoryFacts(): MemoryFacts {
  const usage = process.memoryUsage();
  return {
    residentBytes: usage.rss,
    heapTotalBytes: usage.heapTotal,
    heapUsedBytes: usage.heapUsed,
    externalBytes: usage.external,
    liveObjects: countObjects(usage.heapUsed),
  };
}

/** Collects garbage now where the runtime allows to ask for it. */
export function collectGarbage(): void {
  if (BUN !== undefined) BUN.gc(true);
  else (globalThis as { gc?: () => void }).gc?.();
}

/** Turns of the loop in which something is looked for all the time. */
const IMPATIENT_TURNS_MAX = 10_000;

/**
 * Waits for what another thread will have done in a moment. Where the loop takes in what threads have done between immediates, it looks
 * for that all the time: the system takes longer to wake this thread than most of that moment lasts.
 */
export async function soonDone(work: Promise<void>): Promise<void> {
  if (BUN === undefined) return await work;
  let isDone = false;
  const done = work.then(() => {
    isDone = true;
  });
  // Who awaits it below hears of a failure.
  done.catch(() => {
    isDone = true;
  });
  for (let turn = 0; !isDone && turn < IMPATIENT_TURNS_MAX; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await done;
}

/** How long a program that is up goes on as it started, in milliseconds: one that ends by then would have nothing of it. */
const SLOW_END_MS = 20;

/** The binary compiles code late, as most of what runs at the start runs once; soon it will not wait any more. */
export function endSlowStart(): void {
  if (BUN !== undefined) setTimeout(() => BUN?.unsafe.setJITPolicy(1), SLOW_END_MS).unref();
}

/** Signals that ask a program to end. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** Calls `handle` for each SIGINT and SIGTERM; returns a function that stops listening. */
export function onStopSignal(handle: (signal: StopSignal) => void): () => void {
  const interrupt = (): void => handle("SIGINT");
  const terminate = (): void => handle("SIGTERM");
  process.on("SIGINT", interrupt);
  if (process.platform !== "win32") process.on("SIGTERM", terminate);
  return () => {
    process.off("SIGINT", interrupt);
    if (process.platform !== "win32") process.off("SIGTERM", terminate);
  };
}

/** Ends this program at once. */
export function exitNow(code: number): never {
  process.exit(code);
}

/** Keeps this program alive until the returned function is called. */
export function keepAlive(): () => void {
  const HOUR_MS = 3_600_000;
  let timer = setTimeout(function again() {
    timer = setTimeout(again, HOUR_MS);
  }, HOUR_MS);
  return () => clearTimeout(timer);
}
