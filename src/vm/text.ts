/**
 * Strings of VM memory as text, and texts as bytes.
 *
 * Short ones that come again and again (names, topics, keys) are not made anew each time.
 */
const encoder = new TextEncoder();
/** Made when a text first needs it, which those of many short programs don't. */
let decoder: TextDecoder | undefined;
const SHORT_TEXT = 40;
/** Short texts read before, by a hash of their bytes: names, topics and keys come again and again. */
const texts: (string | undefined)[] = new Array<string | undefined>(4096).fill(undefined);

/** A string of VM memory: text when it is valid UTF-8, else a copy of its bytes. */
export function readString(bytes: Uint8Array, start: number, end: number): string | Uint8Array {
  if (end - start <= SHORT_TEXT) {
    const text = readShort(bytes, start, end);
    if (text !== undefined) return text;
  }
  const slice = bytes.subarray(start, end);
  try {
    return (decoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })).decode(slice);
  } catch {
    // Not UTF-8: the bytes are the value.
    return slice.slice();
  }
}

/** A short ASCII text, without making it anew when it is known; undefined when it is not ASCII. */
function readShort(bytes: Uint8Array, start: number, end: number): string | undefined {
  let hash = end - start;
  let high = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    high |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (high >= 128) return undefined;
  const slot = hash & (texts.length - 1);
  const known = texts[slot];
  if (known !== undefined && known.length === end - start) {
    let i = start;
    while (i < end && known.charCodeAt(i - start) === bytes[i]) i++;
    if (i === end) return known;
  }
  return texts[slot] = String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

const NO_TEXT = new Uint8Array(0);
const encoded = new Map<string, Uint8Array>();
const TEXTS_CACHED_MAX = 1024;

/** UTF-8 of a host, node or topic; these repeat. */
export function shortBytes(value: string): Uint8Array {
  if (value === "") return NO_TEXT;
  let bytes = encoded.get(value);
  if (bytes === undefined) {
    bytes = encoder.encode(value);
    if (encoded.size >= TEXTS_CACHED_MAX) encoded.clear();
    encoded.set(value, bytes);
  }
  return bytes;
}
