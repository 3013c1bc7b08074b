/** Lint of whole projects: findings, their cache, and the changes they propose. */
export type { Finding } from "../../lint/mod.ts";
export { type LintReport, sortFindings, weightOf } from "./lint_report.ts";
export { fixFindings, type FixOutcome } from "./fix_project.ts";
export { lintEntries, lintProject, type LintRequest, namespaceFits } from "./lint_project.ts";
