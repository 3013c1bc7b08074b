/** What a lint of a project tells: plain data, so that it can be cached as it is. */
import type { Severity } from "../../lang/mod.ts";
import type { Finding } from "../../lint/mod.ts";

/** What a lint found. */
export interface LintReport {
  /** By entry, then severity, then line. */
  readonly findings: readonly Finding[];
  /** Entries that were checked. */
  readonly entries: readonly string[];
  /** What is odd about the project but no mistake. */
  readonly warnings: readonly string[];
}

const WEIGHTS: Readonly<Record<Severity, number>> = { error: 0, warning: 1, hint: 2 };

/** How much a severity weighs; the least is the worst. */
export function weightOf(severity: Severity): number {
  return WEIGHTS[severity];
}

/** Findings by entry, then severity, then line. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) =>
    (a.entry < b.entry ? -1 : a.entry > b.entry ? 1 : 0) ||
    weightOf(a.severity) - weightOf(b.severity) ||
    a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)
  );
}
