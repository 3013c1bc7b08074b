/**
 * What a user types into a session, as code for the VM.
 *
 * Q1. An expression is returned. Q2. Locals of the outermost block become globals of the session, so that they are there for what
 * is typed next; lines and columns stay.
 */
import { parse, type ParsedSource, parseForRun, type syntax } from "../lang/running.ts";

/** Chunk name of what is typed. */
export const SHELL_CHUNK = "shell";

/** The source that an input means: an expression becomes a return. */
export function shellSource(input: string): string {
  const bare = input.replace(/^\s*=/, " ");
  const asValue = `return ${bare}`;
  return parse(asValue).diagnostics.length === 0 ? asValue : input;
}

/** Plain Lua for the session, or what is wrong with the source. */
export function shellCode(source: string): ReturnType<typeof parseForRun> {
  const result = parseForRun(source, SHELL_CHUNK);
  if (!result.ok) return result;
  return { ...result, source: withGlobals(result.source, result.parsed) };
}

/** Types are erased in place, so that places in the parsed source hold for the plain one as well. */
function withGlobals(text: string, { block }: ParsedSource): string {
  const changes: { at: number; length: number; by: string }[] = [];
  for (const statement of block.statements) {
    if (statement.kind === "local-function") changes.push(blanked(statement.start, "local"));
    else if (statement.kind === "local") changes.push(...globalsOf(statement, text));
  }
  let result = text;
  for (const { at, length, by } of changes.sort((a, b) => b.at - a.at)) {
    result = result.slice(0, at) + by + result.slice(at + length);
  }
  return result;
}

function blanked(at: number, word: string): { at: number; length: number; by: string } {
  return { at, length: word.length, by: " ".repeat(word.length) };
}

/** Nothing for what is closed at the end of its block: that is the end of the input. */
function globalsOf(
  statement: syntax.LocalStatement,
  text: string,
): { at: number; length: number; by: string }[] {
  if (statement.bindings.some(({ attribute }) => attribute === "close")) return [];
  const changes = [blanked(statement.start, "local")];
  const head = text.slice(statement.start, statement.values[0]?.start ?? statement.end);
  for (const match of head.matchAll(/<\s*\w+\s*>/g)) {
    changes.push({
      at: statement.start + match.index,
      length: match[0].length,
      by: " ".repeat(match[0].length),
    });
  }
  if (statement.values.length === 0) changes.push({ at: statement.end, length: 0, by: " = nil" });
  return changes;
}
