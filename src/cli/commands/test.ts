/**
 * `wippy test`: the test command of the application when it brings one, else every function that is marked as a test.
 */
import { asFailure, durationMs, Failure, isValueMap, parseEntryId } from "../../core/mod.ts";
import type { Application } from "../../app/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { commandsOf } from "../application_commands.ts";
import { type Command, Misuse, type ParsedArguments } from "../command.ts";
import { reportIn } from "../failure_report.ts";
import { printJson } from "../json_text.ts";
import { printResult, type Style, styleOf } from "../output.ts";
import {
  BOOT_OPTIONS,
  createProjectApplication,
  openSession,
  PROJECT_HELP,
  type Session,
} from "../session.ts";
import { endOnSignals } from "../signals.ts";
import { runTarget } from "../target.ts";

const TIMEOUT_DEFAULT = "30s";

/** Runs tests. */
export const test: Command = {
  help: `Run the tests of an application

A test is a function.lua entry with meta.type: test. It passes when it returns true or nothing and fails when it returns
false or raises. An application with a test command (meta.command.use_case: test) runs that instead.

Usage
  wippy test [word]... [options]

Words choose tests whose id contains one of them.

Options
      --json                 results as JSON
      --host ID              terminal host for a test command, where there are several
  -o, --override ID:PATH=V   change a field of an entry; repeatable
${PROJECT_HELP}
Examples
  wippy test
  wippy test orders
  wippy test --set logger.encoding=json -v
`,
  options: {
    json: { type: "flag", about: "results as JSON" },
    host: { type: "text", about: "terminal host for a test command" },
    ...BOOT_OPTIONS,
  },
  async run(args) {
    const session = await openSession(args, "quiet");
    const commands = commandsOf(session.loaded).filter(({ useCase }) => useCase === "test");
    if (commands.length > 1) {
      throw new Misuse(`several test commands: ${commands.map(({ entry }) => entry).join(", ")}`);
    }
    const [command] = commands;
    if (command !== undefined) {
      return await runTarget(session, command.entry, args.positionals, args.text("host"));
    }
    return await runTests(session, args);
  },
};

/** One test entry. */
interface TestCase {
  readonly id: string;
  readonly suite: string;
  readonly name: string;
  readonly order: number;
  readonly timeoutMs: number;
  readonly isSkipped: boolean;
}

interface TestResult extends TestCase {
  readonly status: "passed" | "failed" | "skipped";
  readonly elapsedMs: number;
  readonly error?: string;
  readonly trace?: readonly string[];
}

/** Most ids that are named when no test fits. */
const IDS_SHOWN_MAX = 5;

async function runTests(session: Session, args: ParsedArguments): Promise<number> {
  const cases = testCases(session.loaded.entries, args.positionals);
  if (cases.length === 0) {
    const all = testCases(session.loaded.entries, []);
    const why = all.length === 0
      ? "A test is a function.lua entry with meta.type: test."
      : `None of ${all.length} has ${args.positionals.join(" or ")} in its id: ${
        all.slice(0, IDS_SHOWN_MAX).map(({ id }) => id).join(", ")
      }${all.length > IDS_SHOWN_MAX ? ", ..." : ""}`;
    printResult(args.flag("json") ? "[]" : `No tests found.\n\n${why}`);
    return 0;
  }
  const application = await createProjectApplication(session, { isPassing: true });
  const stopListening = endOnSignals(application, session);
  const results: TestResult[] = [];
  try {
    const entries = session.loaded.entries.map(withOptionalStart);
    await application.boot({ ...session.loaded, entries });
    for (const each of cases) results.push(await runCase(each, application, session));
  } catch (error) {
    return await reportIn(session, error);
  } finally {
    stopListening();
    await application.stop();
  }
  if (args.flag("json")) {
    printResult(printJson(results.map(({ id, suite, name, status, elapsedMs, error, trace }) => ({
      id,
      suite,
      name,
      status,
      elapsed_ms: Math.round(elapsedMs),
      error,
      trace: trace && [...trace],
    }))));
  } else printResult(printResults(results, styleOf("result")));
  return results.some(({ status }) => status === "failed") ? 1 : 0;
}

/** Tests in the order they run: suites by name, then `meta.order`, then id. */
function testCases(entries: readonly Entry[], words: readonly string[]): TestCase[] {
  return entries.filter(({ id, kind, meta }) =>
    kind.startsWith("function.") && meta.type === "test" &&
    (words.length === 0 || words.some((word) => id.includes(word)))
  ).map(({ id, meta }) => ({
    id,
    suite: typeof meta.suite === "string" && meta.suite !== "" ? meta.suite : "other",
    name: typeof meta.name === "string" && meta.name !== "" ? meta.name : parseEntryId(id).name,
    order: typeof meta.order === "number" ? meta.order : 0,
    timeoutMs: durationMs(
      typeof meta.timeout === "string" ? meta.timeout : TIMEOUT_DEFAULT,
      `${id}: meta.timeout`,
    ),
    isSkipped: meta.skip === true,
  })).sort((a, b) =>
    a.suite !== b.suite
      ? (a.suite < b.suite ? -1 : 1)
      : a.order !== b.order
      ? a.order - b.order
      : a.id < b.id
      ? -1
      : 1
  );
}

/** A service that can't start, a server on a port in use for one, fails the tests that need it and no others. */
function withOptionalStart(entry: Entry): Entry {
  const { lifecycle } = entry.data;
  if (!isValueMap(lifecycle) || lifecycle.startup !== undefined) return entry;
  return { ...entry, data: { ...entry.data, lifecycle: { ...lifecycle, startup: "optional" } } };
}

async function runCase(each: TestCase, application: Application, session: Session): Promise<TestResult> {
  const { clock } = session.ports;
  if (each.isSkipped) return { ...each, status: "skipped", elapsedMs: 0 };
  const startedMs = clock.monotonicMs();
  const limit = new AbortController();
  const timer = clock.timer(each.timeoutMs, () => limit.abort());
  try {
    const value = await application.call(each.id, [], { signal: limit.signal });
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (value !== false) return { ...each, status: "passed", elapsedMs };
    return { ...each, status: "failed", elapsedMs, error: "returned false" };
  } catch (error) {
    const { traceOf } = await import("../../app/mod.ts");
    const failure = asFailure(error);
    const trace = error instanceof Failure ? traceOf(error, session.loaded, session.ports) : [];
    return {
      ...each,
      status: "failed",
      elapsedMs: clock.monotonicMs() - startedMs,
      error: limit.signal.aborted ? `no result after ${each.timeoutMs} ms` : failure.message,
      trace: trace.map(({ place, name }) => `${place} ${name}`.trimEnd()),
    };
  } finally {
    timer.cancel();
  }
}

const MARKS = { passed: "o", failed: "x", skipped: "-" } as const;

function printResults(results: readonly TestResult[], style: Style): string {
  const colour = { passed: style.green, failed: style.red, skipped: style.dim };
  const lines: string[] = [];
  const count = (of: readonly TestResult[], status: TestResult["status"]): number =>
    of.filter((result) => result.status === status).length;
  const total = (of: readonly TestResult[]): number =>
    Math.round(of.reduce((sum, result) => sum + result.elapsedMs, 0));
  for (const suite of new Set(results.map((result) => result.suite))) {
    const cases = results.filter((result) => result.suite === suite);
    const skipped = count(cases, "skipped");
    const ran = cases.length - skipped;
    lines.push(
      `${style.bold(suite)} (${cases.length})  ${count(cases, "passed")}/${ran}` +
        `${skipped === 0 ? "" : `  ${skipped} skipped`}  ${style.dim(`${total(cases)}ms`)}`,
    );
    for (const { status, name, error, trace } of cases) {
      const note = status === "skipped" ? " (skipped)" : "";
      lines.push(`  ${colour[status](MARKS[status])} ${name}${note}`);
      for (const line of error?.split("\n") ?? []) lines.push(`      ${style.red(line)}`);
      for (const line of trace ?? []) lines.push(`      ${style.dim(`at ${line}`)}`);
    }
    lines.push("");
  }
  const failed = count(results, "failed");
  const skipped = count(results, "skipped");
  const verdict = failed > 0 ? style.red("FAILED") : style.green("PASSED");
  const tests = `${results.length} ${results.length === 1 ? "test" : "tests"}`;
  const parts = [verdict, tests, ...failed > 0 ? [`${failed} failed`] : []];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return [...lines, [...parts, `${total(results)}ms`].join("   ")].join("\n");
}
