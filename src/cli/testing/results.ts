/** What the test runner tells of its results. */
import { isValueMap, type Value } from "../../core/mod.ts";

/** One frame of a trace, in terms of entries. */
export interface Frame {
  readonly source: string;
  readonly line: number;
  readonly name: string;
}

/** One case, or one test without cases. */
export interface CaseResult {
  /** Id of the test entry. */
  readonly id: string;
  readonly suite: string;
  /** Path of the suite inside the entry, `""` for a test without cases. */
  readonly path: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly elapsedMs: number;
  readonly error?: string;
  readonly trace: readonly Frame[];
}

const STATUS: Readonly<Record<string, CaseResult["status"]>> = {
  pass: "passed",
  fail: "failed",
  skip: "skipped",
};

/** The cases in what the runner sent; whatever is no case is left out. */
export function decodeResults(suites: Value): CaseResult[] {
  const results: CaseResult[] = [];
  for (const suite of Array.isArray(suites) ? suites : []) {
    if (!isValueMap(suite) || !Array.isArray(suite.cases)) continue;
    for (const item of suite.cases) {
      if (!isValueMap(item)) continue;
      const status = STATUS[String(item.status)];
      if (status === undefined) continue;
      results.push({
        id: String(item.id ?? ""),
        suite: String(suite.name ?? ""),
        path: typeof item.path === "string" ? item.path : "",
        name: String(item.name ?? ""),
        status,
        elapsedMs: typeof item.duration_ms === "number" ? item.duration_ms : 0,
        ...(typeof item.error === "string" ? { error: item.error } : {}),
        trace: decodeTrace(item.trace),
      });
    }
  }
  return results;
}

function decodeTrace(trace: Value): Frame[] {
  return (Array.isArray(trace) ? trace : []).flatMap((frame) =>
    isValueMap(frame) && typeof frame.source === "string" && typeof frame.line === "number"
      ? [{
        source: frame.source,
        line: frame.line,
        name: typeof frame.name === "string" && frame.name !== "?" ? frame.name : "",
      }]
      : []
  );
}
