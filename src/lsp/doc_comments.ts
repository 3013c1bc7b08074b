/**
 * Doc comments: the lines of `--` directly above a declaration.
 */
import { parse, type ParsedSource } from "../lang/mod.ts";
import type { ModuleDefinition } from "../lua/mod.ts";

/** The comment directly above the line of `offset`, without its dashes; `""` when there is none. */
export function docAbove(parsed: ParsedSource, offset: number): string {
  const { comments, lines, source } = parsed;
  const found: string[] = [];
  let line = lines.line(offset);
  for (let i = lastBefore(comments, offset); i >= 0; i--) {
    const { start, end } = comments[i]!;
    const text = source.slice(start, end);
    const first = lines.line(start);
    if (lines.line(end) !== line - 1 || !/^\s*$/.test(source.slice(lines.starts[first - 1], start))) break;
    if (/^#|^\ufeff/.test(text)) break;
    found.unshift(withoutDashes(text));
    line = first;
  }
  return found.join("\n").trim();
}

/** Index of the last comment that begins before `offset`. */
function lastBefore(comments: ParsedSource["comments"], offset: number): number {
  let low = 0;
  let high = comments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comments[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function withoutDashes(comment: string): string {
  const long = /^--\[(=*)\[([\s\S]*)\]\1\]$/.exec(comment);
  return long === null ? comment.replace(/^-{2,}\s?/, "") : long[2]!.trim();
}

/** What is written about the members of the modules, by full name: `funcs.call`, `funcs.Executor.call`. */
export class LibraryDocs {
  readonly #modules: readonly ModuleDefinition[];
  #docs: ReadonlyMap<string, string> | undefined;

  constructor(modules: Iterable<ModuleDefinition>) {
    this.#modules = [...modules];
  }

  /** The text about a member, or about a module as a whole; `""` when there is none. */
  of(path: string): string {
    this.#docs ??= readDocs(this.#modules);
    return this.#docs.get(path) ?? "";
  }
}

function readDocs(modules: readonly ModuleDefinition[]): Map<string, string> {
  const docs = new Map<string, string>();
  const keep = (path: string, doc: string): void => {
    if (doc !== "") docs.set(path, doc);
  };
  for (const { name, types } of modules) {
    const parsed = parse(types, { isDeclaration: true });
    const [first] = parsed.comments;
    // A comment of its own at the top is about the module.
    if (first?.start === 0 && !docTouches(parsed)) keep(name, docAbove(parsed, endOfTop(parsed)));
    for (const statement of parsed.block.statements) {
      const doc = docAbove(parsed, statement.start);
      if (statement.kind === "function-statement") {
        const path = [...statement.path, ...statement.method === undefined ? [] : [statement.method]];
        keep(path.map((part) => part.name).join("."), doc);
      } else if (statement.kind === "declare") keep(statement.path.map((part) => part.name).join("."), doc);
      else if (statement.kind === "type") {
        keep(statement.name.name, doc);
        if (statement.type.kind !== "type-record") continue;
        for (const field of statement.type.fields) {
          keep(`${statement.name.name}.${field.name}`, docAbove(parsed, field.start));
        }
      }
    }
  }
  return docs;
}

/** Whether the first comment belongs to the first statement. */
function docTouches(parsed: ParsedSource): boolean {
  const [statement] = parsed.block.statements;
  return statement !== undefined &&
    parsed.lines.line(statement.start) === parsed.lines.line(topEnd(parsed)) + 1;
}

/** End of the comments that stand together at the top. */
function topEnd({ comments, lines }: ParsedSource): number {
  let end = comments[0]!.end;
  for (const comment of comments) {
    if (lines.line(comment.start) > lines.line(end) + 1) break;
    end = comment.end;
  }
  return end;
}

/** An offset on the line below the comments at the top. */
function endOfTop(parsed: ParsedSource): number {
  return Math.min(parsed.source.length, topEnd(parsed) + 1);
}
