/** Findings of a lint as text: a table, a summary, JSON. */
import type { Finding } from "../app/mod.ts";
import { gutterOf, printExcerpt, printHelp, type Severity } from "../lang/mod.ts";
import type { Style } from "./output.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "hint"];

function painted(severity: Severity, style: Style): (text: string) => string {
  return severity === "error" ? style.red : severity === "warning" ? style.yellow : style.cyan;
}

/** Findings by entry, each with its code lines. */
export function findingsTable(findings: readonly Finding[], style: Style): string {
  const blocks: string[] = [];
  let entry = "";
  for (const finding of findings) {
    if (finding.entry !== entry) blocks.push(style.bold(finding.entry));
    entry = finding.entry;
    blocks.push(findingText(finding, style));
  }
  return blocks.join("\n\n");
}

function findingText({ code, severity, message, place, excerpts, help, fix }: Finding, style: Style): string {
  const paint = painted(severity, style);
  const gutter = gutterOf(excerpts);
  const lines = [`${style.dim(`${place}:`)} ${paint(`${severity}:`)} ${message} ${style.dim(`[${code}]`)}`];
  for (const excerpt of excerpts) {
    const [text, mark] = printExcerpt(excerpt, gutter);
    lines.push(text!, excerpt.message === undefined ? paint(mark!) : style.dim(mark!));
  }
  if (help !== undefined) lines.push(style.dim(printHelp(help, gutter)));
  if (fix !== undefined) lines.push(style.dim(printHelp(`fix: ${fix.title} (--fix does it)`, gutter)));
  return lines.join("\n");
}

/** The last line: how many entries, how many findings. */
export function totalsText(found: readonly Finding[], shown: number, entries: number, style: Style): string {
  if (found.length === 0) return `${style.green("No issues found")}\nChecked ${entries} entries`;
  const [errors, warnings, hints] = SEVERITIES.map((severity) => count(found, severity));
  const more = shown < found.length ? `Showing ${shown} of ${found.length} issues\n` : "";
  const last = hints === 0 ? "" : `, ${hints} hints`;
  return `${more}Checked ${entries} entries: ${errors} errors, ${warnings} warnings${last}`;
}

function count(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

/** Numbers by namespace and by code. */
export function summaryText(findings: readonly Finding[], style: Style): string {
  if (findings.length === 0) return "";
  const namespaces = groups(findings, ({ entry }) => entry.slice(0, entry.indexOf(":")));
  const codes = groups(findings, ({ code }) => code);
  return [
    style.bold("By namespace:"),
    "",
    ...namespaces.map(([name, items]) => {
      const kinds = SEVERITIES.map((severity) => [count(items, severity), severity] as const)
        .filter(([number]) => number > 0).map(([number, severity]) => `${number} ${severity}s`);
      return `  ${name.padEnd(30)} ${String(items.length).padStart(4)} issues (${kinds.join(", ")})`;
    }),
    "",
    style.bold("By error code:"),
    "",
    ...codes.map(([code, items]) => {
      const { severity } = items[0]!;
      const label = `[${severity.padEnd(7)}]`;
      return `  ${code.padEnd(10)} ${painted(severity, style)(label)} ${
        String(items.length).padStart(4)
      } occurrences`;
    }),
  ].join("\n");
}

function groups(findings: readonly Finding[], keyOf: (finding: Finding) => string): [string, Finding[]][] {
  const found = Map.groupBy(findings, keyOf);
  return [...found].sort(([a], [b]) => a < b ? -1 : 1);
}

/** Findings for programs; the counts are those of all, not only of the ones that are listed. */
export function findingsJson(
  shown: readonly Finding[],
  found: readonly Finding[],
  entries: number,
): string {
  const report = {
    diagnostics: shown.map(({ entry, code, severity, message, line, column }) => ({
      entry_id: entry,
      code,
      severity,
      message,
      line,
      column,
    })),
    total_entries: entries,
    error_count: count(found, "error"),
    warning_count: count(found, "warning"),
    hint_count: count(found, "hint"),
  };
  return JSON.stringify(report, null, 2);
}

/** What `--fix` has done. */
export function fixedText(count: number, files: ReadonlySet<string>): string {
  if (count === 0) return "Nothing to fix";
  return `Fixed ${count} issues in ${[...files].sort().join(", ")}`;
}
