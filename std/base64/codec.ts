/** Base64 by RFC 4648, section 4, with errors that say where. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 61;
const NONE = 255;
const VALUES = new Uint8Array(256).fill(NONE);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** The bytes that `text` stands for, or the index of the character that does not fit. Line ends are skipped. */
export function decodeBase64(text: Uint8Array): Uint8Array | number {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  let length = 0;
  let group = 0;
  let count = 0;
  let i = 0;
  for (; i < text.length; i++) {
    const code = text[i]!;
    if (code === 10 || code === 13) continue;
    if (code === PAD) break;
    const value = VALUES[code]!;
    if (value === NONE) return i;
    group = group << 6 | value;
    if (++count < 4) continue;
    bytes[length++] = group >> 16;
    bytes[length++] = group >> 8;
    bytes[length++] = group;
    group = count = 0;
  }
  const end = paddingEnd(text, i, count);
  if (end >= 0) return end;
  if (count === 2) bytes[length++] = group >> 4;
  if (count === 3) {
    bytes[length++] = group >> 10;
    bytes[length++] = group >> 2;
  }
  return bytes.subarray(0, length);
}

/** Index of what is wrong with the end of a text that has `count` characters in its last group; -1 when nothing is. */
function paddingEnd(text: Uint8Array, from: number, count: number): number {
  let missing = count === 0 ? 0 : 4 - count;
  if (missing === 3) return from;
  for (let i = from; i < text.length; i++) {
    const code = text[i]!;
    if (code === 10 || code === 13) continue;
    if (code !== PAD || missing === 0) return i;
    missing--;
  }
  return missing === 0 ? -1 : text.length;
}
