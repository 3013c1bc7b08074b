/** Identifiers as 16 bytes: making, reading and writing them (RFC 9562). */
import type { Clock, Cryptography, Random } from "../../src/ports/mod.ts";

/** 100-nanosecond steps from 1582-10-15 to the Unix epoch. */
const GREGORIAN_STEPS = 0x01b21dd213814000n;

/** What version 1 and 7 keep so that identifiers of one moment differ and rise. */
export class UuidSource {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #node: Uint8Array;
  readonly #sequence: number;
  #lastSteps = 0n;
  #lastMs = 0;
  #counter = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#node = random.bytes(6);
    // The multicast bit says that this is no hardware address.
    this.#node[0]! |= 1;
    this.#sequence = random.below(0x4000);
  }

  /** Version 1: time and node. */
  timed(): Uint8Array {
    let steps = this.#clock.nowNs() / 100n + GREGORIAN_STEPS;
    if (steps <= this.#lastSteps) steps = this.#lastSteps + 1n;
    this.#lastSteps = steps;
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Number(steps & 0xffffffffn));
    view.setUint16(4, Number(steps >> 32n & 0xffffn));
    view.setUint16(6, Number(steps >> 48n & 0x0fffn));
    view.setUint16(8, this.#sequence);
    bytes.set(this.#node, 10);
    return stamp(bytes, 1);
  }

  /** Version 4: random. */
  random(): Uint8Array {
    return stamp(this.#random.bytes(16), 4);
  }

  /** Version 7: milliseconds, a counter within them, random. */
  ordered(): Uint8Array {
    const bytes = this.#random.bytes(16);
    const ms = Math.floor(this.#clock.nowMs());
    if (ms > this.#lastMs) {
      this.#lastMs = ms;
      this.#counter = this.#random.below(0x800);
    } else if (++this.#counter > 0xfff) {
      this.#lastMs++;
      this.#counter = 0;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(0, Math.floor(this.#lastMs / 0x10000));
    view.setUint16(4, this.#lastMs % 0x10000);
    view.setUint16(6, this.#counter);
    return stamp(bytes, 7);
  }
}

/** Versions 3 and 5: the same namespace and name give the same identifier. */
export function namedUuid(
  cryptography: Cryptography,
  version: 3 | 5,
  namespace: Uint8Array,
  name: Uint8Array,
): Uint8Array {
  const data = new Uint8Array(16 + name.length);
  data.set(namespace);
  data.set(name, 16);
  return stamp(cryptography.digest(version === 3 ? "md5" : "sha1", data).slice(0, 16), version);
}

function stamp(bytes: Uint8Array, version: number): Uint8Array {
  bytes[6] = bytes[6]! & 0x0f | version << 4;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return bytes;
}

/** The bytes of an identifier: plain, without dashes, in braces, or as URN; undefined for anything else. */
export function parseUuid(text: string): Uint8Array | undefined {
  const plain =
    /^(?:urn:uuid:)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i.exec(text) ??
      /^\{([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})\}$/i.exec(text);
  const hex = plain !== null ? plain.slice(1).join("") : /^[0-9a-f]{32}$/i.test(text) ? text : undefined;
  if (hex === undefined) return undefined;
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** 32 hexadecimal digits. */
export function printSimple(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** The usual form with dashes. */
export function printUuid(bytes: Uint8Array): string {
  const hex = printSimple(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Version of an identifier. */
export function versionOf(bytes: Uint8Array): number {
  return bytes[6]! >> 4;
}

/** Name of an identifier's variant. */
export function variantOf(bytes: Uint8Array): string {
  const bits = bytes[8]!;
  if (bits < 0x80) return "NCS";
  if (bits < 0xc0) return "RFC4122";
  return bits < 0xe0 ? "Microsoft" : "Future";
}

/** Unix seconds inside an identifier of version 1 or 7. */
export function secondsOf(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (versionOf(bytes) === 7) {
    return Math.floor((view.getUint32(0) * 0x10000 + view.getUint16(4)) / 1000);
  }
  if (versionOf(bytes) !== 1) return undefined;
  const high = BigInt(view.getUint16(6) & 0x0fff) << 48n | BigInt(view.getUint16(4)) << 32n;
  const steps = (high | BigInt(view.getUint32(0))) - GREGORIAN_STEPS;
  return Math.floor(Number(steps / 10_000n) / 1000);
}
