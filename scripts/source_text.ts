/**
 * TypeScript and Lua sources with comments and literals told apart from code.
 *
 * Not a parser: enough of the lexical grammar that a check never mistakes a comment or a string for code.
 *
 * T1. `code` has the source's length and line breaks; comments and the contents of literals are blanks in it.
 */

/** A string, template or long-bracket literal, quotes included in the range. */
export interface Literal {
  readonly start: number;
  readonly end: number;
  /** Text between the quotes, simple escapes resolved. */
  readonly value: string;
  /** Whether it holds `${...}`. */
  readonly computed: boolean;
}

/** A scanned source. */
export interface SourceText {
  readonly source: string;
  readonly code: string;
  readonly literals: readonly Literal[];
  readonly comments: readonly { start: number; end: number }[];
}

/** Line number (from 1) of an offset. */
export function lineOf(source: string, offset: number): number {
  let line = 1;
  for (let i = source.indexOf("\n"); i !== -1 && i < offset; i = source.indexOf("\n", i + 1)) line++;
  return line;
}

/** Scans TypeScript. */
export function scanTypescript(source: string): SourceText {
  const scan = new Scan(source);
  let i = 0;
  // Depth of `{` inside each open `${`: its closing brace continues the template.
  const templates: { depth: number; start: number }[] = [];
  const template = (from: number, start: number): number => {
    let j = from;
    while (j < source.length) {
      if (source[j] === "\\") j += 2;
      else if (source[j] === "`") {
        scan.blank(from, j);
        scan.literal(start, j + 1, source.slice(start + 1, j).includes("${"));
        return j + 1;
      } else if (source[j] === "$" && source[j + 1] === "{") {
        scan.blank(from, j);
        templates.push({ depth: 0, start });
        return j + 2;
      } else j++;
    }
    scan.blank(from, j);
    return j;
  };
  while (i < source.length) {
    const c = source[i]!;
    const next = source[i + 1];
    if (c === "/" && next === "/") i = scan.comment(i, endOfLine(source, i));
    else if (c === "/" && next === "*") i = scan.comment(i, after(source, "*/", i + 2));
    else if (c === '"' || c === "'") i = scan.quoted(i, c);
    else if (c === "`") i = template(i + 1, i);
    else if (c === "/" && startsRegExp(scan, i)) i = scan.regExp(i);
    else {
      const open = templates.at(-1);
      if (c === "{" && open !== undefined) open.depth++;
      if (c === "}" && open !== undefined && open.depth-- === 0) {
        templates.pop();
        i = template(i + 1, open.start);
      } else i++;
    }
  }
  return scan.result();
}

/** Scans Lua. */
export function scanLua(source: string): SourceText {
  const scan = new Scan(source);
  let i = 0;
  while (i < source.length) {
    const c = source[i]!;
    if (c === "-" && source[i + 1] === "-") {
      const long = longBracket(source, i + 2);
      i = scan.comment(i, long ?? endOfLine(source, i));
    } else if (c === '"' || c === "'") i = scan.quoted(i, c);
    else if (c === "[") {
      const end = longBracket(source, i);
      if (end === undefined) i++;
      else {
        scan.blank(i, end);
        scan.literal(i, end, false);
        i = end;
      }
    } else i++;
  }
  return scan.result();
}

class Scan {
  readonly source: string;
  readonly #code: string[];
  readonly #literals: Literal[] = [];
  readonly #comments: { start: number; end: number }[] = [];

  constructor(source: string) {
    this.source = source;
    this.#code = source.split("");
  }

  blank(from: number, to: number): void {
    for (let i = from; i < to && i < this.#code.length; i++) if (this.#code[i] !== "\n") this.#code[i] = " ";
  }

  comment(start: number, end: number): number {
    this.blank(start, end);
    this.#comments.push({ start, end });
    return end;
  }

  literal(start: number, end: number, computed: boolean): void {
    const value = this.source.slice(start + 1, end - 1).replace(/\\(["'`\\])/g, "$1");
    this.#literals.push({ start, end, value, computed });
  }

  quoted(start: number, quote: string): number {
    let i = start + 1;
    while (i < this.source.length && this.source[i] !== quote && this.source[i] !== "\n") {
      i += this.source[i] === "\\" ? 2 : 1;
    }
    this.blank(start + 1, i);
    this.literal(start, i + 1, false);
    return i + 1;
  }

  regExp(start: number): number {
    let i = start + 1;
    let inClass = false;
    while (i < this.source.length && this.source[i] !== "\n") {
      const c = this.source[i];
      if (c === "\\") i++;
      else if (c === "[") inClass = true;
      else if (c === "]") inClass = false;
      else if (c === "/" && !inClass) break;
      i++;
    }
    this.blank(start + 1, i);
    return i + 1;
  }

  /** Code before `offset` on which a regular expression's first slash would depend. */
  before(offset: number): string {
    let i = offset - 1;
    while (i >= 0 && /\s/.test(this.#code[i]!)) i--;
    return this.#code.slice(Math.max(0, i - 12), i + 1).join("");
  }

  result(): SourceText {
    this.#literals.sort((a, b) => a.start - b.start);
    return {
      source: this.source,
      code: this.#code.join(""),
      literals: this.#literals,
      comments: this.#comments,
    };
  }
}

function startsRegExp(scan: Scan, offset: number): boolean {
  const before = scan.before(offset);
  if (before === "") return true;
  if (/\b(return|typeof|case|in|of|do|else|void|yield|await)$/.test(before)) return true;
  return /[([{,;:=!&|?+\-*%<>~^]$/.test(before) || before.endsWith("=>");
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end === -1 ? source.length : end;
}

function after(source: string, text: string, from: number): number {
  const end = source.indexOf(text, from);
  return end === -1 ? source.length : end + text.length;
}

function longBracket(source: string, at: number): number | undefined {
  if (source[at] !== "[") return undefined;
  let i = at + 1;
  while (source[i] === "=") i++;
  if (source[i] !== "[") return undefined;
  return after(source, `]${"=".repeat(i - at - 1)}]`, i + 1);
}
