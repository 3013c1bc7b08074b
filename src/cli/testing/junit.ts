/** Test results as JUnit XML, which build servers read. */
import type { CaseResult } from "./results.ts";

/** The text of a JUnit file; `place` names a line of a source. */
export function printJunit(
  results: readonly CaseResult[],
  place: (source: string, line: number) => string,
): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${totals(results)}>`];
  for (const name of new Set(results.map(({ suite }) => suite))) {
    const cases = results.filter(({ suite }) => suite === name);
    lines.push(`  <testsuite name="${escaped(name)}"${totals(cases)}>`);
    for (const each of cases) lines.push(...caseLines(each, place));
    lines.push("  </testsuite>");
  }
  return [...lines, "</testsuites>", ""].join("\n");
}

function totals(cases: readonly CaseResult[]): string {
  const count = (status: CaseResult["status"]): number =>
    cases.filter((each) => each.status === status).length;
  const ms = cases.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  return ` tests="${cases.length}" failures="${count("failed")}" errors="0" skipped="${
    count("skipped")
  }" time="${seconds(ms)}"`;
}

function caseLines(each: CaseResult, place: (source: string, line: number) => string): string[] {
  const { error, id, name, path, status, trace } = each;
  const shown = path.includes(" > ") ? `${path.slice(path.indexOf(" > ") + 3)} > ${name}` : name;
  const head = `    <testcase classname="${escaped(id)}" name="${escaped(shown)}" time="${
    seconds(each.elapsedMs)
  }"`;
  if (status === "passed") return [`${head}/>`];
  if (status === "skipped") return [`${head}>`, "      <skipped/>", "    </testcase>"];
  const message = error ?? "failed";
  const at = trace.map((frame) => `at ${place(frame.source, frame.line)} ${frame.name}`.trimEnd());
  const body = [message, ...at].join("\n");
  return [
    `${head}>`,
    `      <failure message="${escaped(message.split("\n")[0]!)}">${escaped(body)}</failure>`,
    "    </testcase>",
  ];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text for an element or attribute; characters that XML can't hold become U+FFFD. */
export function escaped(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char]!);
}
