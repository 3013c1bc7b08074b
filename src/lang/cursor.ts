/**
 * The parser's place among the tokens, its errors and its nesting.
 *
 * C1. After an error nothing more is reported until the statement loop has found its footing again (`recover`).
 * C2. Nesting deeper than `NESTING_MAX` is an error, reported once; parsing then skips to the end of the source.
 */
import type { Diagnostic, SyntaxProblem } from "./diagnostic.ts";
import { tokenize, type Tokens } from "./lexer.ts";
import { LineMap } from "./position.ts";
import * as T from "./token.ts";

/**
 * Deepest nesting of statements, expressions and types together. Lua itself allows 200 levels of which the callers of
 * its compiler need some; past this bound the message is ours.
 */
export const NESTING_MAX = 190;

/** Syntax errors kept per source; a source with more is not Lua at all. */
const ERRORS_MAX = 100;

/** What `fail` needs of a closing word: where its opener stands. */
export interface Opener {
  readonly text: string;
  readonly start: number;
}

/** Reads tokens one after the other. */
export class Cursor {
  readonly source: string;
  readonly tokens: Tokens;
  readonly diagnostics: Diagnostic[];
  /** Kind of the current token. */
  kind: number;
  /** Index of the current token. */
  index = 0;
  protected isRecovering = false;
  #depth = 0;
  /** Index of the token whose first half was taken last. */
  #split = -1;
  #lines: LineMap | undefined;
  #suspect: { opener: string; start: number } | undefined;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
    this.diagnostics = this.tokens.diagnostics;
    this.kind = this.tokens.kinds[0]!;
  }

  /** Lines of the source, made on first use. */
  get lines(): LineMap {
    return this.#lines ??= new LineMap(this.source);
  }

  /** Start of the current token. */
  get start(): number {
    return this.tokens.starts[this.index]!;
  }

  /** End of the last token taken. */
  get previousEnd(): number {
    if (this.index === this.#split) return this.tokens.starts[this.index]!;
    return this.index === 0 ? 0 : this.tokens.ends[this.index - 1]!;
  }

  /** Kind of the token `ahead` of the current one. */
  peek(ahead: number): number {
    const index = this.index + ahead;
    return index < this.tokens.count ? this.tokens.kinds[index]! : T.EOF;
  }

  /** Goes to the next token; stays on the last. */
  next(): void {
    if (this.kind !== T.EOF) this.kind = this.tokens.kinds[++this.index]!;
  }

  /** Takes the current token if it is of `kind`. */
  accept(kind: number): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  /** Takes a token of `kind`, or reports that it is missing and takes nothing. */
  expect(kind: number): boolean {
    if (this.kind === kind) {
      this.next();
      return true;
    }
    this.expected(`'${T.TOKEN_TEXTS[kind]}'`);
    return false;
  }

  /** Text of the current token. */
  text(): string {
    return this.source.slice(this.tokens.starts[this.index]!, this.tokens.ends[this.index]!);
  }

  /** Whether the current token is the contextual word `word`. */
  isWord(word: string): boolean {
    const start = this.tokens.starts[this.index]!;
    return this.kind === T.NAME && this.tokens.ends[this.index]! - start === word.length &&
      this.source.startsWith(word, start);
  }

  /** Whether token `ahead` begins on a later line than the token before it ends. */
  isAfterNewline(ahead = 0): boolean {
    const index = this.index + ahead;
    if (index === 0) return true;
    const end = this.tokens.starts[Math.min(index, this.tokens.count - 1)]!;
    for (let i = this.tokens.ends[index - 1]!; i < end; i++) {
      const code = this.source.charCodeAt(i);
      if (code === 10 || code === 13) return true;
    }
    return false;
  }

  /** Takes the first half of the current two-character token; what stays is of kind `rest`. */
  takeFirstHalf(rest: number): void {
    this.tokens.kinds[this.index] = rest;
    this.tokens.starts[this.index]! += 1;
    this.kind = rest;
    this.#split = this.index;
  }

  /** Goes one level deeper; false when that is too deep. Pair with `leave` in both cases. */
  enter(): boolean {
    if (++this.#depth <= NESTING_MAX) return true;
    this.fail(this.start, this.tokens.ends[this.index]!, { kind: "nesting", limit: NESTING_MAX });
    this.index = this.tokens.count - 1;
    this.kind = T.EOF;
    return false;
  }

  /** Comes back from one level. */
  leave(): void {
    this.#depth--;
  }

  /** Reports a syntax error, unless the parser is still getting over the last one. */
  fail(start: number, end: number, problem: SyntaxProblem): void {
    if (this.isRecovering) return;
    this.isRecovering = true;
    this.note(start, end, problem);
  }

  /** Reports an error that leaves the parser on its feet. */
  note(start: number, end: number, problem: SyntaxProblem): void {
    if (this.diagnostics.length < ERRORS_MAX) {
      this.diagnostics.push({ code: "P0001", severity: "error", start, end, problem });
    } else if (this.diagnostics.length === ERRORS_MAX) {
      const at = this.start;
      this.diagnostics.push({
        code: "P0001",
        severity: "error",
        start: at,
        end: at,
        problem: { kind: "too-many" },
      });
      this.index = this.tokens.count - 1;
      this.kind = T.EOF;
    }
  }

  /** Reports that `what` should stand here. */
  expected(what: string): void {
    const [start, end] = this.#blame();
    this.fail(start, end, { kind: "expected", expected: what, found: this.found() });
  }

  /** Takes the token that closes `opener`, or reports where the opener stands. */
  close(kind: number, opener: Opener): void {
    if (this.kind === kind) {
      if (kind === T.END || kind === T.UNTIL) this.#compareIndentation(opener);
      return this.next();
    }
    if (this.isRecovering) return;
    const suspect = this.#suspect;
    const [start, end] = this.#blame();
    this.fail(start, end, {
      kind: "unclosed",
      expected: T.TOKEN_TEXTS[kind]!,
      found: this.found(),
      opener: opener.text,
      openerLine: this.lines.line(opener.start),
      suspect: suspect === undefined || kind !== T.END
        ? undefined
        : { opener: suspect.opener, line: this.lines.line(suspect.start) },
    });
  }

  /** The current token in words. */
  found(): string {
    switch (this.kind) {
      case T.EOF:
        return "the end of the source";
      case T.NAME:
        return `name '${shorten(this.text())}'`;
      case T.NUMBER:
        return `number ${shorten(this.text())}`;
      case T.STRING:
        return "a string";
      default:
        return `'${this.text()}'`;
    }
  }

  /** What is missing at a line's end is shown there, not at the start of the next line. */
  #blame(): [number, number] {
    if (this.index > 0 && (this.kind === T.EOF || this.isAfterNewline())) {
      return [this.previousEnd, this.previousEnd + 1];
    }
    return [this.start, Math.max(this.start + 1, this.tokens.ends[this.index]!)];
  }

  /** Remembers the first block whose `end` starts a line and is indented unlike the line of its opener. */
  #compareIndentation(opener: Opener): void {
    if (this.#suspect !== undefined || this.kind !== T.END || !this.isAfterNewline()) return;
    if (this.#indentation(opener.start) !== this.#indentation(this.start)) {
      this.#suspect = { opener: opener.text, start: opener.start };
    }
  }

  #indentation(offset: number): number {
    let lineStart = offset;
    while (lineStart > 0 && this.source[lineStart - 1] !== "\n" && this.source[lineStart - 1] !== "\r") {
      lineStart--;
    }
    let at = lineStart;
    while (this.source[at] === " " || this.source[at] === "\t") at++;
    return at - lineStart;
  }
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}
