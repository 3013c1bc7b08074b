/**
 * Pieces of SQL text with the values for their `?` marks.
 *
 * F1. Values stay as the script gave them; what becomes of them is decided when the statement runs.
 * F2. A mark inside quotes or a comment is text; `??` is a question mark that is no mark.
 */
import { Failure } from "../../../src/core/mod.ts";
import { LuaPayload, type LuaValue } from "../../../src/vm/mod.ts";

/** SQL text and what its marks stand for. */
export interface Fragment {
  readonly text: string;
  readonly args: readonly LuaValue[];
}

/** Something that can be written as SQL. */
export interface Sqlizer {
  toSql(): Fragment;
}

/** A value for a mark, or SQL to be written in its place. */
export type Operand = LuaValue | Sqlizer | readonly Operand[];

/** How marks are written. */
export type PlaceholderFormat = "question" | "dollar" | "at" | "colon";

const PREFIXES: Readonly<Record<Exclude<PlaceholderFormat, "question">, string>> = {
  dollar: "$",
  at: "@p",
  colon: ":",
};
/** Quoted text, comments, escaped and plain marks; what matters is that quotes and comments are passed over as a whole. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\?\?|\?/g;

/** The error of a builder that can't be written. */
export function invalidQuery(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** True for something that writes itself. */
export function isSqlizer(value: unknown): value is Sqlizer {
  return typeof value === "object" && value !== null && typeof (value as Sqlizer).toSql === "function";
}

/** True for nil and for `sql.NULL`. */
export function isNull(value: unknown): boolean {
  return value === null || value === undefined || value instanceof LuaPayload && value.format === "sql/null";
}

/** `text` whose marks for operands that write themselves are replaced by their text. */
export function expression(text: string, operands: readonly Operand[]): Fragment {
  if (!operands.some(isSqlizer)) return { text, args: operands as readonly LuaValue[] };
  const args: LuaValue[] = [];
  let next = 0;
  const written = text.replace(TOKENS, (token) => {
    if (token !== "?") return token;
    const operand = operands[next++];
    if (!isSqlizer(operand)) {
      args.push(operand as LuaValue);
      return token;
    }
    const inner = operand.toSql();
    args.push(...inner.args);
    return inner.text;
  });
  return { text: written, args: [...args, ...operands.slice(next) as LuaValue[]] };
}

/** Fragments one after the other, with `separator` between. */
export function joined(fragments: readonly Fragment[], separator: string): Fragment {
  return {
    text: fragments.map((fragment) => fragment.text).join(separator),
    args: fragments.flatMap((fragment) => fragment.args),
  };
}

/** `text` with its marks written in `format`. */
export function withPlaceholders(text: string, format: PlaceholderFormat): string {
  if (format === "question") return text;
  let count = 0;
  return text.replace(
    TOKENS,
    (token) => token === "?" ? `${PREFIXES[format]}${++count}` : token === "??" ? "?" : token,
  );
}
