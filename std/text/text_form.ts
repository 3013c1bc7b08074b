/**
 * How bytes are read as the characters that the comparing library works on, and written back.
 *
 * F1. What is read and written back is the same bytes.
 * F2. The library's unit is a UTF-16 unit; it must not part the two of one character, so those characters are stood in for.
 */

/** A reading of the texts of one call. */
export interface TextForm {
  decode(text: string | Uint8Array): string;
  encode(text: string): string | Uint8Array;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PRIVATE_FIRST = 0xe000;
const PRIVATE_LAST = 0xf8ff;

function asText(text: string | Uint8Array): string {
  return typeof text === "string" ? text : UTF8.decode(text);
}

const PLAIN: TextForm = { decode: asText, encode: (text) => text };

const BYTES: TextForm = {
  decode(text) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    let characters = "";
    for (let at = 0; at < bytes.length; at += 8192) {
      characters += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    return characters;
  },
  encode: (text) => Uint8Array.from(text, (character) => character.charCodeAt(0)),
};

/** Lets private characters that the texts do not use stand for those of two units; undefined when there are too few. */
function standIns(texts: readonly string[]): TextForm | undefined {
  const used = new Set<string>();
  const wide = new Set<string>();
  for (const text of texts) {
    for (const [character] of text.matchAll(/[\ue000-\uf8ff]|[\ud800-\udbff][\udc00-\udfff]/g)) {
      (character.length === 1 ? used : wide).add(character);
    }
  }
  const forward = new Map<string, string>();
  const back = new Map<string, string>();
  let next = PRIVATE_FIRST;
  for (const character of wide) {
    while (used.has(String.fromCharCode(next))) next++;
    if (next > PRIVATE_LAST) return undefined;
    const standIn = String.fromCharCode(next++);
    forward.set(character, standIn);
    back.set(standIn, character);
  }
  return {
    decode: (text) =>
      asText(text).replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, (character) => forward.get(character)!),
    encode: (text) => text.replaceAll(/[\ue000-\uf8ff]/g, (character) => back.get(character) ?? character),
  };
}

/** The form in which all of `texts` can be read: characters, or bytes where one of them is no text. */
export function formOf(texts: readonly (string | Uint8Array)[]): TextForm {
  try {
    const read = texts.map(asText);
    const isWide = read.some((text) => /[\ud800-\udbff]/.test(text));
    return isWide ? standIns(read) ?? PLAIN : PLAIN;
  } catch (_error) {
    // Bytes that are no text.
    return BYTES;
  }
}
