/** Digests of entries: equal entries have equal ones, different entries practically never. */
import type { Entry } from "./entry.ts";
import { packValue } from "./message_pack.ts";

/** A digest of an entry's kind, meta and data; the order of map keys does not count. */
export function digestOf(entry: Entry): string {
  return digestBytes(packValue([entry.kind, entry.meta, entry.data], { sorted: true }));
}

/**
 * 106 bits of `bytes` as hexadecimal digits. Two multiplicative hashes with different seeds: quick, and good enough to tell
 * versions of one's own files apart; it resists nobody who wants a collision.
 */
export function digestBytes(bytes: Uint8Array): string {
  return half(bytes, 0x9e3779b1) + half(bytes, 0x5bd1e995);
}

function half(bytes: Uint8Array, seed: number): string {
  let a = 0xdeadbeef ^ seed;
  let b = 0x41c6ce57 ^ seed;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    a = Math.imul(a ^ byte, 2654435761);
    b = Math.imul(b ^ byte, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  const text = 4294967296 * (2097151 & b) + (a >>> 0);
  return text.toString(16).padStart(14, "0");
}
