/**
 * Templates as text and actions, actions as tokens.
 *
 * L1. `{{- ` takes the white space before an action with it, ` -}}` that after it; the dash needs a space beside it.
 * L2. Comments leave nothing.
 */
import { SIMPLE_ESCAPES } from "../core/mod.ts";
import { TemplateProblem } from "./problem.ts";

/** How actions and comments are told from text. */
export interface Delimiters {
  readonly left: string;
  readonly right: string;
  readonly commentLeft: string;
  readonly commentRight: string;
}

/** A token of an action. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "sign" | "end";
  /** As written; the content of strings. */
  readonly text: string;
  readonly value?: number | bigint;
  readonly isFloat?: boolean;
  /** Whether white space stands before it. */
  readonly isSpaced: boolean;
}

/** A piece of a template. Tokens of an action are closed by an "end". */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly line: number };

const SIGNS = [":=", "==", "!=", "<=", ">=", "&&", "||", ..."()[].,:;|?+-*/%<>!="];
const SPACE = /[ \t\r\n]+/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/yu;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/y;
const TRIMMED_END = /[ \t\r\n]+$/;
const TRIMMED_START = /^[ \t\r\n]+/;

/** The pieces of a template. Throws a TemplateProblem. */
export function splitTemplate(source: string, template: string, delimiters: Delimiters): Piece[] {
  const { left, commentLeft, commentRight } = delimiters;
  const lines = new LineCounter(source);
  const pieces: Piece[] = [];
  let at = 0;
  let isTrimmed = false;
  const addText = (end: number, isTrimmedAfter: boolean): void => {
    let text = source.slice(at, end);
    if (isTrimmed) text = text.replace(TRIMMED_START, "");
    if (isTrimmedAfter) text = text.replace(TRIMMED_END, "");
    if (text !== "") pieces.push({ kind: "text", text });
  };
  for (;;) {
    const action = source.indexOf(left, at);
    const comment = source.indexOf(commentLeft, at);
    if (
      comment >= 0 &&
      (action < 0 || comment < action || comment === action && commentLeft.length > left.length)
    ) {
      const close = source.indexOf(commentRight, comment + commentLeft.length);
      const place = { template, line: lines.at(comment) };
      if (close < 0) throw new TemplateProblem(`comment is not closed by ${commentRight}`, place);
      addText(comment, false);
      isTrimmed = false;
      at = close + commentRight.length;
      continue;
    }
    if (action < 0) break;
    const line = lines.at(action);
    let start = action + left.length;
    const isDashed = source[start] === "-" && /[ \t\r\n]/.test(source[start + 1] ?? "");
    addText(action, isDashed);
    if (isDashed) start++;
    const { tokens, end, trims } = new ActionLexer(source, start, { template, line }, delimiters).read();
    pieces.push({ kind: "action", tokens, line });
    isTrimmed = trims;
    at = end;
  }
  addText(source.length, false);
  return pieces;
}

/** Line numbers of places that only move forward. */
class LineCounter {
  readonly #source: string;
  #at = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source;
  }

  at(place: number): number {
    for (; this.#at < place; this.#at++) if (this.#source.charCodeAt(this.#at) === 10) this.#line++;
    return this.#line;
  }
}

class ActionLexer {
  readonly #source: string;
  readonly #place: { template: string; line: number };
  readonly #delimiters: Delimiters;
  #at: number;

  constructor(source: string, at: number, place: { template: string; line: number }, delimiters: Delimiters) {
    this.#source = source;
    this.#at = at;
    this.#place = place;
    this.#delimiters = delimiters;
  }

  read(): { tokens: Token[]; end: number; trims: boolean } {
    const { right, commentLeft, commentRight } = this.#delimiters;
    const tokens: Token[] = [];
    for (;;) {
      const isSpaced = this.#match(SPACE) !== undefined;
      const trims = isSpaced && this.#source.startsWith(`-${right}`, this.#at);
      if (trims) this.#at++;
      if (this.#source.startsWith(right, this.#at)) {
        tokens.push({ kind: "end", text: right, isSpaced });
        return { tokens, end: this.#at + right.length, trims };
      }
      if (this.#source.startsWith(commentLeft, this.#at)) {
        const close = this.#source.indexOf(commentRight, this.#at);
        if (close < 0) throw this.#problem(`comment is not closed by ${commentRight}`);
        this.#at = close + commentRight.length;
        continue;
      }
      if (this.#at >= this.#source.length) throw this.#problem(`action is not closed by ${right}`);
      tokens.push(this.#token(isSpaced));
    }
  }

  #problem(message: string): TemplateProblem {
    return new TemplateProblem(message, this.#place);
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#source);
    if (match === null) return undefined;
    this.#at = expression.lastIndex;
    return match[0];
  }

  #token(isSpaced: boolean): Token {
    const name = this.#match(NAME);
    if (name !== undefined) return { kind: "name", text: name, isSpaced };
    const number = this.#match(NUMBER);
    if (number !== undefined) return { ...numberToken(number), isSpaced };
    const first = this.#source[this.#at]!;
    if (first === '"') return { kind: "string", text: this.#quoted(first), isSpaced };
    if (first === "`") {
      const close = this.#source.indexOf("`", this.#at + 1);
      if (close < 0) throw this.#problem("string is not closed");
      const text = this.#source.slice(this.#at + 1, close);
      this.#at = close + 1;
      return { kind: "string", text, isSpaced };
    }
    if (first === "'") return this.#character(isSpaced);
    const sign = SIGNS.find((text) => this.#source.startsWith(text, this.#at));
    if (sign === undefined) {
      throw this.#problem(`unexpected character "${[...this.#source.slice(this.#at, this.#at + 2)][0]}"`);
    }
    this.#at += sign.length;
    return { kind: "sign", text: sign, isSpaced };
  }

  /** A string up to `quote`, with its escapes resolved. */
  #quoted(quote: string): string {
    let text = "";
    this.#at++;
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined || character === "\n") throw this.#problem("string is not closed");
      this.#at++;
      if (character === quote) return text;
      if (character !== "\\") {
        text += character;
        continue;
      }
      this.#at--;
      const escape = this.#match(ESCAPE);
      if (escape === undefined) {
        throw this.#problem(`unknown escape "${this.#source.slice(this.#at, this.#at + 2)}"`);
      }
      text += escapedText(escape);
    }
  }

  /** A character in single quotes, which stands for its number; longer texts are strings. */
  #character(isSpaced: boolean): Token {
    const text = this.#quoted("'");
    if ([...text].length !== 1) return { kind: "string", text, isSpaced };
    return { kind: "number", text, value: text.codePointAt(0)!, isFloat: false, isSpaced };
  }
}

function escapedText(escape: string): string {
  const first = escape[1]!;
  if (/[0-7]/.test(first)) return String.fromCodePoint(parseInt(escape.slice(1), 8));
  if (/[xuU]/.test(first)) return String.fromCodePoint(Math.min(parseInt(escape.slice(2), 16), 0x10ffff));
  return SIMPLE_ESCAPES.get(first) ?? first;
}

function numberToken(text: string): Omit<Token, "isSpaced"> {
  if (/^0[xX]/.test(text) || /^\d+$/.test(text)) {
    const exact = BigInt.asIntN(64, BigInt(text));
    const number = Number(exact);
    return { kind: "number", text, value: Number.isSafeInteger(number) ? number : exact, isFloat: false };
  }
  return { kind: "number", text, value: Number(text), isFloat: true };
}
