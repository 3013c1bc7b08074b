/**
 * What a lint of a project tells: plain data, so that it can be cached as it is.
 */
import type { Excerpt, Severity, TextEdit } from "../../lang/mod.ts";
import type { GrantChange } from "../../lint/mod.ts";

/** One finding. */
export interface Finding {
  /** Id of the entry. */
  readonly entry: string;
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** Line and column from 1, in the entry's source; in the definition file when the finding is about the definition. */
  readonly line: number;
  readonly column: number;
  /** File, line and column as people see them. */
  readonly place: string;
  readonly excerpts: readonly Excerpt[];
  readonly help?: string;
  readonly fix?: FindingFix;
}

/** A change after which a finding is gone. */
export interface FindingFix {
  readonly title: string;
  readonly change: FixChange;
}

/** What a fix changes: the text of the source, or a list in the definition. */
export type FixChange =
  | { readonly kind: "source"; readonly edits: readonly TextEdit[] }
  | GrantChange;

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
