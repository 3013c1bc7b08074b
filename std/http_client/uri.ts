/** Encoding of forms and queries (WHATWG's and Go's rules agree on what matters): spaces become `+`. */
import { Failure } from "../../src/core/mod.ts";

const ENCODER = new TextEncoder();
const PLAIN = /[A-Za-z0-9\-_.~]/;

/** Bytes as text that may stand in a query. */
export function encodeUri(text: string | Uint8Array): string {
  const bytes = typeof text === "string" ? ENCODER.encode(text) : text;
  let out = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (PLAIN.test(character)) out += character;
    else if (byte === 0x20) out += "+";
    else out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** The bytes behind such a text. Fails with Invalid at a `%` that two hexadecimal digits don't follow. */
export function decodeUri(text: string): Uint8Array {
  const bytes: number[] = [];
  const source = ENCODER.encode(text);
  for (let i = 0; i < source.length; i++) {
    const byte = source[i]!;
    if (byte !== 0x25) {
      bytes.push(byte === 0x2b ? 0x20 : byte);
      continue;
    }
    const digits = String.fromCharCode(...source.subarray(i + 1, i + 3));
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
      throw new Failure("Invalid", `invalid URL escape "%${digits}"`, { retryable: false });
    }
    bytes.push(parseInt(digits, 16));
    i += 2;
  }
  return Uint8Array.from(bytes);
}
