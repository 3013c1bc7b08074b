/** The FNV-1a hashes, over bytes that come in any pieces. */

const OFFSET_32 = 0x811c9dc5;
const PRIME_32 = 0x01000193;
/** Halves of the 64-bit offset 0xcbf29ce484222325. */
const OFFSET_64_HIGH = 0xcbf29ce4;
const OFFSET_64_LOW = 0x84222325;
/** The 64-bit prime is 2^40 + this. */
const PRIME_64_LOW = 0x1b3;

/** A hash in progress. */
export interface Fnv {
  update(bytes: Uint8Array): void;
  /** Of all bytes so far. */
  value(): number | bigint;
}

/** 32 bits, unsigned. */
export class Fnv32 implements Fnv {
  #hash = OFFSET_32;

  update(bytes: Uint8Array): void {
    let hash = this.#hash;
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME_32);
    this.#hash = hash;
  }

  value(): number {
    return this.#hash >>> 0;
  }
}

/** 64 bits, as the signed integer that has them. */
export class Fnv64 implements Fnv {
  #high = OFFSET_64_HIGH;
  #low = OFFSET_64_LOW;

  update(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let i = 0; i < bytes.length; i++) {
      low = (low ^ bytes[i]!) >>> 0;
      const product = low * PRIME_64_LOW;
      const carry = Math.floor(product / 0x100000000);
      high = (Math.imul(high, PRIME_64_LOW) + carry + (low << 8)) >>> 0;
      low = product >>> 0;
    }
    this.#high = high;
    this.#low = low;
  }

  value(): bigint {
    return BigInt.asIntN(64, BigInt(this.#high) << 32n | BigInt(this.#low));
  }
}
