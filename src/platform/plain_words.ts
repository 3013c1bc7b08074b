/** What unquoted words of plain YAML stand for. */
import type { Value } from "../core/mod.ts";

/** What `readPlainYaml` gives for a text that it does not read. */
export const NOT_PLAIN: unique symbol = Symbol("not plain");

const SMALL_INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/;
const DECIMAL = /^-?[0-9]{1,9}\.[0-9]{1,9}$/;
/** What may be a number in another notation. */
const NUMERIC =
  /^[-+]?(?:0[ox][0-9a-fA-F]+|[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|\.(?:inf|nan))$/i;
const PLUS = 43;
const DASH = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
/** Digits that a number may have without being rounded. */
const DIGITS_MAX = 15;

/** What a number may go on with behind its sign and point, and behind its first digits. */
const BEHIND_SIGN = "0123456789iInN";
const BEHIND_DIGITS = ".eExXoO";

/** What an unquoted word stands for. */
export function wordValue(text: string): Value {
  const first = text.charCodeAt(0);
  if (first <= NINE) {
    return first >= ZERO || first === PLUS || first === DASH || first === POINT ? numeric(text) : text;
  }
  switch (text) {
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    case "null":
    case "Null":
    case "NULL":
    case "~":
      return null;
    default:
      return text;
  }
}

/** What a word stands for that begins as a number does. Counts, durations and paths are told without a pattern. */
function numeric(text: string): Value {
  const first = text.charCodeAt(0);
  if (first < ZERO) {
    const behind = first !== POINT && text[1] === "." ? 2 : 1;
    if (!BEHIND_SIGN.includes(text[behind] ?? " ")) return text;
  } else {
    let digits = 1;
    let next = text.charCodeAt(1);
    for (; next >= ZERO && next <= NINE; next = text.charCodeAt(digits)) digits++;
    if (digits === text.length) {
      if (digits <= DIGITS_MAX && (digits === 1 || first !== ZERO)) return Number(text);
    } else if (!BEHIND_DIGITS.includes(text[digits]!)) return text;
  }
  if (SMALL_INTEGER.test(text) || DECIMAL.test(text)) return Number(text);
  if (NUMERIC.test(text)) throw NOT_PLAIN;
  return text;
}
