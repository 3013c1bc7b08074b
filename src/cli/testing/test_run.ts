/**
 * One run of the test runner: an application of its own, booted for it and ended with it.
 *
 * U1. Nothing of a run is kept: its registry lives in memory, nobody can reach it from outside.
 * U2. A service that can't start, a server on a port in use for one, fails the tests that need it and no others.
 */
import { type Application, type LineCounts, lineCounts, sourcePlace } from "../../app/mod.ts";
import { isValueMap, type Value } from "../../core/mod.ts";
import { SystemTerminal } from "../../platform/mod.ts";
import type { Entry } from "../../registry/mod.ts";
import { reportIn } from "../failure_report.ts";
import { printProgress } from "../output.ts";
import { createProjectApplication, type Session } from "../session.ts";
import { endOnSignals } from "../signals.ts";
import { type CaseResult, decodeResults } from "./results.ts";

/** What to run and how. */
export interface TestRequest {
  readonly session: Session;
  /** Id of the runner. */
  readonly runner: string;
  /** Arguments of the runner: flags and words. */
  readonly args: readonly string[];
  readonly host: string | undefined;
  readonly countLines: boolean;
}

/** How a run ended. */
export interface TestOutcome {
  readonly code: number;
  readonly results: readonly CaseResult[];
  /** Counts of lines, when they were asked for. */
  readonly lines: readonly LineCounts[];
}

/** Runs tests; what goes wrong outside of them is told on stderr. */
export async function runTests(request: TestRequest): Promise<TestOutcome> {
  const { countLines, runner, session } = request;
  const application = await createProjectApplication(session, { isPassing: true, countLines });
  let isInterrupted = false;
  const stopListening = endOnSignals(application, session, () => {
    isInterrupted = true;
    printProgress(session.style.yellow("interrupted"));
  });
  let results: readonly CaseResult[] = [];
  try {
    const entries = session.loaded.entries.map(withOptionalStart);
    await application.boot({ ...session.loaded, entries });
    const pid = openHost(application, session, (told) => results = told);
    const code = await application.runTerminal({
      process: runner,
      host: request.host,
      terminal: new SystemTerminal(request.args),
      args: [...request.args, `--host=${pid}`],
    });
    const lines = countLines ? lineCounts(application.runtime, session.loaded, session.ports) : [];
    // What did not end is not passed.
    return { code: isInterrupted ? 1 : code, results, lines };
  } catch (error) {
    return { code: await reportIn(session, error), results, lines: [] };
  } finally {
    stopListening();
    await application.stop();
  }
}

/** Names a line of a source as the user knows it. */
export function placeNamer({ loaded, ports }: Session): (source: string, line: number) => string {
  const known = new Map<string, { file: string; line: number } | undefined>();
  return (source, line) => {
    if (!known.has(source)) known.set(source, sourcePlace(source, loaded, ports));
    const place = known.get(source);
    return place === undefined ? `${source}:${line}` : `${place.file}:${place.line + line - 1}`;
  };
}

/** A process that the runner tells its results and asks for places; its pid. */
function openHost(
  application: Application,
  session: Session,
  done: (results: readonly CaseResult[]) => void,
): string {
  const { runtime } = application;
  const place = placeNamer(session);
  const { pid } = runtime.openNative("wippy.test", {
    message(topic: string, values: Value[], from: string) {
      const [first, second] = values;
      if (topic === "test:results") done(decodeResults(first));
      else if (topic === "test:place") {
        runtime.send(from, "test:place", [place(String(first), Number(second))], pid);
      }
    },
    event: () => undefined,
  });
  return pid;
}

function withOptionalStart(entry: Entry): Entry {
  const { lifecycle } = entry.data;
  if (!isValueMap(lifecycle) || lifecycle.startup !== undefined) return entry;
  return { ...entry, data: { ...entry.data, lifecycle: { ...lifecycle, startup: "optional" } } };
}
