/** Expressions as tokens. */
import { SIMPLE_ESCAPES } from "../core/mod.ts";
import { Problem } from "./problem.ts";
import type { Token } from "./token.ts";

/** Operators made of signs, longer ones first where one begins another. */
const SIGNS = [
  "?.",
  "??",
  "?:",
  "&&",
  "||",
  "==",
  "!=",
  "<=",
  ">=",
  "**",
  "..",
  ..."()[]{}+-*/%^<>!?:.,|;=",
];
const WORDS: ReadonlySet<string> = new Set([
  "not",
  "and",
  "or",
  "in",
  "contains",
  "startsWith",
  "endsWith",
  "matches",
  "let",
  "if",
  "else",
]);
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const NAME = /[\p{L}_$][\p{L}\p{Nd}_]*/yu;
const NUMBER =
  /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const POINTER = /#(?:acc|index)?(?![\p{L}\p{Nd}_])/yu;
const INTEGER_MAX = (1n << 63n) - 1n;
const ESCAPE =
  /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{3}))/y;
const CODE_POINT_MAX = 0x10ffff;

/** The tokens of `source`, closed by an "end". Throws a Problem for what is none. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = matchAt(SPACE, source, at)!.end;
    if (at >= source.length) break;
    const token = source.startsWith("/*", at) ? undefined : read(source, at);
    if (token === undefined) {
      throw new Problem(
        source.startsWith("/*", at)
          ? "comment is not closed"
          : `unexpected character "${[...source.slice(at)][0]}"`,
        at,
      );
    }
    tokens.push(token.token);
    at = token.end;
  }
  tokens.push({ kind: "end", text: "end of expression", at: source.length });
  return tokens;
}

function matchAt(expression: RegExp, source: string, at: number): { text: string; end: number } | undefined {
  expression.lastIndex = at;
  const match = expression.exec(source);
  return match === null ? undefined : { text: match[0], end: expression.lastIndex };
}

interface Read {
  readonly token: Token;
  readonly end: number;
}

function read(source: string, at: number): Read | undefined {
  const first = source[at]!;
  if (first === '"' || first === "'" || first === "`") return readString(source, at, false, at);
  if ((first === "b" || first === "B") && (source[at + 1] === '"' || source[at + 1] === "'")) {
    return readString(source, at + 1, true, at);
  }
  const number = matchAt(NUMBER, source, at);
  if (number !== undefined) return { token: numberToken(number.text, at), end: number.end };
  const name = matchAt(NAME, source, at);
  if (name !== undefined) {
    const { text } = name;
    return { token: { kind: WORDS.has(text) ? "operator" : "name", text, at }, end: name.end };
  }
  const pointer = matchAt(POINTER, source, at);
  if (pointer !== undefined) return { token: { kind: "name", text: pointer.text, at }, end: pointer.end };
  // In `a ?.5 : b` the dot belongs to the number.
  const sign = SIGNS.find((text) =>
    source.startsWith(text, at) && !(text === "?." && /\d/.test(source[at + 2] ?? ""))
  );
  return sign === undefined
    ? undefined
    : { token: { kind: "operator", text: sign, at }, end: at + sign.length };
}

function numberToken(text: string, at: number): Token {
  const digits = text.replaceAll("_", "");
  if (/^0[xob]/i.test(digits)) {
    if (digits.length === 2) throw new Problem(`number "${text}" has no digits`, at);
    return integerToken(BigInt(digits), text, at);
  }
  if (/[.eE]/.test(digits)) return { kind: "number", text, at, value: Number(digits), isFloat: true };
  return integerToken(BigInt(digits), text, at);
}

function integerToken(value: bigint, text: string, at: number): Token {
  if (value > INTEGER_MAX) throw new Problem(`number "${text}" does not fit into 64 bits`, at);
  const number = Number(value);
  return { kind: "number", text, at, value: Number.isSafeInteger(number) ? number : value, isFloat: false };
}

function readString(source: string, open: number, isBytes: boolean, at: number): Read {
  const quote = source[open]!;
  if (quote === "`") {
    const close = source.indexOf("`", open + 1);
    if (close < 0) throw new Problem("string is not closed", at);
    return { token: { kind: "string", text: source.slice(open + 1, close), at }, end: close + 1 };
  }
  const bytes: number[] = [];
  let text = "";
  let i = open + 1;
  for (;;) {
    const character = source[i];
    if (character === undefined || character === "\n") throw new Problem("string is not closed", at);
    if (character === quote) break;
    let piece: string | number;
    if (character === "\\") {
      const escape = readEscape(source, i, isBytes);
      piece = escape.piece;
      i = escape.end;
    } else {
      piece = String.fromCodePoint(source.codePointAt(i)!);
      i += piece.length;
    }
    if (isBytes) bytes.push(...(typeof piece === "number" ? [piece] : new TextEncoder().encode(piece)));
    else text += typeof piece === "number" ? String.fromCodePoint(piece) : piece;
  }
  const token: Token = isBytes
    ? { kind: "bytes", text: source.slice(at, i + 1), at, value: new Uint8Array(bytes) }
    : { kind: "string", text, at };
  return { token, end: i + 1 };
}

/** An escape sequence: a text, or the number of a code point (of a byte in bytes). */
function readEscape(source: string, at: number, isBytes: boolean): { piece: string | number; end: number } {
  ESCAPE.lastIndex = at;
  const match = ESCAPE.exec(source);
  const hint = isBytes ? "use \\xNN for bytes" : "write a backslash as \\\\";
  if (match === null) throw new Problem(`unknown escape "${source.slice(at, at + 2)}": ${hint}`, at);
  const end = ESCAPE.lastIndex;
  const [, simple, hex, short, long, braced, octal] = match;
  if (simple !== undefined) return { piece: SIMPLE_ESCAPES.get(simple) ?? simple, end };
  if (isBytes && hex === undefined && octal === undefined) {
    throw new Problem(`bytes have no escape "${match[0]}": ${hint}`, at);
  }
  const code = octal === undefined ? parseInt(hex ?? short ?? long ?? braced!, 16) : parseInt(octal, 8);
  if (code > (isBytes ? 0xff : CODE_POINT_MAX)) throw new Problem(`escape "${match[0]}" is out of range`, at);
  return { piece: code, end };
}
