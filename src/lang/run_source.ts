/** Typed Lua made plain for the VM. */
import type { Diagnostic } from "./diagnostic.ts";
import { erase } from "./erase.ts";
import { parse, type ParsedSource } from "./parser.ts";
import { resolve } from "./scope.ts";
import type * as syntax from "./syntax.ts";
import { type TypeValues, typeValues } from "./type_values.ts";
import { TYPE_VALUE_WORD } from "./words.ts";

/** How to prepare a source for the VM. */
export interface RunOptions {
  /** Make type declarations and `typeof` values at run time; the caller then provides what `types` asks for. */
  readonly hasTypeValues?: boolean;
}

/** Plain Lua for the VM, or what is wrong with the source. */
export type RunSource =
  | {
    readonly ok: true;
    readonly source: string;
    readonly parsed: ParsedSource;
    /** What the source needs to have types as values. */
    readonly types: TypeValues | undefined;
  }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Turns typed Lua into plain Lua with the same lines, and the same columns but behind a type used as a value.
 *
 * A type declaration leaves `local Name` only where its name is read as a value; otherwise nothing is left of it.
 */
export function parseForRun(source: string, chunkName: string, options: RunOptions = {}): RunSource {
  const parsed = parse(source);
  if (parsed.diagnostics.length > 0) return { ok: false, diagnostics: parsed.diagnostics };
  const hasTypes = parsed.erasures.length > 0 || parsed.typeStatements.length > 0;
  if (!hasTypes && !(options.hasTypeValues && mayUseTypeValues(parsed))) {
    return { ok: true, source: erase(parsed, [], () => ""), parsed, types: undefined };
  }
  const resolution = resolve(parsed);
  const types = options.hasTypeValues ? typeValues(parsed, resolution, chunkName) : undefined;
  const used = new Set(
    resolution.variables.filter((variable) => variable.reads.length > 0).map((variable) =>
      variable.statement
    ),
  );
  const text = erase(parsed, types === undefined ? [] : resolution.typeofCalls, (node) => {
    const index = types?.indexes.get(node);
    if (resolution.typeofStatements.has(node as syntax.Expression)) return ";";
    if (node.kind === "call") return `_ENV["@types"][${index}]`;
    if (!used.has(node)) return "";
    return index === undefined
      ? `local ${node.name.name}`
      : `local ${node.name.name} = _ENV["@types"][${index}]`;
  });
  return { ok: true, source: text, parsed, types };
}

/** Whether a source without type syntax may still use types as values: `typeof`, `Number`, `string(x)`. */
function mayUseTypeValues(parsed: ParsedSource): boolean {
  return parsed.usesTypeof || TYPE_VALUE_WORD.test(parsed.source);
}
