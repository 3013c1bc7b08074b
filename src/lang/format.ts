/**
 * Diagnostics as text for people: place, message, the line and a mark under the range.
 */
import { describe, type Diagnostic } from "./diagnostic.ts";
import { LineMap } from "./position.ts";

/** Longest part of a source line that is shown. */
const LINE_SHOWN_MAX = 160;

/** `chunk:line:column: message [code]` and the line with a caret below. `source` is the text or its line map. */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  chunkName: string,
  source: string | LineMap,
): string {
  const lines = typeof source === "string" ? new LineMap(source) : source;
  const from = lines.position(diagnostic.start);
  const text = lines.text(from.line);
  const first = from.columnUtf16 - 1;
  const last = Math.min(
    Math.max(first + 1, first + diagnostic.end - diagnostic.start),
    Math.max(text.length, first + 1),
  );
  const cut = first > LINE_SHOWN_MAX / 2 ? first - LINE_SHOWN_MAX / 2 : 0;
  const shown = printable(text.slice(cut, cut + LINE_SHOWN_MAX));
  const gutter = String(from.line);
  const margin = printable(text.slice(cut, first)).replace(/[^\t]/g, " ");
  const mark = "^".repeat(Math.max(1, Math.min(last, cut + LINE_SHOWN_MAX) - first));
  return [
    `${chunkName}:${from.line}:${from.column}: ${describe(diagnostic)} [${diagnostic.code}]`,
    ` ${gutter} | ${shown}`,
    ` ${" ".repeat(gutter.length)} | ${margin}${mark}`,
  ].join("\n");
}

/** Control characters would garble a terminal. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "?");
}
