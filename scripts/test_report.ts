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

/** The counts of a run that ended with `code` and wrote `report` (undefined: none). */
export function countReport(report: string | undefined, code: number): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (report === undefined || !report.includes("</testsuites>")) return { ...counts, failed: 1 };
  for (const match of report.matchAll(/<testcase\b(?:[^>"]|"[^"]*")*?(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const body = match[2] ?? "";
    if (/<(failure|error)\b/.test(body)) counts.failed++;
    else if (/<skipped\b/.test(body)) counts.skipped++;
    else counts.passed++;
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Adds `b` to `a`. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The closing line of a run: `N passed, N failed`, and `, N skipped` when any. */
export function printCounts(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}
