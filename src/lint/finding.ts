/**
 * A finding of a lint: plain data, so that it can be cached, and cross to another thread, as it is.
 */
import type { Excerpt, Severity, TextEdit } from "../lang/mod.ts";
import type { GrantChange } from "./definition_findings.ts";

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
