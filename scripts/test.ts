/**
 * Runs every suite and adds them up: all tests on Bun, and beside them the runtime-neutral ones on Deno.
 *
 *     bun scripts/test.ts [--fast] [--no-build] [PATH...]
 *
 * The binary is built first, and tests find it through `WIPPY_BINARY`. `--fast` leaves out Deno and the binary.
 * Services that tests name (`// services: postgres`) are started beside it, for each runtime its own, and installed where this runs as
 * root; tests whose service does not run are skipped and say so.
 * What failed is named again at the end. The last line is exactly `N passed, N failed`, with `, N skipped` when any; exit code 1
 * when something failed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { servicesOf, serviceUrl } from "../tests/services.ts";
import { BUN, DENO, run } from "./command.ts";
import { type RunningServices, startServices } from "./services.ts";
import { listFiles, ROOT } from "./source_tree.ts";
import { addCounts, countReport, type Counts, failedTests, printCounts } from "./test_report.ts";

/** Suites that have nothing to say about Deno: they run Bun scripts or the compiled binary. */
const BUN_ONLY = ["tests/repository/", "tests/cli/", "tests/apps/", "tests/binary/"];
/** Suites that need the compiled binary. */
const BINARY_ONLY = ["tests/apps/", "tests/binary/"];
/** One test may take this long on a loaded machine. */
const TEST_TIMEOUT_MS = 120_000;
/** Seeds of each simulation on Bun; Deno runs fewer. */
const SEEDS = process.env["WIPPY_SEEDS"] ?? "1000";
/** One suite may take this long before it counts as hung. */
const SUITE_TIMEOUT_MS = 40 * 60_000;

/** Test files below the given paths (all when none), in order. */
export function testFiles(paths: readonly string[], root = ROOT): string[] {
  const all = [...listFiles("src", root), ...listFiles("std", root), ...listFiles("tests", root)];
  const wanted = paths.map((path) => path.replace(/^\.\//, "").replace(/\/$/, ""));
  return all.filter((path) =>
    path.endsWith(".test.ts") &&
    (wanted.length === 0 || wanted.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
  );
}

async function runSuite(
  name: string,
  argv: (report: string) => string[],
  env: Record<string, string>,
  failed: string[],
): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-test-"));
  const report = join(folder, "report.xml");
  process.stderr.write(`\n== ${name}\n`);
  try {
    const result = await run(argv(report), { show: "stderr", env, timeoutMs: SUITE_TIMEOUT_MS });
    const written = existsSync(report) ? readFileSync(report, "utf8") : undefined;
    const counts = countReport(written, result.code);
    failed.push(...failedTests(written, result.code).map((test) => `${name}: ${test}`));
    process.stderr.write(`${name}: ${printCounts(counts)}\n`);
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Services that these tests, and the cases in Lua below their folders, say they need. */
export function servicesFor(files: readonly string[], root = ROOT): string[] {
  const cases = files.flatMap((file) =>
    listFiles(dirname(file), root).filter((path) => path.endsWith(".lua"))
  );
  const sources = new Set([...files, ...cases]);
  const names = [...sources].flatMap((path) => servicesOf(readFileSync(join(root, path), "utf8")));
  return [...new Set(names)].sort().filter((name) => serviceUrl(name) === undefined);
}

/** What one runtime runs. */
interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** What must be there first. */
  readonly after?: Promise<unknown>;
  argv(report: string): string[];
}

/** The outcome of everything. */
interface Outcome {
  counts: Counts;
  readonly failed: string[];
}

/** Runs a suite beside services of its own. */
async function runBeside(
  { after, argv, files, name }: Suite,
  env: Record<string, string>,
  services: Promise<RunningServices>,
  outcome: Outcome,
): Promise<void> {
  const running = await services;
  try {
    for (const [service, why] of running.absent) {
      process.stderr.write(`${service} does not run, tests that need it on ${name} are skipped: ${why}\n`);
    }
    await after;
    if (files.length === 0) return;
    const counts = await runSuite(name, argv, { ...env, ...running.env }, outcome.failed);
    outcome.counts = addCounts(outcome.counts, counts);
  } finally {
    await running.stop();
  }
}

/** Builds the binary that tests use; what it is called. */
async function buildBinary(args: readonly string[], outcome: Outcome): Promise<string | undefined> {
  const binary = join(ROOT, "dist", "wippy");
  if (!args.includes("--no-build")) {
    const built = await run([BUN, "scripts/build.ts"], { show: "stderr" });
    if (built.code !== 0) {
      process.stderr.write("the binary does not build; rerun: bun scripts/build.ts\n");
      outcome.counts = addCounts(outcome.counts, { passed: 0, failed: 1, skipped: 0 });
      outcome.failed.push("the binary does not build");
    }
  }
  return existsSync(binary) ? binary : undefined;
}

function onBun(files: readonly string[], after?: Promise<unknown>): Suite {
  return {
    name: "bun",
    files,
    after,
    argv: (report) => [
      BUN,
      "test",
      `--timeout=${TEST_TIMEOUT_MS}`,
      "--only-failures",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...files.map((file) => `./${file}`),
    ],
  };
}

function onDeno(files: readonly string[]): Suite {
  return {
    name: "deno",
    files,
    argv: (report) => [DENO, "test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, ...files],
  };
}

async function main(args: string[]): Promise<void> {
  const fast = args.includes("--fast");
  const files = testFiles(args.filter((arg) => !arg.startsWith("--")));
  const outcome: Outcome = { counts: { passed: 0, failed: 0, skipped: 0 }, failed: [] };
  const isIn = (folders: readonly string[]) => (file: string): boolean =>
    folders.some((folder) => file.startsWith(folder));

  if (fast) {
    const suite = onBun(files.filter((file) => !isIn(BINARY_ONLY)(file)));
    await runBeside(suite, { NO_COLOR: "1" }, startServices([]), outcome);
  } else {
    const env: Record<string, string> = { NO_COLOR: "1", WIPPY_SEEDS: SEEDS };
    const isBuilt = files.some(isIn(BINARY_ONLY))
      ? buildBinary(args, outcome).then((binary) => {
        if (binary !== undefined) env["WIPPY_BINARY"] = binary;
      })
      : undefined;
    const neutral = files.filter((file) => !isIn(BUN_ONLY)(file));
    const services = startServices(servicesFor(files));
    // What is missing was installed for the first ones.
    const more = services.then(() => startServices(servicesFor(neutral)));
    await Promise.all([
      runBeside(onBun(files, isBuilt), env, services, outcome),
      runBeside(onDeno(neutral), { NO_COLOR: "1" }, more, outcome),
    ]);
  }

  const { counts, failed } = outcome;
  if (counts.passed + counts.failed + counts.skipped === 0) counts.failed = 1;
  if (failed.length > 0) process.stderr.write(`\nfailed:\n${failed.map((test) => `  ${test}\n`).join("")}`);
  process.stdout.write(`\n${printCounts(counts)}\n`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

if (import.meta.main) await main(process.argv.slice(2));
