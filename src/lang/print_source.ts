/**
 * Sources as everybody writes them: one layout for all.
 *
 * PS1. The tokens of a source and its comments stay, in their order; only blanks and line ends change. A source with syntax
 *      errors is left alone.
 * PS2. Printing what was printed changes nothing.
 * PS3. Line ends are those of the first line.
 */
import type { Diagnostic } from "./diagnostic.ts";
import { printLayout } from "./layout.ts";
import { tokenize } from "./lexer.ts";
import { parse, type ParseOptions } from "./parser.ts";
import { layOut } from "./statement_printer.ts";
import * as T from "./token.ts";

/** Columns that a line should not pass. */
const WIDTH = 100;
const INDENTATION = "  ";

/** Most times a source is printed again because a comment moved. */
const PASSES_MAX = 12;

/** A source printed, or what is wrong with it. */
export type PrintedSource =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Lays a source out anew. */
export function printSource(source: string, options: ParseOptions = {}): PrintedSource {
  const parsed = parse(source, options);
  if (parsed.diagnostics.length > 0) return { ok: false, diagnostics: parsed.diagnostics };
  const lineEnd = /\r\n|\n\r|\r|\n/.exec(source)?.[0] ?? "\n";
  const facts = factsOf(source);
  let text = source;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const next = printOnce(text, options, lineEnd);
    if (next === text) break;
    if (factsOf(next) !== facts) throw new Error("printing a source changed its tokens");
    text = next;
  }
  return { ok: true, text };
}

function printOnce(source: string, options: ParseOptions, lineEnd: string): string {
  const parsed = parse(source, options);
  const [problem] = parsed.diagnostics;
  if (problem !== undefined) throw new Error(`printing a source broke it at ${problem.start}`);
  const body = printLayout(layOut(parsed), WIDTH, INDENTATION).trimEnd();
  if (body === "") return "";
  const text = `${body}\n`;
  return lineEnd === "\n" ? text : text.replace(/\r\n|\n/g, lineEnd);
}

/** Tokens and comments of a source as one text to compare by; layout is not in it. */
function factsOf(source: string): string {
  const { kinds, starts, ends, count, comments } = tokenize(source);
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const text = source.slice(starts[i]!, ends[i]!);
    // A type's closing angle may stick to what follows.
    parts.push(kinds[i] === T.GREATER_EQUAL || kinds[i] === T.SHIFT_RIGHT ? `${text[0]} ${text[1]}` : text);
  }
  for (const { start, end } of comments) parts.push(source.slice(start, end).trimEnd());
  return parts.join(" ").replace(/\r\n?|\n\r?/g, "\n");
}
