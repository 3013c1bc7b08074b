/**
 * Typed Lua to the plain Lua that the VM compiles.
 *
 * X1. A source without type syntax comes out as it went in.
 * X2. Lines stay; what comes before the first type declaration with a run-time value stays in its column too.
 */
import type { ParsedSource } from "./parser.ts";
import type { CallExpression, TypeStatement } from "./syntax.ts";

/** A replacement of a range. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The plain Lua of `parsed`. `replacement` gives what stands for a type declaration, "" when nothing has to, and for each
 * of `typeofCalls`.
 */
export function erase(
  parsed: ParsedSource,
  typeofCalls: readonly CallExpression[],
  replacement: (node: TypeStatement | CallExpression) => string,
): string {
  const { source } = parsed;
  const preamble = parsed.comments[0];
  const edits: Edit[] = [...parsed.erasures];
  if (preamble?.start === 0 && !source.startsWith("--")) edits.push({ ...preamble, text: "" });
  for (const statement of parsed.typeStatements) {
    // A semicolon: the statement before must not go on in the parenthesis that may come next.
    edits.push({ start: statement.start, end: statement.end, text: `${replacement(statement)};` });
  }
  for (const call of typeofCalls) edits.push({ start: call.start, end: call.end, text: replacement(call) });
  if (edits.length === 0) return source;
  edits.sort((a, b) => a.start - b.start || b.end - a.end);
  let out = "";
  let at = 0;
  for (const edit of edits) {
    // Inside a range that is already gone.
    if (edit.end <= at) continue;
    const start = Math.max(at, edit.start);
    out += source.slice(at, start) + blank(source, start, edit.end, edit.text);
    at = edit.end;
  }
  return out + source.slice(at);
}

/** `text` and then blanks in place of a range; line ends stay. */
function blank(source: string, start: number, end: number, text: string): string {
  let out = text;
  let skip = text.length;
  for (let i = start; i < end; i++) {
    const code = source.charCodeAt(i);
    if (code === 10 || code === 13) {
      out += source[i];
      skip = 0;
    } else if (skip > 0) skip--;
    else out += " ";
  }
  return out;
}
