/**
 * Runs the benchmarks: ours and the peer alternate in fresh processes, the ratio is the median over the pairs.
 *
 *     bun scripts/bench.ts [FILTER]          a table; a row is run when its name contains FILTER
 *     bun scripts/bench.ts --json [FILTER]   [{"name","ours","peer","unit","ratio","must","aim"}]
 *     bun scripts/bench.ts --rounds N        pairs of a row that names no number of its own (5); others follow
 *
 * The binary in `dist` is built when it is missing. Peers come from Debian (lua5.4, erlang-base, wrk) and Go modules; a row
 * whose peer is missing is reported as skipped with the reason.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Benchmark, Tools } from "../tests/bench/benchmark.ts";
import { median } from "../tests/bench/benchmark.ts";
import { BUN } from "./command.ts";
import { startServices } from "./services.ts";
import { ROOT } from "./source_tree.ts";

const ROUNDS = 5;
/** A row that has taken this long gets no further pair, so that all rows fit in ten minutes. */
const ROW_MS_MAX = 8000;

/** One finished row. Numbers are medians; `ratio` is the median over the pairs of ours to the peer's, null without a peer. */
interface Row {
  /** What is measured, and beside what. */
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly unit: string;
  readonly ratio: number | null;
  readonly must: string;
  readonly aim: string;
}

function installed(command: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    return true;
  } catch {
    // `command -v` says no by its exit code.
    return false;
  }
}

/** The benchmarks of all files in the folder. */
async function benchmarksIn(folder: string): Promise<Benchmark[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".bench.ts")).sort();
  const modules = await Promise.all(
    files.map((name) => import(join(folder, name)) as Promise<{ benchmarks: readonly Benchmark[] }>),
  );
  return modules.flatMap((module) => module.benchmarks);
}

/** Installs what is missing where that is possible, and builds the programs of the peers. */
function prepare(tools: Tools): void {
  const packages = Object.entries({ "lua5.4": "lua5.4", erl: "erlang-base", wrk: "wrk" })
    .filter(([command]) => !installed(command)).map(([, name]) => name);
  if (packages.length > 0 && installed("apt-get")) {
    execFileSync("apt-get", ["install", "-y", "-qq", ...packages], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  mkdirSync(tools.cache, { recursive: true });
  if (installed("erlc")) execFileSync("erlc", ["-o", tools.cache, join(tools.folder, "peers", "bench.erl")]);
  if (installed("go")) {
    for (const name of ["lua", "http", "hello"]) {
      execFileSync("go", ["build", "-o", join(tools.cache, name), `./${name}`], {
        cwd: join(tools.folder, "peers", "go"),
      });
    }
  }
  if (!existsSync(tools.wippy)) {
    execFileSync(BUN, ["scripts/build.ts"], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  }
}

function nameOf({ name, peerName }: Benchmark): string {
  return peerName === "" ? name : `${name}, beside ${peerName}`;
}

async function measure(benchmark: Benchmark, tools: Tools, rounds: number): Promise<Row> {
  const ours: number[] = [];
  const peers: number[] = [];
  const begunMs = performance.now();
  const pairs = Math.max(1, Math.round((benchmark.rounds ?? ROUNDS) * rounds / ROUNDS));
  for (let i = 0; i < pairs; i++) {
    if (i > 0 && performance.now() - begunMs > ROW_MS_MAX) break;
    ours.push(await benchmark.ours(tools));
    if (benchmark.peer !== undefined) peers.push(await benchmark.peer(tools));
  }
  const { unit, must, aim } = benchmark;
  const ratio = peers.length === 0 ? null : median(ours.map((value, i) => value / peers[i]!));
  return {
    name: nameOf(benchmark),
    ours: median(ours),
    peer: peers.length === 0 ? null : median(peers),
    unit,
    ratio,
    must,
    aim,
  };
}

/** Whether a value keeps a bound such as `<=2.0`. */
function holds(bound: string, value: number): boolean {
  const match = /^(<=|>=)\s*([\d.]+)$/.exec(bound);
  if (match === null) return true;
  return match[1] === "<=" ? value <= Number(match[2]) : value >= Number(match[2]);
}

function verdict(row: Row): string {
  const value = row.ratio ?? row.ours;
  if (!holds(row.must, value)) return "MISSED";
  return row.aim !== "" && holds(row.aim, value) ? "aim" : row.must === "" ? "reported" : "must";
}

function printNumber(value: number): string {
  if (value >= 1000) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

function printRow(row: Row): string {
  const peer = row.peer === null ? "-" : printNumber(row.peer);
  const ratio = row.ratio === null ? "-" : row.ratio.toFixed(2);
  return `| ${row.name} | ${
    printNumber(row.ours)
  } ${row.unit} | ${peer} | ${ratio} | ${row.must} | ${row.aim} | ${verdict(row)} |`;
}

const USAGE =
  "usage: bun scripts/bench.ts [--json] [--rounds N] [FILTER]; a row is run when its name has FILTER in it\n";

/** What was asked for; undefined when it can't be meant. */
function wanted(args: string[]): { json: boolean; rounds: number; filter: string } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean" }, rounds: { type: "string" } },
    });
    const rounds = Number(values.rounds ?? ROUNDS);
    if (positionals.length > 1 || !(rounds >= 1)) return undefined;
    return { json: values.json ?? false, rounds, filter: positionals[0] ?? "" };
  } catch {
    return undefined;
  }
}

async function main(args: string[]): Promise<number> {
  const asked = wanted(args);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { json, rounds, filter } = asked;
  const tools: Tools = {
    wippy: join(ROOT, "dist", "wippy"),
    bun: BUN,
    folder: join(ROOT, "tests", "bench"),
    cache: join(ROOT, ".cache", "bench"),
  };
  prepare(tools);
  const rows: Row[] = [];
  let failed = 0;
  if (!json) {
    process.stdout.write(
      "| what | ours | peer | ratio | must | aim | reached |\n| --- | --- | --- | --- | --- | --- | --- |\n",
    );
  }
  for (const benchmark of await benchmarksIn(tools.folder)) {
    const name = nameOf(benchmark);
    if (!name.includes(filter)) continue;
    const services = await startServices(benchmark.services ?? []);
    try {
      for (const [absent, why] of services.absent) throw new Error(`${absent} does not run: ${why}`);
      for (const [variable, address] of Object.entries(services.env)) {
        process.env[`${variable.replace("WIPPY", "BENCH")}_PORT`] = new URL(address).port;
      }
      const row = await measure(benchmark, tools, rounds);
      rows.push(row);
      if (!json) process.stdout.write(printRow(row) + "\n");
      if (verdict(row) === "MISSED") failed++;
    } catch (error) {
      failed++;
      process.stderr.write(`skipped: ${name}: ${(error as Error).message}
`);
    } finally {
      await services.stop();
    }
  }
  if (json) process.stdout.write(JSON.stringify(rows) + "\n");
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
