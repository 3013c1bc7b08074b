/**
 * Lua sources as the VM takes them, without their types.
 *
 * PS1. The parser is read when a source needs it, which takes longer than a short program runs. Whoever brings a source that may
 *      have types awaits `readParser` before it is compiled, or hands the parser in with `useParser`.
 * PS2. A source that has no types goes to the VM as it is; when the VM does not take it, the parser says why.
 */
import { Failure } from "../core/mod.ts";
import { mayBeTyped } from "../lang/words.ts";
import type { PlainSource } from "./lua_cache.ts";

type Parser = Pick<typeof import("../lang/running.ts"), "formatDiagnostic" | "LineMap" | "parseForRun">;

let parser: Parser | undefined;

/** Reads the parser; whether that had still to be done. */
export async function readParser(): Promise<boolean> {
  if (parser !== undefined) return false;
  parser = await import("../lang/running.ts");
  return true;
}

/** Takes the parser from who has read it anyway. */
export function useParser(read: Parser): void {
  parser ??= read;
}

/** Whether the parser has to be read before this source can be compiled. */
export function needsParser(source: string): boolean {
  return parser === undefined && mayBeTyped(source);
}

/** A source as plain Lua. Fails with Invalid; `details.chunk` says where. */
export function plainSource(source: string, id: string): PlainSource {
  return mayBeTyped(source) ? parsedSource(source, id) : { source, types: undefined };
}

/** Fails as the parser does with a source that the VM did not take; does nothing as long as the parser was not read. */
export function explain(source: string, id: string): void {
  if (parser !== undefined) parsedSource(source, id);
}

/** As `plainSource`, for a source that must be found well-formed by itself. */
export function parsedSource(source: string, id: string): PlainSource {
  if (parser === undefined) throw new Error(`${id} is compiled before the parser was read`);
  const { formatDiagnostic, LineMap, parseForRun } = parser;
  const result = parseForRun(source, id, { hasTypeValues: true });
  if (result.ok) return result;
  const text = result.diagnostics.map((found) => formatDiagnostic(found, id, source)).join("\n");
  const first = new LineMap(source).position(result.diagnostics[0]!.start);
  const chunk = { id, line: first.line, column: first.column };
  throw new Failure("Invalid", text, { retryable: false, details: { chunk } });
}
