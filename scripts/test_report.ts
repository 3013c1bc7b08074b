/**
 * Counts of a test run, read from the JUnit report that both runners write.
 *
 * R1. A report that is missing or cut off counts as one failed test: a crash is never a pass.
 * R2. A runner that exits non-zero without a failed case (a file that does not load) counts as one failed test.
 */

/** How many tests a run had. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A report's cases, and the suites that hold them. */
const ELEMENT =
  /<testsuite\b((?:[^>"]|"[^"]*")*)>|<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const FAILURE = /<(?:failure|error)\b/;

/** The counts of a run that ended with `code` and wrote `report` (undefined: none). */
export function countReport(report: string | undefined, code: number): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (!isWhole(report)) return { ...counts, failed: 1 };
  for (const [, suite, , body = ""] of report.matchAll(ELEMENT)) {
    if (suite !== undefined) continue;
    if (FAILURE.test(body)) counts.failed++;
    else if (/<skipped\b/.test(body)) counts.skipped++;
    else counts.passed++;
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** What failed, as `FILE: NAME` and below it what was thrown, cut off; a failure that no case tells of (R1, R2) is a line that says so. */
export function failedTests(report: string | undefined, code: number): string[] {
  if (!isWhole(report)) return [`no whole report was written; exit code ${code}`];
  const failed: string[] = [];
  let file = "";
  for (const [, suite, attributes = "", body = ""] of report.matchAll(ELEMENT)) {
    if (suite === undefined) {
      if (FAILURE.test(body)) failed.push(`${file}: ${nameIn(attributes)}${thrownIn(body)}`);
    } else if (nameIn(suite).endsWith(".ts")) file = nameIn(suite).replace(/^\.\//, "");
  }
  if (code !== 0 && failed.length === 0) failed.push(`no test failed, but the exit code is ${code}`);
  return failed;
}

function isWhole(report: string | undefined): report is string {
  return report?.includes("</testsuites>") === true;
}

function nameIn(attributes: string): string {
  return plain(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "");
}

/** What a failed case threw, in indented lines. */
function thrownIn(body: string): string {
  const text = plain(/<(?:failure|error)\b(?:[^>"]|"[^"]*")*>([^<]*)/.exec(body)?.[1] ?? "");
  const lines = text.split("\n").filter((line) => line.trim() !== "").slice(0, THROWN_LINES_MAX);
  return lines.map((line) => `\n    ${line.slice(0, THROWN_LINE_MAX)}`).join("");
}

/** A text of XML without its entities. */
function plain(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|(\w+));/g,
    (whole, code: string | undefined, name: string) =>
      code === undefined ? ENTITIES[name] ?? whole : String.fromCodePoint(Number(code)),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
/** How much of what a case threw is shown. */
const THROWN_LINES_MAX = 12;
const THROWN_LINE_MAX = 300;

/** Adds `b` to `a`. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The closing line of a run: `N passed, N failed`, and `, N skipped` when any. */
export function printCounts(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}
