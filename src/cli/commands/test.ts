/**
 * `wippy test`: runs the test command of the application, which is the runner of `wippy/test` unless it brings another.
 *
 * An application that does not depend on `wippy/test` gets it for the run.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { Failure } from "../../core/mod.ts";
import { commandsIn } from "../application_commands.ts";
import { type Command, Misuse, type ParsedArguments } from "../command.ts";
import { printJson } from "../json_text.ts";
import { printProgress, printResult, styleOf } from "../output.ts";
import { BOOT_OPTIONS, openSession, PROJECT_HELP, type Session, withModules } from "../session.ts";
import { runTarget } from "../target.ts";
import type { TestOutcome } from "../testing/test_run.ts";

/** The module that brings the runner, and the runner. */
const MODULE = "wippy/test";
const RUNNER = "wippy.test:runner";
/** A module as a target: `org/name` or `org/name@version`. */
const MODULE_TARGET = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*(@[^/\s]+)?$/;

/** Runs tests. */
export const test: Command = {
  help: `Run the tests of an application

A test is a function.lua entry with meta.type: test. With describe and it of wippy/test it holds any number of cases;
a plain function passes when it returns true or nothing and fails when it returns false or raises. Suites (meta.suite)
run beside each other, the tests of one suite in order. An application with a test command of its own
(meta.command.use_case: test) runs that instead.

Usage
  wippy test [org/module] [word]... [options]
  wippy test pack.wapp [word]... [options]

Words choose tests whose id contains one of them.

Options
  -w, --watch                run again whenever a source changes
      --coverage             count lines of Lua that ran, and tell which did not
      --coverage-lcov FILE   the same as an lcov file
      --coverage-html FILE   the same as a page
      --junit FILE           results as JUnit XML
      --json                 results as JSON
      --sequential           one test at a time
      --host ID              terminal host, where there are several
      --registry URL         hub to ask for modules
  -o, --override ID:PATH=V   change a field of an entry; repeatable
${PROJECT_HELP}
Examples
  wippy test
  wippy test orders --watch
  wippy test --coverage --junit results.xml
`,
  options: {
    watch: { type: "flag", short: "w", about: "run again whenever a source changes" },
    coverage: { type: "flag", about: "count lines of Lua that ran" },
    "coverage-lcov": { type: "text", about: "coverage as an lcov file", completes: "file" },
    "coverage-html": { type: "text", about: "coverage as a page", completes: "file" },
    junit: { type: "text", about: "results as JUnit XML", completes: "file" },
    json: { type: "flag", about: "results as JSON" },
    sequential: { type: "flag", about: "one test at a time" },
    host: { type: "text", about: "terminal host for the test command" },
    registry: { type: "text", about: "hub to ask for modules" },
    ...BOOT_OPTIONS,
  },
  takesPack: true,
  async run(args) {
    const request = requestOf(args);
    refuseSources(args);
    if (!args.flag("watch")) return await runOnce(openSession(args, "quiet"), args, request);
    const { rerunOnChange } = await import("../testing/watch.ts");
    const session = openSession(args, "quiet");
    const { baseDirectory, replacements } = session.project.configuration;
    const written = ["coverage-lcov", "coverage-html", "junit"].flatMap((name) => args.text(name) ?? []);
    const watched = {
      folders: [
        session.project.sourceDirectory,
        ...Object.values(replacements).map((path) => resolve(baseDirectory, path)),
      ],
      written: written.map((path) => resolve(path)),
      shown: relative(".", session.project.sourceDirectory) || ".",
      clock: session.ports.clock,
    };
    return await rerunOnChange(watched, async () => {
      const { reportIn } = await import("../failure_report.ts");
      try {
        return await runOnce(openSession(args, "quiet"), args, request);
      } catch (error) {
        // A source with a mistake is mended and run again.
        return await reportIn(session, error);
      }
    });
  },
};

/** What was asked for. */
interface Request {
  /** A module whose tests are run instead of the project's own. */
  readonly module: string | undefined;
  readonly words: readonly string[];
}

function requestOf({ positionals }: ParsedArguments): Request {
  const [first, ...words] = positionals;
  if (first === undefined || !MODULE_TARGET.test(first)) return { module: undefined, words: positionals };
  return { module: first.replace(/@.*$/, ""), words };
}

async function runOnce(opened: Session, args: ParsedArguments, { module, words }: Request): Promise<number> {
  const session = await withRunner(opened, module, args);
  const commands = commandsIn(session).filter(({ useCase }) => useCase === "test");
  const own = commands.filter(({ entry }) => entry !== RUNNER);
  if (own.length > 1) {
    throw new Misuse(`several test commands: ${own.map(({ entry }) => entry).join(", ")}`);
  }
  const isForced = module !== undefined;
  if (own.length === 1 && !isForced) {
    refuseReports(args, own[0]!.entry);
    return await runTarget(session, own[0]!.entry, words, args.text("host"));
  }
  const { runTests } = await import("../testing/test_run.ts");
  const outcome = await runTests({
    session,
    runner: RUNNER,
    args: [...runnerFlags(args, module), ...words],
    host: args.text("host"),
    countLines: wantsCoverage(args),
  });
  return await report(outcome, session, args);
}

/** The session with what its run needs: the runner, and the module whose tests are asked for. */
async function withRunner(
  session: Session,
  module: string | undefined,
  args: ParsedArguments,
): Promise<Session> {
  const has = session.loaded.entries.some(({ id }) => id === RUNNER);
  const own = commandsIn(session).some(({ useCase }) => useCase === "test");
  const modules = [
    ...(module === undefined ? [] : [module]),
    ...(has || (own && module === undefined) ? [] : [MODULE]),
  ];
  if (modules.length === 0) return session;
  try {
    return withModules(session, modules);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "NotFound" || error.details?.module !== module) {
      throw error;
    }
    const hub = args.text("registry");
    throw new Failure(
      "NotFound",
      `there is no module ${module} here, and ${
        hub === undefined ? "no hub is known" : `the hub ${hub} can't be asked by this version`
      }; a word that chooses tests holds no slash`,
      { retryable: false, cause: error },
    );
  }
}

function runnerFlags(args: ParsedArguments, module: string | undefined): string[] {
  return [
    ...(args.flag("sequential") ? ["--sequential"] : []),
    ...(args.flag("json") ? ["--quiet"] : []),
    ...(styleOf("result").isColoured ? ["--colour"] : []),
    ...(module === undefined ? [] : [`--module=${module}`]),
  ];
}

/** A pack has no sources that could change or that a report could show. */
function refuseSources(args: ParsedArguments): void {
  if (args.pack === undefined) return;
  const given = args.flag("watch") ? "watch" : wantsCoverage(args) ? "coverage" : undefined;
  if (given === undefined) return;
  throw new Misuse(`--${given} needs the sources of a project; ${args.pack} is a pack`);
}

function wantsCoverage(args: ParsedArguments): boolean {
  return args.flag("coverage") || args.text("coverage-lcov") !== undefined ||
    args.text("coverage-html") !== undefined;
}

/** A test command that is not ours tells nothing but its exit code. */
function refuseReports(args: ParsedArguments, entry: string): void {
  const given = ["json", "sequential"].filter((name) => args.flag(name));
  if (args.text("junit") !== undefined) given.push("junit");
  if (wantsCoverage(args)) given.push("coverage");
  if (given.length === 0) return;
  throw new Misuse(`--${given[0]} needs the runner of ${MODULE}; here ${entry} runs the tests`);
}

/** Writes what was asked for besides the lines of the runner; the exit code. */
async function report(outcome: TestOutcome, session: Session, args: ParsedArguments): Promise<number> {
  const { placeNamer } = await import("../testing/test_run.ts");
  const place = placeNamer(session);
  if (args.flag("json")) {
    printResult(
      printJson(outcome.results.map(({ id, suite, path, name, status, elapsedMs, error, trace }) => ({
        id,
        suite,
        path,
        name,
        status,
        elapsed_ms: elapsedMs,
        error,
        trace: status === "failed"
          ? trace.map((at) => `${place(at.source, at.line)} ${at.name}`.trimEnd())
          : undefined,
      }))),
    );
  }
  const junit = args.text("junit");
  if (junit !== undefined) {
    const { printJunit } = await import("../testing/junit.ts");
    writeReport(junit, printJunit(outcome.results, place));
  }
  if (wantsCoverage(args)) await reportCoverage(outcome, args);
  return outcome.code;
}

async function reportCoverage({ lines }: TestOutcome, args: ParsedArguments): Promise<void> {
  const { coverageByFile, printCoverage, printCoveragePage, printLcov } = await import(
    "../testing/coverage.ts"
  );
  const files = coverageByFile(lines);
  const [lcov, html] = [args.text("coverage-lcov"), args.text("coverage-html")];
  if (lcov !== undefined) writeReport(lcov, printLcov(files));
  if (html !== undefined) writeReport(html, printCoveragePage(files, (file) => readFileSync(file, "utf8")));
  const text = printCoverage(files, styleOf(args.flag("json") ? "progress" : "result"));
  if (args.flag("json")) printProgress(text);
  else printResult(`\n${text}`);
}

function writeReport(path: string, text: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new Failure("Invalid", `${path} can't be written: ${(error as Error).message}`, {
      retryable: false,
      cause: error,
    });
  }
}
