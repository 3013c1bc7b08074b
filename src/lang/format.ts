/**
 * Diagnostics as text for people: place, message, the line and a mark under the range.
 */
import { describe, type Diagnostic } from "./diagnostic.ts";
import { LineMap } from "./position.ts";

/** Longest part of a source line that is shown. */
const LINE_SHOWN_MAX = 160;

/**
 * `chunk:line:column: message [code]`, the line with a caret below, the places it is related to and what to do. `source` is
 * the text or its line map.
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  chunkName: string,
  source: string | LineMap,
): string {
  const lines = typeof source === "string" ? new LineMap(source) : source;
  const { line, column } = lines.position(diagnostic.start);
  const excerpts = excerptsOf(diagnostic, lines);
  const text = [
    `${chunkName}:${line}:${column}: ${describe(diagnostic)} [${diagnostic.code}]`,
    ...excerpts.flatMap((excerpt) => printExcerpt(excerpt, gutterOf(excerpts))),
  ];
  if (diagnostic.help !== undefined) text.push(printHelp(diagnostic.help, gutterOf(excerpts)));
  return text.join("\n");
}

/** A source line with a mark under part of it. */
export interface Excerpt {
  /** Number of the line, from 1. */
  readonly line: number;
  readonly text: string;
  /** Spaces and tabs before the mark. */
  readonly margin: string;
  /** Characters that are marked. */
  readonly length: number;
  /** What stands behind the mark; the mark of the finding itself has none. */
  readonly message: string | undefined;
}

/** The lines that show a finding: its own, then those it is related to. */
export function excerptsOf(
  { start, end, related = [] }: Pick<Diagnostic, "start" | "end" | "related">,
  lines: LineMap,
): Excerpt[] {
  return [{ start, end, message: undefined }, ...related].map((place) => excerpt(place, lines));
}

function excerpt(
  { start, end, message }: { start: number; end: number; message: string | undefined },
  lines: LineMap,
): Excerpt {
  const from = lines.position(start);
  const text = lines.text(from.line);
  const first = from.columnUtf16 - 1;
  const last = Math.min(Math.max(first + 1, first + end - start), Math.max(text.length, first + 1));
  const cut = first > LINE_SHOWN_MAX / 2 ? first - LINE_SHOWN_MAX / 2 : 0;
  return {
    line: from.line,
    text: printable(text.slice(cut, cut + LINE_SHOWN_MAX)),
    margin: printable(text.slice(cut, first)).replace(/[^\t]/g, " "),
    length: Math.max(1, Math.min(last, cut + LINE_SHOWN_MAX) - first),
    message,
  };
}

/** Width of the line numbers of some excerpts. */
export function gutterOf(excerpts: readonly Excerpt[]): number {
  return Math.max(1, ...excerpts.map(({ line }) => String(line).length));
}

/** Two lines of text: the source and the mark under it. */
export function printExcerpt(shown: Excerpt, gutter: number): string[] {
  const { line, text, margin, length, message } = shown;
  const mark = message === undefined ? "^".repeat(length) : `${"-".repeat(length)} ${message}`;
  return [` ${String(line).padStart(gutter)} | ${text}`, ` ${" ".repeat(gutter)} | ${margin}${mark}`];
}

/** The line that says what to do. */
export function printHelp(help: string, gutter: number): string {
  return ` ${" ".repeat(gutter)} = ${help}`;
}

/** Control characters would garble a terminal. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "?");
}
