/**
 * Values of literals as written.
 */
import { SIMPLE_ESCAPES } from "../core/mod.ts";
import { longLevel } from "./lexer.ts";

/**
 * The text that a string token stands for. Escaped bytes from 128 up become characters of the same number, as a
 * JavaScript string has no bytes; malformed escapes stand for themselves.
 */
export function stringValue(source: string, start: number, end: number): string {
  const quote = source.charCodeAt(start);
  if (quote === 91) {
    const level = longLevel(source, start);
    const close = source.charCodeAt(end - 1) === 93 ? end - level - 2 : end;
    return source.slice(start + level + 2, close).replace(/^(\r\n|\n\r|\n|\r)/, "");
  }
  const isClosed = end - start > 1 && source.charCodeAt(end - 1) === quote;
  const text = source.slice(start + 1, isClosed ? end - 1 : end);
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:z\s*|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\}|(\d{1,3})|(\r\n|\n\r|\n|\r)|([^]))/g,
    (all: string, hex?: string, point?: string, decimal?: string, newline?: string, other?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (point !== undefined) {
        const code = Number.parseInt(point, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : all;
      }
      if (decimal !== undefined) return String.fromCharCode(Number(decimal) & 255);
      if (newline !== undefined) return "\n";
      return other === undefined ? "" : SIMPLE_ESCAPES.get(other) ?? other;
    },
  );
}

/** The number that a numeral stands for, and whether Lua takes it for an integer. */
export function numberValue(text: string): { value: number; isInteger: boolean } {
  const small = text.length < 16 ? smallInteger(text) : -1;
  if (small >= 0) return { value: small, isInteger: true };
  if (/^0[xX]/.test(text)) {
    const match = /^0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?$/.exec(text);
    if (match === null) return { value: 0, isInteger: true };
    const [, whole = "", fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined) {
      return { value: Number(BigInt.asIntN(64, BigInt(`0x${whole || "0"}`))), isInteger: true };
    }
    const digits = Number.parseInt(whole + (fraction ?? "") || "0", 16);
    return { value: digits * 2 ** (Number(exponent ?? 0) - 4 * (fraction ?? "").length), isInteger: false };
  }
  const value = Number(text);
  const isInteger = /^\d+$/.test(text) && value <= 2 ** 63 && BigInt(text) < 2n ** 63n;
  return { value: Number.isNaN(value) ? 0 : value, isInteger };
}

/** The value of a numeral that is digits alone, or -1. */
function smallInteger(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
