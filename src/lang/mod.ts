/** Typed Lua: syntax, types, diagnostics. Needs no VM. */
import type { Diagnostic } from "./diagnostic.ts";
import { erase } from "./erase.ts";
import { parse, type ParsedSource } from "./parser.ts";
import { valueTypes } from "./scope.ts";
import type { TypeStatement } from "./syntax.ts";

export { describe, type Diagnostic, type Severity } from "./diagnostic.ts";
export { formatDiagnostic } from "./format.ts";
export type { Comment } from "./lexer.ts";
export { parse, type ParsedSource, type ParseOptions } from "./parser.ts";
export { LineMap, type Position } from "./position.ts";
export type * as syntax from "./syntax.ts";

/** How types become values at run time. */
export interface RunOptions {
  /** Lua expression that makes the run-time value of a type declaration; without it the value is nil. */
  readonly typeRuntime?: (statement: TypeStatement) => string;
}

/** Plain Lua for the VM, or what is wrong with the source. */
export type RunSource =
  | { readonly ok: true; readonly source: string; readonly parsed: ParsedSource }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Turns typed Lua into plain Lua with the same lines, and the same columns up to the first type used as a value.
 *
 * A type declaration leaves `local Name` only where its name is read as a value; otherwise nothing is left of it.
 */
export function parseForRun(source: string, _chunkName: string, options: RunOptions = {}): RunSource {
  const parsed = parse(source);
  if (parsed.diagnostics.length > 0) return { ok: false, diagnostics: parsed.diagnostics };
  if (parsed.erasures.length === 0 && parsed.typeStatements.length === 0 && parsed.comments[0]?.start !== 0) {
    return { ok: true, source, parsed };
  }
  const used = valueTypes(parsed);
  const text = erase(parsed, (statement) => {
    if (!used.has(statement)) return "";
    const value = options.typeRuntime?.(statement);
    return value === undefined ? `local ${statement.name.name}` : `local ${statement.name.name} = ${value}`;
  });
  return { ok: true, source: text, parsed };
}
