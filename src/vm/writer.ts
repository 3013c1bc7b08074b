/**
 * Lua values to bytes, after the grammar at the top of `native/codec.c`.
 *
 * V1. Values nested deeper than `DEPTH_MAX`, or cyclic ones, are refused.
 * Hot: `tests/bench/services.bench.ts` earns the plain loops and the reused buffer.
 */
import { Failure, Fields, Records } from "../core/mod.ts";
import { tableOf } from "./shapes.ts";
import {
  type Given,
  LuaChannel,
  LuaError,
  LuaFloat,
  LuaHandle,
  LuaOpaque,
  LuaPayload,
  type LuaValue,
} from "./value.ts";

/** Deepest nesting a list may have; as in C. */
export const DEPTH_MAX = 160;
const START_BYTES = 4096;
/** Integers below this keep their exact value when doubled. */
const ZIGZAG_MAX = 2 ** 52;
const encoder = new TextEncoder();

/** Writes value lists into a buffer that it keeps, or into one that is given. */
export class Writer {
  #own: Uint8Array = new Uint8Array(START_BYTES);
  /** Where the list in progress goes, up to `#limit`. */
  #bytes = this.#own;
  /** The same, for numbers: making views costs more than a number does. */
  #view = viewOf(this.#own);
  #ownView = this.#view;
  #foreign = this.#own;
  #foreignView = this.#view;
  #limit = START_BYTES;
  #start = 0;
  #length = 0;

  /** The list written last; valid until the next one. */
  list(values: readonly Given[]): Uint8Array {
    this.#write(this.#own, 0, this.#own.length, values);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes a list to `bytes[at..end)`; returns its length. When it did not fit, `spilled` has it instead. */
  into(bytes: Uint8Array, at: number, end: number, values: readonly Given[]): number {
    this.#write(bytes, at, end, values);
    return this.#length - this.#start;
  }

  /** As `into`, for a list of one. */
  oneInto(bytes: Uint8Array, at: number, end: number, value: Given): number {
    this.#begin(bytes, at, end);
    this.#room(2);
    this.#bytes[this.#length++] = 0;
    this.#bytes[this.#length++] = 1;
    this.#value(value, 1);
    return this.#length - this.#start;
  }

  /** The list that did not fit where it was to go; undefined when it did. */
  get spilled(): Uint8Array | undefined {
    return this.#bytes === this.#own ? this.#bytes.subarray(0, this.#length) : undefined;
  }

  #begin(bytes: Uint8Array, at: number, end: number): void {
    this.#bytes = bytes;
    if (bytes === this.#own) this.#view = this.#ownView;
    else {
      if (bytes !== this.#foreign) {
        this.#foreign = bytes;
        this.#foreignView = viewOf(bytes);
      }
      this.#view = this.#foreignView;
    }
    this.#limit = end;
    this.#start = at;
    this.#length = at;
  }

  #write(bytes: Uint8Array, at: number, end: number, values: readonly Given[]): void {
    this.#begin(bytes, at, end);
    this.#byte(0);
    this.#varint(values.length);
    for (let i = 0; i < values.length; i++) this.#value(values[i], 1);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#limit) return;
    const written = this.#length - this.#start;
    let size = this.#own.length;
    while (size < written + count) size *= 2;
    if (this.#bytes === this.#own || size > this.#own.length) {
      const grown = new Uint8Array(size);
      grown.set(this.#bytes.subarray(this.#start, this.#length));
      this.#own = grown;
      this.#ownView = viewOf(grown);
    } else this.#own.set(this.#bytes.subarray(this.#start, this.#length));
    this.#bytes = this.#own;
    this.#view = this.#ownView;
    this.#limit = this.#own.length;
    this.#start = 0;
    this.#length = written;
  }

  #byte(value: number): void {
    if (this.#length === this.#limit) this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #varint(value: number): void {
    this.#room(10);
    while (value >= 128) {
      this.#bytes[this.#length++] = (value % 128) | 128;
      value = value < 0x80000000 ? value >>> 7 : Math.floor(value / 128);
    }
    this.#bytes[this.#length++] = value;
  }

  #bigVarint(value: bigint): void {
    this.#room(10);
    while (value >= 128n) {
      this.#bytes[this.#length++] = Number(value & 127n) | 128;
      value >>= 7n;
    }
    this.#bytes[this.#length++] = Number(value);
  }

  #float(value: number): void {
    this.#room(9);
    this.#bytes[this.#length++] = 4;
    this.#double(value);
  }

  #double(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      this.#float(value);
    } else if (value >= 0 && value < 64) {
      this.#byte(0xc0 | value);
    } else if (value > -ZIGZAG_MAX && value < ZIGZAG_MAX) {
      this.#byte(3);
      this.#varint(value < 0 ? -value * 2 - 1 : value * 2);
    } else {
      this.#bigint(BigInt(value));
    }
  }

  #bigint(value: bigint): void {
    if (value < -0x8000000000000000n || value > 0x7fffffffffffffffn) {
      throw new Failure("Invalid", `${value} overflows lua integer`, { retryable: false });
    }
    this.#byte(3);
    this.#bigVarint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  /** A string with its tag. */
  #text(text: string): void {
    const length = text.length;
    if (length < 64) {
      this.#room(length * 3 + 11);
      const start = this.#length + 1;
      const bytes = this.#bytes;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code >= 128) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        bytes[this.#length] = 0x80 | length;
        this.#length = start + length;
        return;
      }
    }
    this.#longText(text);
  }

  /** Straight to its place when it is ASCII, as most is; else by way of bytes of its own. */
  #longText(text: string): void {
    const length = text.length;
    if (length < 64) return this.#blob(encoder.encode(text));
    // Not the place itself: what does not fit goes on in another buffer.
    const before = this.#length - this.#start;
    this.#byte(5);
    this.#varint(length);
    this.#room(length);
    const { read } = encoder.encodeInto(text, this.#bytes.subarray(this.#length, this.#length + length));
    if (read === length) {
      this.#length += length;
      return;
    }
    this.#length = this.#start + before;
    this.#blob(encoder.encode(text));
  }

  #blob(bytes: Uint8Array): void {
    if (bytes.length < 64) this.#byte(0x80 | bytes.length);
    else {
      this.#byte(5);
      this.#varint(bytes.length);
    }
    this.#put(bytes);
  }

  #plain(text: string): void {
    const bytes = encoder.encode(text);
    this.#varint(bytes.length);
    this.#put(bytes);
  }

  #put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #value(value: Given, depth: number): void {
    switch (typeof value) {
      case "undefined":
        return this.#byte(0);
      case "boolean":
        return this.#byte(value ? 2 : 1);
      case "number":
        return this.#number(value);
      case "string":
        return this.#text(value);
      case "bigint":
        return this.#bigint(value);
      case "object":
        break;
      default:
        throw new Failure("Invalid", `a ${typeof value} can't become a Lua value`, { retryable: false });
    }
    if (value === null) return this.#byte(0);
    if (depth > DEPTH_MAX) throw new Failure("Invalid", "payload nested too deep", { retryable: false });
    if (Array.isArray(value)) return this.#array(value, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return this.#record(value as { [key: string]: LuaValue }, depth);
    }
    return this.#special(value as Exclude<LuaValue, null | LuaValue[]> & object, depth);
  }

  #array(items: readonly LuaValue[], depth: number): void {
    this.#byte(6);
    let last = items.length;
    while (last > 0 && (items[last - 1] === null || items[last - 1] === undefined)) last--;
    let holes = 0;
    for (let i = 0; i < last; i++) if (items[i] === null || items[i] === undefined) holes++;
    if (holes * 2 > last) return this.#sparse(items, last, depth);
    this.#byte(0);
    this.#varint(last);
    this.#byte(0);
    for (let i = 0; i < last; i++) this.#value(items[i], depth + 1);
    this.#byte(0);
  }

  #sparse(items: readonly LuaValue[], last: number, depth: number): void {
    this.#byte(0);
    this.#byte(0);
    this.#byte(0);
    for (let i = 0; i < last; i++) {
      if (items[i] === null || items[i] === undefined) continue;
      this.#number(i + 1);
      this.#value(items[i], depth + 1);
    }
    this.#byte(0);
  }

  #record(record: { [key: string]: LuaValue }, depth: number): void {
    const keys = Object.keys(record);
    this.#byte(6);
    this.#byte(1);
    this.#byte(0);
    this.#varint(keys.length);
    for (const key of keys) {
      const value = record[key];
      if (value === undefined || value === null) continue;
      this.#text(key);
      this.#value(value, depth + 1);
    }
    this.#byte(0);
  }

  #map(map: Map<LuaValue, LuaValue>, depth: number): void {
    this.#byte(6);
    this.#byte(1);
    this.#byte(0);
    this.#varint(map.size);
    for (const [key, value] of map) {
      if (value === undefined || value === null || key === undefined || key === null || Number.isNaN(key)) {
        continue;
      }
      this.#value(key, depth + 1);
      this.#value(value, depth + 1);
    }
    this.#byte(0);
  }

  #special(value: object, depth: number): void {
    if (value instanceof Uint8Array) this.#blob(value);
    else if (value instanceof Records || value instanceof Fields) this.#value(tableOf(value), depth);
    else if (value instanceof LuaHandle) {
      this.#byte(9);
      this.#varint(value.classId);
      this.#double(value.id);
    } else if (value instanceof LuaFloat) this.#float(value.value);
    else if (value instanceof LuaError) this.#error(value, depth);
    else if (value instanceof LuaPayload) {
      this.#byte(10);
      this.#text(value.format);
      this.#value(value.value, depth + 1);
    } else if (value instanceof LuaChannel) {
      this.#byte(11);
      this.#double(value.id);
    } else if (value instanceof Map) this.#map(value as Map<LuaValue, LuaValue>, depth);
    else if (value instanceof LuaOpaque) this.#byte(0);
    else {throw new Failure(
        "Invalid",
        `a ${value.constructor?.name ?? "foreign"} object can't become a Lua value`,
        { retryable: false },
      );}
  }

  #error(error: LuaError, depth: number): void {
    this.#byte(8);
    this.#text(error.message);
    this.#text(error.kind);
    this.#byte(error.retryable === null ? 0 : error.retryable ? 2 : 1);
    this.#value(error.details, depth + 1);
    this.#varint(error.stack.length);
    for (const { source, line, name } of error.stack) {
      this.#plain(source);
      this.#varint(line < 0 ? -line * 2 - 1 : line * 2);
      this.#plain(name);
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
