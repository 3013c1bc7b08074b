/**
 * The value codec: bytes of the grammar at the top of `native/codec.c`, and Lua values as TypeScript sees them.
 *
 * V1. Whatever C writes can be read here and the other way round; malformed bytes fail with Invalid, never crash.
 * V2. Values nested deeper than `DEPTH_MAX`, or cyclic ones, are refused on writing. Reading keeps cycles.
 * Hot: `tests/bench/vm.ts` earns the plain loops and the reused buffer.
 */
import { Failure } from "../core/mod.ts";
import {
  LuaChannel,
  LuaError,
  LuaFloat,
  type LuaFrame,
  LuaHandle,
  LuaOpaque,
  LuaPayload,
  type LuaValue,
} from "./value.ts";

/** Deepest nesting a list may have; as in C. */
const DEPTH_MAX = 160;
const START_BYTES = 4096;
/** Integers below this keep their exact value when doubled. */
const ZIGZAG_MAX = 2 ** 52;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** A double and its bytes, for those that lie at no multiple of eight. All machines that run this are little-endian, as WebAssembly is. */
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Writes value lists into a buffer that it keeps, or into one that is given. */
export class Writer {
  #own: Uint8Array = new Uint8Array(START_BYTES);
  /** Where the list in progress goes, up to `#limit`. */
  #bytes = this.#own;
  #limit = START_BYTES;
  #start = 0;
  #length = 0;

  /** The list written last; valid until the next one. */
  list(values: readonly LuaValue[]): Uint8Array {
    this.#write(this.#own, 0, this.#own.length, values);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes a list to `bytes[at..end)`; returns its length. When it did not fit, `spilled` has it instead. */
  into(bytes: Uint8Array, at: number, end: number, values: readonly LuaValue[]): number {
    this.#write(bytes, at, end, values);
    return this.#length - this.#start;
  }

  /** The list that did not fit where it was to go; undefined when it did. */
  get spilled(): Uint8Array | undefined {
    return this.#bytes === this.#own ? this.#bytes.subarray(0, this.#length) : undefined;
  }

  #write(bytes: Uint8Array, at: number, end: number, values: readonly LuaValue[]): void {
    this.#bytes = bytes;
    this.#limit = end;
    this.#start = at;
    this.#length = at;
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
    } else this.#own.set(this.#bytes.subarray(this.#start, this.#length));
    this.#bytes = this.#own;
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
    float[0] = value;
    for (let i = 0; i < 8; i++) this.#bytes[this.#length++] = floatBytes[i]!;
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

  #value(value: LuaValue, depth: number): void {
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

/** Reads the values of one list. The bytes may be a view of VM memory: nothing is kept of them. */
export class Reader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #tables: LuaValue[] | undefined;
  #exact = false;

  /** All values of the list in `bytes`; with `exact`, whole floats come as `LuaFloat`. */
  list(bytes: Uint8Array, exact = false): LuaValue[] {
    const count = this.open(bytes, exact);
    const values: LuaValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.#value(1));
    this.#tables = undefined;
    return values;
  }

  /** The first value of the list in `bytes[at..end)`; null when it is empty. */
  first(bytes: Uint8Array, exact = false, at = 0, end = bytes.length): LuaValue {
    const value = this.open(bytes, exact, at, end) === 0 ? null : this.#value(1);
    this.#tables = undefined;
    return value;
  }

  /** Starts reading `bytes[at..end)`; returns how many values there are. */
  open(bytes: Uint8Array, exact = false, at = 0, end = bytes.length): number {
    this.#exact = exact;
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#tables = undefined;
    if (at === end) return 0;
    if ((this.#byte() & 1) !== 0) this.#tables = [];
    const count = this.#varint();
    if (count > end - at) throw malformed();
    return count;
  }

  /** Skips one value; returns where it started and ended. */
  span(): [number, number] {
    const start = this.#at;
    this.#value(1);
    return [start, this.#at];
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed();
    return this.#bytes[this.#at++]!;
  }

  #varint(): number {
    let byte = this.#byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    let factor = 128;
    do {
      byte = this.#byte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (factor > 2 ** 63) throw malformed();
    } while (byte >= 128);
    return value;
  }

  #integer(): number | bigint {
    const start = this.#at;
    let sum = 0;
    let factor = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.#byte();
      sum += (byte & 127) * factor;
      if (byte < 128) return sum % 2 === 0 ? sum / 2 : -(sum + 1) / 2;
      factor *= 128;
    }
    this.#at = start;
    return this.#wideInteger();
  }

  #wideInteger(): number | bigint {
    let value = 0n;
    for (let shift = 0n; shift <= 63n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte >= 128) continue;
      const whole = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      const number = Number(whole);
      return Number.isSafeInteger(number) ? number : whole;
    }
    throw malformed();
  }

  #double(): number {
    if (this.#at + 8 > this.#end) throw malformed();
    for (let i = 0; i < 8; i++) floatBytes[i] = this.#bytes[this.#at++]!;
    return float[0]!;
  }

  #string(length: number): string | Uint8Array {
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw malformed();
    this.#at = end;
    return readString(this.#bytes, start, end);
  }

  #text(): string {
    const value = this.#value(1);
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array) return new TextDecoder().decode(value);
    throw malformed();
  }

  #plain(): string {
    const value = this.#string(this.#varint());
    return typeof value === "string" ? value : new TextDecoder().decode(value);
  }

  #value(depth: number): LuaValue {
    const tag = this.#byte();
    if (tag >= 0xc0) return tag & 63;
    if (tag >= 0x80) return this.#string(tag & 63);
    if (depth > DEPTH_MAX + 16) throw new Failure("Invalid", "payload nested too deep", { retryable: false });
    switch (tag) {
      case 0:
        return null;
      case 1:
        return false;
      case 2:
        return true;
      case 3:
        return this.#integer();
      case 4: {
        const float = this.#double();
        return this.#exact && Number.isInteger(float) ? new LuaFloat(float) : float;
      }
      case 5:
        return this.#string(this.#varint());
      case 6:
        return this.#table(depth + 1);
      case 7: {
        const table = this.#tables?.[this.#varint()];
        if (table === undefined) throw malformed();
        return table;
      }
      case 8:
        return this.#error(depth + 1);
      case 9: {
        const classId = this.#varint();
        return new LuaHandle(classId, this.#double());
      }
      case 10: {
        const format = this.#text();
        return new LuaPayload(format, this.#value(depth + 1));
      }
      case 11:
        return new LuaChannel(this.#double());
      case 12:
        return OPAQUE_FUNCTION;
      case 13:
        return OPAQUE_USERDATA;
      case 14:
        return OPAQUE_THREAD;
      case 15:
        return OPAQUE_CHANNEL;
      default:
        throw malformed();
    }
  }

  #table(depth: number): LuaValue {
    const flags = this.#byte();
    const narr = this.#varint();
    const nhash = this.#varint();
    if (narr > this.#end - this.#at || nhash > this.#end - this.#at) throw malformed();
    if ((flags & 1) === 0 && this.#tables === undefined) {
      const items: LuaValue[] = [];
      for (let i = 0; i < narr; i++) items.push(this.#value(depth));
      if (this.#peek() === 0) {
        this.#at++;
        this.#metatable(flags, depth);
        return items;
      }
      return this.#mixed(arrayMap(items), flags, depth);
    }
    if (narr === 0 && this.#tables === undefined) return this.#record(flags, depth);
    return this.#general(flags, narr, depth);
  }

  /** String keys only, as far as it goes. */
  #record(flags: number, depth: number): LuaValue {
    const record: { [key: string]: LuaValue } = {};
    for (;;) {
      if (this.#peek() === 0) break;
      const key = this.#value(depth);
      if (typeof key !== "string") {
        const map = new Map<LuaValue, LuaValue>(Object.entries(record));
        map.set(key, this.#value(depth));
        return this.#mixed(map, flags, depth);
      }
      setField(record, key, this.#value(depth));
    }
    this.#at++;
    this.#metatable(flags, depth);
    return record;
  }

  #mixed(map: Map<LuaValue, LuaValue>, flags: number, depth: number): LuaValue {
    while (this.#peek() !== 0) {
      const key = this.#value(depth);
      map.set(key, this.#value(depth));
    }
    this.#at++;
    this.#metatable(flags, depth);
    return map;
  }

  /** Any table of a list in which some table is referred to again: its identity must exist before its members. */
  #general(flags: number, narr: number, depth: number): LuaValue {
    const items: LuaValue[] = [];
    const record: { [key: string]: LuaValue } = {};
    const map = new Map<LuaValue, LuaValue>();
    // Which of the three it is shows in the bytes that follow; a scan without side effects settles it.
    const kind = this.#kindOf(narr, flags, depth);
    const identity: LuaValue = kind === "array" ? items : kind === "record" ? record : map;
    this.#tables?.push(identity);
    for (let i = 0; i < narr; i++) {
      const value = this.#value(depth);
      if (kind === "array") items.push(value);
      else map.set(i + 1, value);
    }
    while (this.#peek() !== 0) {
      const key = this.#value(depth);
      const value = this.#value(depth);
      if (kind === "record") setField(record, key as string, value);
      else map.set(key, value);
    }
    this.#at++;
    this.#metatable(flags, depth);
    return identity;
  }

  #kindOf(narr: number, flags: number, depth: number): "array" | "record" | "map" {
    const at = this.#at;
    const tables = this.#tables;
    // References inside resolve to anything: only the keys' types matter here.
    if (tables !== undefined) this.#tables = new Array<LuaValue>(tables.length + 1).fill(null);
    const lenient = this.#tables;
    let kind: "array" | "record" | "map" = narr > 0 || (flags & 1) === 0 ? "array" : "record";
    for (let i = 0; i < narr; i++) this.#skip(depth);
    while (this.#peek() !== 0) {
      const tag = this.#peek();
      const isText = tag === 5 || (tag >= 0x80 && tag < 0xc0);
      if (!isText || kind === "array") kind = narr === 0 && isText ? "record" : "map";
      this.#skip(depth);
      this.#skip(depth);
    }
    this.#at = at;
    if (lenient !== undefined) this.#tables = tables;
    return kind;
  }

  /** Passes over one value. */
  #skip(depth: number): void {
    if (depth > DEPTH_MAX + 16) throw new Failure("Invalid", "payload nested too deep", { retryable: false });
    const tag = this.#byte();
    if (tag >= 0xc0) return;
    if (tag >= 0x80) return this.#advance(tag & 63);
    switch (tag) {
      case 3:
      case 7:
        this.#varint64();
        return;
      case 4:
      case 11:
        return this.#advance(8);
      case 5:
        return this.#advance(this.#varint());
      case 6: {
        const flags = this.#byte();
        const narr = this.#varint();
        this.#varint();
        for (let i = 0; i < narr; i++) this.#skip(depth + 1);
        while (this.#peek() !== 0) this.#skip(depth + 1);
        this.#at++;
        if ((flags & 2) !== 0) this.#skip(depth + 1);
        return;
      }
      case 8: {
        this.#skip(depth + 1);
        this.#skip(depth + 1);
        this.#byte();
        this.#skip(depth + 1);
        const frames = this.#varint();
        for (let i = 0; i < frames; i++) {
          this.#advance(this.#varint());
          this.#varint64();
          this.#advance(this.#varint());
        }
        return;
      }
      case 9:
        this.#varint();
        return this.#advance(8);
      case 10:
        this.#skip(depth + 1);
        return this.#skip(depth + 1);
      default:
        if (tag > 15) throw malformed();
    }
  }

  #varint64(): void {
    for (let i = 0; i < 10; i++) if (this.#byte() < 128) return;
    throw malformed();
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#at > this.#end) throw malformed();
  }

  #peek(): number {
    if (this.#at >= this.#end) throw malformed();
    return this.#bytes[this.#at]!;
  }

  /** Metatables do not cross into TypeScript; their tables still count for references. */
  #metatable(flags: number, depth: number): void {
    if ((flags & 2) !== 0) this.#value(depth);
  }

  #error(depth: number): LuaError {
    const message = this.#text();
    const kind = this.#text();
    const flag = this.#byte();
    const details = this.#value(depth);
    const count = this.#varint();
    if (count > this.#end - this.#at) throw malformed();
    const stack: LuaFrame[] = [];
    for (let i = 0; i < count; i++) {
      const source = this.#plain();
      const line = Number(this.#integer());
      stack.push({ source, line, name: this.#plain() });
    }
    return new LuaError(message, kind, flag === 0 ? null : flag === 2, details, stack);
  }
}

const OPAQUE_FUNCTION = new LuaOpaque("function");
const OPAQUE_USERDATA = new LuaOpaque("userdata");
const OPAQUE_THREAD = new LuaOpaque("thread");
const OPAQUE_CHANNEL = new LuaOpaque("channel");
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
    return decoder.decode(slice);
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

function setField(record: { [key: string]: LuaValue }, key: string, value: LuaValue): void {
  if (key === "__proto__") {
    Object.defineProperty(record, key, { value, enumerable: true, writable: true, configurable: true });
  } else record[key] = value;
}

function arrayMap(items: readonly LuaValue[]): Map<LuaValue, LuaValue> {
  const map = new Map<LuaValue, LuaValue>();
  for (let i = 0; i < items.length; i++) map.set(i + 1, items[i]);
  return map;
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed payload", { retryable: false });
}
