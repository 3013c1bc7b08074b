/**
 * Tokens of a source into documents, in order, with the comments before them.
 *
 * TP1. Every token and every comment is printed exactly once. A comment that would run over code becomes a suffix of its line.
 * TP2. Where a line may be broken, `trailing` comes before the break and `leading` after it: so comments keep their lines.
 */
import { concat, type Doc, HARD, remark, sequence, suffix } from "./layout.ts";
import { type Comment, longLevel, tokenize, type Tokens } from "./lexer.ts";
import * as T from "./token.ts";

/** Tokens that never have a blank before them. */
const TIGHT_BEFORE = new Set([
  T.COMMA,
  T.SEMICOLON,
  T.RIGHT_PAREN,
  T.RIGHT_BRACKET,
  T.RIGHT_BRACE,
  T.DOT,
  T.COLON,
  T.EOF,
]);

/** Hands out tokens as documents. */
export class TokenPrinter {
  readonly source: string;
  readonly tokens: Tokens;
  /** Index of the next token. */
  protected index = 0;
  #comment = 0;
  /** End of the last token or comment that was handed out. */
  #printedEnd = 0;
  /** Start of the second half of a token whose first half was printed, or -1. */
  #half = -1;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  /** Kind of the next token. */
  protected get kind(): number {
    return this.#half >= 0 ? T.ASSIGN : this.tokens.kinds[this.index]!;
  }

  /** Kind of the token `ahead` of the next one. */
  protected peek(ahead: number): number {
    return this.tokens.kinds[Math.min(this.index + ahead, this.tokens.count - 1)]!;
  }

  /** Start of the next token. */
  protected get start(): number {
    return this.#half >= 0 ? this.#half : this.tokens.starts[this.index]!;
  }

  /** The next token, comments before it inline or at the end of its line. */
  protected token(): Doc {
    const inline = this.#inline();
    const kind = this.kind;
    const start = this.start;
    const end = this.tokens.ends[this.index]!;
    this.#printedEnd = end;
    this.#half = -1;
    if (kind !== T.EOF) this.index++;
    const text = this.source.slice(start, end);
    return inline === undefined ? text : concat(inline, text);
  }

  /** The first character of the next token, which the parser took apart: `>=` after a type is `>` and `=`. */
  protected firstHalf(): Doc {
    const inline = this.#inline();
    const start = this.start;
    this.#half = start + 1;
    this.#printedEnd = start + 1;
    return concat(...inline === undefined ? [] : [inline], this.source[start]!);
  }

  /** Whether a comment stands before the next token. */
  protected hasComment(): boolean {
    return this.#next() !== undefined;
  }

  /** Whether a comment stands in a range. */
  protected hasCommentIn(start: number, end: number): boolean {
    const { comments } = this.tokens;
    for (let i = this.#comment; i < comments.length && comments[i]!.start < end; i++) {
      if (comments[i]!.start >= start) return true;
    }
    return false;
  }

  /** Comments that end the line of the token just printed. */
  protected trailing(): Doc {
    const parts: Doc[] = [];
    for (let comment = this.#next(); comment !== undefined; comment = this.#next()) {
      if (this.breaksIn(this.#printedEnd, comment.start) > 0) break;
      if (this.breaksIn(comment.end, this.#following()) === 0 && this.#following() < this.source.length) {
        break;
      }
      parts.push(suffix(this.#text(comment), isShort(this.source, comment)));
      this.#take(comment);
    }
    return sequence(parts);
  }

  /** Comments before the next token that have lines of their own, with the blank lines around them. */
  protected leading(isFirst: boolean, keepsBlanks = true): Doc {
    const parts: Doc[] = [];
    let mayBeBlank = !isFirst && keepsBlanks;
    for (let comment = this.#next(); comment !== undefined; comment = this.#next()) {
      if (mayBeBlank && this.breaksIn(this.#printedEnd, comment.start) > 1) parts.push(HARD);
      mayBeBlank = keepsBlanks;
      const text = this.#text(comment);
      const isAlone = this.breaksIn(comment.end, this.#following()) > 0 || isShort(this.source, comment);
      const isMark = this.source.charCodeAt(comment.start) === 0xfeff;
      this.#take(comment);
      if (this.kind === T.EOF && this.#next() === undefined) return concat(sequence(parts), text);
      if (isAlone) parts.push(text, HARD);
      else parts.push(isMark ? text : remark(text, true));
    }
    if (mayBeBlank && this.kind !== T.EOF && this.breaksIn(this.#printedEnd, this.start) > 1) {
      parts.push(HARD);
    }
    return sequence(parts);
  }

  /** Comments before a closing token, each behind a `HARD` of its own; nothing when there are none. */
  protected dangling(isFirst: boolean): Doc {
    const parts: Doc[] = [];
    let mayBeBlank = !isFirst;
    for (let comment = this.#next(); comment !== undefined; comment = this.#next()) {
      if (mayBeBlank && this.breaksIn(this.#printedEnd, comment.start) > 1) parts.push(HARD);
      mayBeBlank = true;
      const isInline = this.breaksIn(this.#printedEnd, comment.start) === 0;
      if (isInline) parts.push(remark(this.#text(comment), false));
      else parts.push(HARD, this.#text(comment));
      this.#take(comment);
    }
    return sequence(parts);
  }

  /** Line ends between two offsets, comments between them not looked into. */
  protected breaksIn(from: number, to: number): number {
    let count = 0;
    for (let i = from; i < to; i++) {
      const code = this.source.charCodeAt(i);
      if (code === 10) count++;
      else if (code === 13 && this.source.charCodeAt(i + 1) !== 10) count++;
    }
    return count;
  }

  /** Whether the next token, or the comment before it, begins on a later line than what was printed last. */
  protected isOnNewLine(): boolean {
    const next = this.#next();
    return this.breaksIn(this.#printedEnd, next === undefined ? this.start : next.start) > 0;
  }

  #inline(): Doc | undefined {
    let comment = this.#next();
    if (comment === undefined) return undefined;
    const parts: Doc[] = [];
    for (; comment !== undefined; comment = this.#next()) {
      const text = this.#text(comment);
      if (isShort(this.source, comment)) parts.push(suffix(text, true));
      else parts.push(remark(text, !TIGHT_BEFORE.has(this.kind)));
      this.#take(comment);
    }
    return sequence(parts);
  }

  /** The comment before the next token that has not been printed. */
  #next(): Comment | undefined {
    const comment = this.tokens.comments[this.#comment];
    return comment !== undefined && comment.start <= this.start ? comment : undefined;
  }

  /** Where what comes after the next comment begins. */
  #following(): number {
    const after = this.tokens.comments[this.#comment + 1];
    return after !== undefined && after.start < this.start ? after.start : this.start;
  }

  #take(comment: Comment): void {
    this.#comment++;
    this.#printedEnd = comment.end;
  }

  #text(comment: Comment): string {
    const text = this.source.slice(comment.start, comment.end);
    return isShort(this.source, comment) ? text.trimEnd() : text;
  }
}

/** Whether a comment ends with its line: `-- …`, or a `#` first line. */
function isShort(source: string, { start, end }: Comment): boolean {
  if (source.charCodeAt(start) !== 45) return end - start > 1;
  return source.charCodeAt(start + 2) !== 91 || longLevel(source, start + 2) < 0;
}
