/**
 * MessagePack for plain data: the form of change sets in a stored history.
 *
 * MP1. Decoding gives back what was encoded, except that undefined members are left out. MP2. Map keys are text. MP3. Truncated or
 *      malformed bytes fail with Invalid, whatever they are. MP4. Nesting deeper than `DEPTH_MAX` fails in both directions.
 */
import { Failure, type Value, type ValueMap } from "../core/mod.ts";

/** Deepest nesting of maps and lists. */
const DEPTH_MAX = 512;

/** Bytes of `value`. With `sorted` map keys are in order, so that equal values give equal bytes. */
export function packValue(value: Value, options: { sorted?: boolean } = {}): Uint8Array {
  const writer = new Writer(options.sorted ?? false);
  writer.write(value, 0);
  return writer.take();
}

/** The value in `bytes`, which must hold exactly one. */
export function unpackValue(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.read(0);
  if (!reader.atEnd) throw malformed();
  return value;
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed MessagePack data", { retryable: false });
}

function tooDeep(): Failure {
  return new Failure("Invalid", `data is nested deeper than ${DEPTH_MAX} levels`, { retryable: false });
}

const encoder = new TextEncoder();
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

class Writer {
  readonly #sorted: boolean;
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;

  constructor(sorted: boolean) {
    this.#sorted = sorted;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #reserve(count: number): number {
    const at = this.#size;
    this.#size += count;
    if (this.#size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#size, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  #tagged(tag: number, size: 1 | 2 | 4, value: number): void {
    const at = this.#reserve(1 + size);
    this.#bytes[at] = tag;
    if (size === 1) this.#bytes[at + 1] = value;
    else if (size === 2) this.#view.setUint16(at + 1, value);
    else this.#view.setUint32(at + 1, value);
  }

  write(value: Value, depth: number): void {
    if (value === null || value === undefined) return this.#byte(0xc0);
    switch (typeof value) {
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#bigint(value);
      case "string":
        return this.#string(value);
    }
    if (depth >= DEPTH_MAX) throw tooDeep();
    if (value instanceof Uint8Array) return this.#binary(value);
    if (Array.isArray(value)) {
      this.#length(value.length, 0x90, 0xdc);
      for (const item of value) this.write(item, depth + 1);
      return;
    }
    let keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (this.#sorted) keys = keys.sort();
    this.#length(keys.length, 0x80, 0xde);
    for (const key of keys) {
      this.#string(key);
      this.write(value[key], depth + 1);
    }
  }

  #length(count: number, fixed: number, tag: number): void {
    if (count < 16) this.#byte(fixed | count);
    else if (count < 0x1_0000) this.#tagged(tag, 2, count);
    else this.#tagged(tag + 1, 4, count);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const at = this.#reserve(9);
      this.#bytes[at] = 0xcb;
      this.#view.setFloat64(at + 1, value);
    } else if (value >= 0) {
      if (value < 128) this.#byte(value);
      else if (value < 0x100) this.#tagged(0xcc, 1, value);
      else if (value < 0x1_0000) this.#tagged(0xcd, 2, value);
      else if (value < 0x1_0000_0000) this.#tagged(0xce, 4, value);
      else this.#bigint(BigInt(value));
    } else if (value >= -32) this.#byte(value & 0xff);
    else if (value >= -0x8000_0000) {
      const at = this.#reserve(5);
      this.#bytes[at] = 0xd2;
      this.#view.setInt32(at + 1, value);
    } else this.#bigint(BigInt(value));
  }

  #bigint(value: bigint): void {
    if (value < INT64_MIN || value > UINT64_MAX) {
      throw new Failure("Invalid", `number ${value} has more than 64 bits`, { retryable: false });
    }
    const at = this.#reserve(9);
    this.#bytes[at] = value < 0n ? 0xd3 : 0xcf;
    if (value < 0n) this.#view.setBigInt64(at + 1, value);
    else this.#view.setBigUint64(at + 1, value);
  }

  #string(text: string): void {
    const { length } = text;
    if (length < 32 && this.#shortAscii(text, length)) return;
    const bytes = encoder.encode(text);
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length < 0x100) this.#tagged(0xd9, 1, bytes.length);
    else if (bytes.length < 0x1_0000) this.#tagged(0xda, 2, bytes.length);
    else this.#tagged(0xdb, 4, bytes.length);
    // Reserved first: it may replace the buffer.
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Writes a short text of ASCII letters only; false, with nothing written, for another one. */
  #shortAscii(text: string, length: number): boolean {
    const at = this.#reserve(1 + length);
    this.#bytes[at] = 0xa0 | length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) {
        this.#size = at;
        return false;
      }
      this.#bytes[at + 1 + i] = code;
    }
    return true;
  }

  #binary(bytes: Uint8Array): void {
    if (bytes.length < 0x100) this.#tagged(0xc4, 1, bytes.length);
    else if (bytes.length < 0x1_0000) this.#tagged(0xc5, 2, bytes.length);
    else this.#tagged(0xc6, 4, bytes.length);
    // Reserved first: it may replace the buffer.
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw malformed();
    this.#at = at + count;
    return at;
  }

  #unsigned(size: 1 | 2 | 4): number {
    const at = this.#take(size);
    if (size === 1) return this.#bytes[at]!;
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  read(depth: number): Value {
    if (depth > DEPTH_MAX) throw tooDeep();
    const tag = this.#unsigned(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#map(tag & 0x0f, depth);
    if (tag < 0xa0) return this.#list(tag & 0x0f, depth);
    if (tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#unsigned(1));
      case 0xc5:
        return this.#binary(this.#unsigned(2));
      case 0xc6:
        return this.#binary(this.#unsigned(4));
      case 0xca:
        return this.#view.getFloat32(this.#take(4));
      case 0xcb:
        return this.#view.getFloat64(this.#take(8));
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return whole(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#view.getInt8(this.#take(1));
      case 0xd1:
        return this.#view.getInt16(this.#take(2));
      case 0xd2:
        return this.#view.getInt32(this.#take(4));
      case 0xd3:
        return whole(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
        return this.#text(this.#unsigned(1));
      case 0xda:
        return this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#list(this.#unsigned(2), depth);
      case 0xdd:
        return this.#list(this.#unsigned(4), depth);
      case 0xde:
        return this.#map(this.#unsigned(2), depth);
      case 0xdf:
        return this.#map(this.#unsigned(4), depth);
      default:
        throw malformed();
    }
  }

  #binary(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.slice(at, at + count);
  }

  #text(count: number): string {
    const at = this.#take(count);
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, at + count));
    } catch {
      throw malformed();
    }
  }

  #list(count: number, depth: number): Value[] {
    const list: Value[] = [];
    for (let i = 0; i < count; i++) list.push(this.read(depth + 1));
    return list;
  }

  #map(count: number, depth: number): ValueMap {
    const map: ValueMap = {};
    for (let i = 0; i < count; i++) {
      const key = this.read(depth + 1);
      if (typeof key !== "string") throw malformed();
      const value = this.read(depth + 1);
      if (key === "__proto__") {
        Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
      } else map[key] = value;
    }
    return map;
  }
}

/** A number when it fits exactly, else a bigint. */
function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
