/** What a cache file must look like to be taken for what was written: anybody may have changed it since. */
import type { KnownFindings } from "../../lint/mod.ts";
import type { LintReport } from "./lint_report.ts";
import type { Observation } from "../observed_files.ts";

type Fits = (value: unknown) => boolean;

const text: Fits = (value) => typeof value === "string";
const number: Fits = (value) => Number.isSafeInteger(value);
const flag: Fits = (value) => typeof value === "boolean";
const listOf = (item: Fits): Fits => (value) => Array.isArray(value) && value.every(item);
const optional = (fits: Fits): Fits => (value) => value === undefined || fits(value);
const oneOf = (...words: readonly string[]): Fits => (value) => words.includes(value as string);

function record(fields: Readonly<Record<string, Fits>>): Fits {
  const all = Object.entries(fields);
  return (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    all.every(([name, fits]) => fits((value as Record<string, unknown>)[name]));
}

const triple = (first: Fits): Fits => (value) =>
  Array.isArray(value) && value.length === 3 && first(value[0]) && text(value[1]) && text(value[2]);

const sourceChange = record({
  kind: oneOf("source"),
  edits: listOf(record({ start: number, end: number, text })),
});
const grantChange = record({
  kind: oneOf("grant"),
  list: oneOf("modules", "imports"),
  name: text,
  target: optional(text),
  isAdded: flag,
});
const plainFinding = {
  entry: text,
  code: text,
  severity: oneOf("error", "warning", "hint"),
  message: text,
  line: number,
  column: number,
  excerpts: listOf(record({ line: number, text, margin: text, length: number, message: optional(text) })),
  help: optional(text),
  fix: optional(record({ title: text, change: (value) => sourceChange(value) || grantChange(value) })),
};
const entryFindings = record({
  key: text,
  asked: listOf(triple(oneOf("kind", "allow", "workflow"))),
  findings: listOf(record(plainFinding)),
  used: optional(listOf(text)),
  made: listOf(text),
});
const keptReport = record({
  observations: listOf(triple(oneOf("read", "list", "stat", "real"))),
  report: record({
    findings: listOf(record({ ...plainFinding, place: text })),
    entries: listOf(text),
    warnings: listOf(text),
  }),
});

/** A report as it is kept. */
export interface KeptReport {
  readonly observations: Observation[];
  readonly report: LintReport;
}

/** Whether a value is a kept report. */
export function isKeptReport(value: unknown): value is KeptReport {
  return keptReport(value);
}

/** The findings of single entries in a value; those that are malformed are left out. */
export function keptEntries(value: unknown): KnownFindings {
  if (typeof value !== "object" || value === null) return new Map();
  return new Map(Object.entries(value).filter(([, found]) => entryFindings(found)));
}
