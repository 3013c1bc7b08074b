/**
 * Declaration files (`*.d.lua`) as reference: what they declare, with the comments before each declaration.
 *
 * R1. A comment belongs to the declaration on the line after it. The first comment of a file, with an empty line behind it,
 *     speaks of the whole. Examples stand in it, as Markdown code of the language `lua`.
 */
import type { LineMap } from "./position.ts";
import { parse, type ParsedSource } from "./parser.ts";
import type * as S from "./syntax.ts";

/** One thing that is declared. */
export interface ReferenceItem {
  readonly kind: "function" | "type" | "value";
  /** Full name: `hash.sha256`. */
  readonly name: string;
  /** The declaration as written. */
  readonly signature: string;
  /** Markdown; empty when nothing was written. */
  readonly docs: string;
  /** UTF-16 offset of the declaration. */
  readonly start: number;
  /** Fields of a record with what is written about them, and the offset where each begins. */
  readonly fields: readonly { readonly name: string; readonly docs: string; readonly start: number }[];
}

/** What one file declares. */
export interface Reference {
  /** Markdown about the whole, without its examples. */
  readonly docs: string;
  /** Sources of the examples. */
  readonly examples: readonly string[];
  readonly items: readonly ReferenceItem[];
}

const EXAMPLE = /^```lua\n([\s\S]*?)^```\n?/gm;

/** The reference of a declaration file. */
export function readReference(source: string): Reference {
  const parsed = parse(source, { isDeclaration: true });
  const comments = new CommentsByLine(parsed);
  const items = parsed.block.statements.flatMap((statement): ReferenceItem[] => {
    const named = nameOf(statement);
    if (named === undefined) return [];
    const { start, end } = statement;
    const record = statement.kind === "type" && statement.type.kind === "type-record"
      ? statement.type
      : undefined;
    const fields = (record?.fields ?? []).map((field) => ({
      name: field.name,
      docs: comments.before(field.start),
      start: field.start,
    }));
    const signature = source.slice(start, end).trim();
    return [{ ...named, signature, docs: comments.before(start), start, fields }];
  });
  const whole = comments.first();
  const examples = [...whole.matchAll(EXAMPLE)].map((match) => match[1]!);
  return { docs: whole.replaceAll(EXAMPLE, "").trim(), examples, items };
}

function nameOf(statement: S.Statement): Pick<ReferenceItem, "kind" | "name"> | undefined {
  const path = (identifiers: readonly S.Identifier[]): string =>
    identifiers.map(({ name }) => name).join(".");
  switch (statement.kind) {
    case "function-statement": {
      const method = statement.method === undefined ? "" : `:${statement.method.name}`;
      return { kind: "function", name: path(statement.path) + method };
    }
    case "declare":
      return {
        kind: statement.type.kind === "type-function" ? "function" : "value",
        name: path(statement.path),
      };
    case "type":
      return { kind: "type", name: statement.name.name };
    default:
      return undefined;
  }
}

/** Doc comments, found by the line they end on. */
class CommentsByLine {
  readonly #lines: LineMap;
  readonly #byLine = new Map<number, string>();

  constructor({ comments, lines, source }: ParsedSource) {
    this.#lines = lines;
    for (const { start, end } of comments) {
      const match = /^--- ?(.*)$/.exec(source.slice(start, end).trimEnd());
      if (match !== null) this.#byLine.set(lines.position(start).line, match[1]!);
    }
  }

  /** The comment whose last line is the one before `offset`'s. */
  before(offset: number): string {
    const lines: string[] = [];
    for (let line = this.#lines.position(offset).line - 1;; line--) {
      const text = this.#byLine.get(line);
      if (text === undefined) return lines.reverse().join("\n");
      lines.push(text);
    }
  }

  /** The comment that starts on the first line. */
  first(): string {
    const lines: string[] = [];
    for (let line = this.#lines.position(0).line;; line++) {
      const text = this.#byLine.get(line);
      if (text === undefined) return lines.join("\n");
      lines.push(text);
    }
  }
}
