/** The FNV-1a hashes. */

const OFFSET_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;
/** Halves of the 64-bit offset 0xcbf29ce484222325. */
const OFFSET_64_HIGH = 0xcbf29ce4;
const OFFSET_64_LOW = 0x84222325;
/** The 64-bit prime is 2^40 + this. */
const PRIME_64_LOW = 0x1b3;

/** 32 bits, unsigned. */
export function fnv32(bytes: Uint8Array): number {
  let hash = OFFSET_32;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME_32);
  return hash >>> 0;
}

/** 64 bits, as the signed integer that has them. */
export function fnv64(bytes: Uint8Array): bigint {
  let high = OFFSET_64_HIGH;
  let low = OFFSET_64_LOW;
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * PRIME_64_LOW;
    const carry = Math.floor(product / 0x100000000);
    high = (Math.imul(high, PRIME_64_LOW) + carry + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return BigInt.asIntN(64, BigInt(high) << 32n | BigInt(low));
}
