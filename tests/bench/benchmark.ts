/** What a benchmark is, and the small tools its measurements share. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One line of the table. A side is measured in a fresh process each time; its number has `unit`. */
export interface Benchmark {
  readonly name: string;
  readonly unit: string;
  /** Beside what it is measured; "" for nothing. Name and peer tell rows apart. */
  readonly peerName: string;
  /** Bound on the ratio of ours to the peer's, or on ours when there is no peer: `<=2.0` or `>=0.4`; "" only reports. */
  readonly must: string;
  readonly aim: string;
  ours(tools: Tools): Promise<number>;
  peer?(tools: Tools): Promise<number>;
  /** What must run meanwhile; both sides find its port in `BENCH_<NAME>_PORT`. */
  readonly services?: readonly string[];
  /** Pairs to run, where it is not the usual number; the median counts. */
  readonly rounds?: number;
}

/** Longest run of one side: one that hangs fails its row, not the whole run. */
const COMMAND_MS_MAX = 180_000;

/** Where things are. */
export interface Tools {
  /** The binary under test. */
  readonly wippy: string;
  readonly bun: string;
  /** Folder of the benchmark sources. */
  readonly folder: string;
  /** Folder for what is built. */
  readonly cache: string;
}

/** Runs a command to its end; its last line of output as a number. Throws with its errors when it fails. */
export async function numberFrom(argv: readonly string[], cwd?: string): Promise<number> {
  const text = await outputOf(argv, cwd);
  const number = Number(text.trim().split("\n").at(-1));
  if (Number.isNaN(number)) throw new Error(`${argv.join(" ")} printed no number: ${text}`);
  return number;
}

/** Runs a command to its end, by force when it takes too long; its output. */
export function outputOf(argv: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: COMMAND_MS_MAX,
      killSignal: "SIGKILL",
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => out += chunk);
    child.stderr.on("data", (chunk) => err += chunk);
    child.on("error", reject);
    child.on(
      "close",
      (code) =>
        code === 0 ? resolve(out) : reject(new Error(`${argv.join(" ")} ended with ${code}: ${err}${out}`)),
    );
  });
}

/** Runs a command until `use` is done with it, after its output has shown `ready`. */
export async function whileRunning<T>(
  argv: readonly string[],
  ready: string,
  use: (child: ChildProcess) => Promise<T>,
  cwd?: string,
): Promise<T> {
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: COMMAND_MS_MAX,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  try {
    await new Promise<void>((resolve, reject) => {
      let seen = "";
      const look = (chunk: unknown): void => {
        seen += String(chunk);
        if (seen.includes(ready)) resolve();
      };
      child.stdout!.on("data", look);
      child.stderr!.on("data", look);
      child.on("error", reject);
      child.on("close", () => reject(new Error(`${argv.join(" ")} ended before it was ready: ${seen}`)));
    });
    return await use(child);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

/** Resident bytes of a process. */
export function residentBytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

/** The number that a function of the benchmark application returns. */
export function called(tools: Tools, fn: string, ...args: (number | string)[]): Promise<number> {
  return numberFrom(
    [tools.wippy, "call", `bench:${fn}`, ...args.map((arg) => JSON.stringify(arg)), "--json"],
    join(tools.folder, "app"),
  );
}

/** The number that the Erlang side prints. */
export function erlang(tools: Tools, name: string, count: number): Promise<number> {
  return numberFrom(["erl", "-noshell", "-pa", tools.cache, "-run", "bench", "main", name, String(count)]);
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
