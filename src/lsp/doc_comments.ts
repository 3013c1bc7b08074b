/**
 * Doc comments: the lines of `--` directly above a declaration.
 */
import { type ParsedSource, readReference } from "../lang/mod.ts";
import type { ModuleDeclaration } from "../lua/mod.ts";

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
  readonly #modules: readonly ModuleDeclaration[];
  #docs: ReadonlyMap<string, string> | undefined;

  constructor(modules: Iterable<ModuleDeclaration>) {
    this.#modules = [...modules];
  }

  /** The text about a member, or about a module as a whole; `""` when there is none. */
  of(path: string): string {
    this.#docs ??= readDocs(this.#modules);
    return this.#docs.get(path) ?? "";
  }
}

function readDocs(modules: readonly ModuleDeclaration[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name: module, types } of modules) {
    const { docs, items } = readReference(types);
    found.set(module, docs);
    for (const { name, docs, fields } of items) {
      const path = name.replace(":", ".");
      found.set(path, docs);
      for (const field of fields) found.set(`${path}.${field.name}`, field.docs);
    }
  }
  return found;
}
