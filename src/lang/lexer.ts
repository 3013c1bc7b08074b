/**
 * Source text to tokens, all at once, into arrays of numbers: the parser may look ahead as far as it needs.
 *
 * Owns what a token is. Errors are diagnostics and scanning goes on: an unclosed string ends at its line, an unknown
 * character is skipped. A hot file: `tests/bench/parse.ts` measures it, hence the arrays and plain loops.
 */
import type { Diagnostic, SyntaxProblem } from "./diagnostic.ts";
import * as T from "./token.ts";

/** A comment, its dashes included; a byte order mark and a `#` first line count as one. */
export interface Comment {
  readonly start: number;
  readonly end: number;
}

/** Tokens by index; the last one is `EOF`. */
export interface Tokens {
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Number of tokens, `EOF` included. */
  readonly count: number;
  readonly comments: readonly Comment[];
  readonly diagnostics: Diagnostic[];
}

const LETTER = 1;
const DIGIT = 2;
const SPACE = 3;

/** Character classes of ASCII. */
const CLASS = classTable();

function classTable(): Uint8Array {
  const table = new Uint8Array(128);
  for (let c = 65; c <= 90; c++) table[c] = table[c + 32] = LETTER;
  table[95] = LETTER;
  for (let c = 48; c <= 57; c++) table[c] = DIGIT;
  for (const c of [9, 10, 11, 12, 13, 32]) table[c] = SPACE;
  return table;
}

/** Kinds of the tokens that are one character whatever follows. */
const SINGLE = singleTable();

function singleTable(): Uint8Array {
  const table = new Uint8Array(128);
  for (const text of "+*%^#&|(){}];,?@") table[text.charCodeAt(0)] = T.TOKEN_TEXTS.indexOf(text);
  return table;
}

/** Scans a whole source. Never throws, whatever the text. */
export function tokenize(source: string): Tokens {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: string;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #comments: Comment[] = [];
  #kinds: Uint8Array;
  #starts: Int32Array;
  #ends: Int32Array;
  /** Where the token that `#symbol` read ends. */
  #end = 0;

  constructor(source: string) {
    this.#source = source;
    const capacity = (source.length >> 2) + 16;
    this.#kinds = new Uint8Array(capacity);
    this.#starts = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
  }

  run(): Tokens {
    const source = this.#source;
    const length = source.length;
    let kinds = this.#kinds;
    let starts = this.#starts;
    let ends = this.#ends;
    let count = 0;
    let at = this.#preamble();
    for (;;) {
      let code = 0;
      for (; at < length; at++) {
        code = source.charCodeAt(at);
        if (code > 32 || CLASS[code] !== SPACE) break;
      }
      const start = at;
      let kind = T.EOF;
      if (at < length) {
        const type = code < 128 ? CLASS[code]! : 0;
        if (type === LETTER) {
          at++;
          while (at < length) {
            const next = source.charCodeAt(at);
            if (next >= 128) break;
            const nextType = CLASS[next]!;
            if (nextType !== LETTER && nextType !== DIGIT) break;
            at++;
          }
          kind = T.keywordOrName(source, start, at);
        } else if (code < 128 && SINGLE[code] !== 0) {
          kind = SINGLE[code]!;
          at++;
        } else if (type === DIGIT) {
          at = this.#number(start);
          kind = T.NUMBER;
        } else {
          kind = this.#symbol(start, code);
          at = this.#end;
          if (kind === T.EOF) continue;
        }
      }
      if (count === kinds.length) {
        this.#grow(count * 2);
        kinds = this.#kinds;
        starts = this.#starts;
        ends = this.#ends;
      }
      kinds[count] = kind;
      starts[count] = start;
      ends[count] = at;
      count++;
      if (kind === T.EOF) break;
    }
    return { kinds, starts, ends, count, comments: this.#comments, diagnostics: this.#diagnostics };
  }

  #grow(capacity: number): void {
    const { kinds, starts, ends } = { kinds: this.#kinds, starts: this.#starts, ends: this.#ends };
    (this.#kinds = new Uint8Array(capacity)).set(kinds);
    (this.#starts = new Int32Array(capacity)).set(starts);
    (this.#ends = new Int32Array(capacity)).set(ends);
  }

  #report(start: number, end: number, problem: SyntaxProblem): void {
    this.#diagnostics.push({ code: "P0001", severity: "error", start, end, problem });
  }

  /** Past a byte order mark and a `#` first line. */
  #preamble(): number {
    const source = this.#source;
    let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
    if (source.charCodeAt(at) === 35) at = lineEnd(source, at);
    if (at > 0) this.#comments.push({ start: 0, end: at });
    return at;
  }

  /** Reads what starts with a symbol; `EOF` means a comment or a mistake, which leaves no token. */
  #symbol(start: number, code: number): number {
    const source = this.#source;
    const next = start + 1 < source.length ? source.charCodeAt(start + 1) : 0;
    switch (code) {
      case 34: // "
      case 39: // '
        this.#end = this.#string(start, code);
        return T.STRING;
      case 45: // -
        if (next === 45) return this.#comment(start);
        return next === 62 ? this.#take(start, 2, T.ARROW) : this.#take(start, 1, T.MINUS);
      case 46: // .
        if (next === 46) {
          return source.charCodeAt(start + 2) === 46
            ? this.#take(start, 3, T.DOTS)
            : this.#take(start, 2, T.CONCAT);
        }
        if (next >= 48 && next <= 57) {
          this.#end = this.#number(start);
          return T.NUMBER;
        }
        return this.#take(start, 1, T.DOT);
      case 58: // :
        return next === 58 ? this.#take(start, 2, T.DOUBLE_COLON) : this.#take(start, 1, T.COLON);
      case 61: // =
        return next === 61 ? this.#take(start, 2, T.EQUAL) : this.#take(start, 1, T.ASSIGN);
      case 126: // ~
        return next === 61 ? this.#take(start, 2, T.NOT_EQUAL) : this.#take(start, 1, T.TILDE);
      case 60: // <
        if (next === 61) return this.#take(start, 2, T.LESS_EQUAL);
        return next === 60 ? this.#take(start, 2, T.SHIFT_LEFT) : this.#take(start, 1, T.LESS);
      case 62: // >
        if (next === 61) return this.#take(start, 2, T.GREATER_EQUAL);
        return next === 62 ? this.#take(start, 2, T.SHIFT_RIGHT) : this.#take(start, 1, T.GREATER);
      case 47: // /
        return next === 47 ? this.#take(start, 2, T.DOUBLE_SLASH) : this.#take(start, 1, T.SLASH);
      case 33: // !
        if (next !== 61 || source.charCodeAt(start + 2) === 61) return this.#take(start, 1, T.BANG);
        this.#report(start, start + 2, { kind: "operator", found: "!=", instead: "~=" });
        return this.#take(start, 2, T.NOT_EQUAL);
      case 91: // [
        return this.#bracket(start);
      default:
        return this.#unknown(start);
    }
  }

  #take(start: number, length: number, kind: number): number {
    this.#end = start + length;
    return kind;
  }

  #comment(start: number): number {
    const source = this.#source;
    const level = source.charCodeAt(start + 2) === 91 ? longLevel(source, start + 2) : -1;
    if (level < 0) {
      this.#end = lineEnd(source, start + 2);
    } else {
      this.#end = longEnd(source, start + 2, level);
      if (this.#end < 0) {
        this.#report(start, start + level + 4, { kind: "unfinished-long", what: "comment" });
        this.#end = source.length;
      }
    }
    this.#comments.push({ start, end: this.#end });
    return T.EOF;
  }

  #bracket(start: number): number {
    const level = longLevel(this.#source, start);
    if (level < 0) return this.#take(start, 1, T.LEFT_BRACKET);
    this.#end = longEnd(this.#source, start, level);
    if (this.#end < 0) {
      this.#report(start, start + level + 2, { kind: "unfinished-long", what: "string" });
      this.#end = this.#source.length;
    }
    return T.STRING;
  }

  /** A run of foreign characters is one mistake: a word in another script, a typographic quotation mark. */
  #unknown(start: number): number {
    const source = this.#source;
    let end = start + 1;
    if (source.charCodeAt(start) >= 128) { while (source.charCodeAt(end) >= 128) end++; }
    this.#report(start, end, { kind: "character", code: source.codePointAt(start)! });
    this.#end = end;
    return T.EOF;
  }

  /** The offset past a number. Reads as far as Lua reads, then says whether it is one. */
  #number(start: number): number {
    const source = this.#source;
    let at = start;
    let code = source.charCodeAt(at);
    while (code >= 48 && code <= 57) code = source.charCodeAt(++at);
    if (code !== 46 && (code >= 128 || CLASS[code] !== LETTER)) return at;
    const isHex = at === start + 1 && source.charCodeAt(start) === 48 && (code | 32) === 120;
    const exponent = isHex ? 112 : 101;
    if (isHex) at++;
    for (;;) {
      code = source.charCodeAt(at);
      if (code > 64 && (code | 32) === exponent) {
        const sign = source.charCodeAt(at + 1);
        at += sign === 43 || sign === 45 ? 2 : 1;
      } else if (code === 46 || (code < 128 && (CLASS[code] === LETTER || CLASS[code] === DIGIT))) at++;
      else break;
    }
    const text = source.slice(start, at);
    const form = isHex
      ? /^0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?$/
      : /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
    if (!form.test(text)) this.#report(start, at, { kind: "number", text });
    return at;
  }

  /** The offset past a quoted string; an unclosed one ends before its line end. */
  #string(start: number, quote: number): number {
    const source = this.#source;
    const length = source.length;
    let at = start + 1;
    while (at < length) {
      const code = source.charCodeAt(at);
      if (code === quote) return at + 1;
      if (code === 92) at = this.#escape(at);
      else if (code === 10 || code === 13) break;
      else at++;
    }
    this.#report(start, at, { kind: "unfinished-string" });
    return at;
  }

  /** The offset past the escape at `at`. */
  #escape(at: number): number {
    const source = this.#source;
    if (at + 1 >= source.length) return at + 1;
    const code = source.charCodeAt(at + 1);
    if (code === 10 || code === 13) {
      const next = source.charCodeAt(at + 2);
      return (next === 10 || next === 13) && next !== code ? at + 3 : at + 2;
    }
    if (code >= 48 && code <= 57) {
      let end = at + 1;
      while (end < at + 4 && CLASS[source.charCodeAt(end)] === DIGIT) end++;
      if (Number(source.slice(at + 1, end)) <= 255) return end;
      return this.#badEscape(at, end, "a byte is at most 255");
    }
    if (code < 128 && "abfnrtv\\\"'".includes(source[at + 1]!)) return at + 2;
    let end = at + 2;
    switch (code) {
      case 122: // z
        while (CLASS[source.charCodeAt(end)] === SPACE) end++;
        return end;
      case 120: // x
        while (end < at + 4 && isHexDigit(source.charCodeAt(end))) end++;
        return end === at + 4 ? end : this.#badEscape(at, end, "two hexadecimal digits follow \\x");
      case 117: { // u
        const match = /^\{0*([0-9a-fA-F]+)\}/.exec(source.slice(end, end + 64));
        if (match === null) return this.#badEscape(at, end, "a code point is written \\u{hex}");
        end += match[0].length;
        const isSmall = match[1]!.length <= 8 && Number.parseInt(match[1]!, 16) < 2 ** 31;
        return isSmall ? end : this.#badEscape(at, end, "the code point is too large");
      }
      default:
        return this.#badEscape(at, end, "Lua does not know it");
    }
  }

  #badEscape(start: number, end: number, reason: string): number {
    this.#report(start, end, { kind: "escape", text: this.#source.slice(start, end), reason });
    return end;
  }
}

/** Number of `=` in the long bracket at `at`, or -1 when there is none. */
export function longLevel(source: string, at: number): number {
  let level = 0;
  while (source.charCodeAt(at + 1 + level) === 61) level++;
  return source.charCodeAt(at + 1 + level) === 91 ? level : -1;
}

/** The offset past the long bracket of `level` at `at`, or -1. */
function longEnd(source: string, at: number, level: number): number {
  const close = `]${"=".repeat(level)}]`;
  const found = source.indexOf(close, at + level + 2);
  return found < 0 ? -1 : found + close.length;
}

/** The offset of the line end at or after `at`. */
function lineEnd(source: string, at: number): number {
  let end = at;
  for (; end < source.length; end++) {
    const code = source.charCodeAt(end);
    if (code === 10 || code === 13) break;
  }
  return end;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102);
}
