/**
 * Lua values from bytes, after the grammar at the top of `native/codec.c`.
 *
 * V1. Whatever C or `Writer` writes can be read here, but records of a shape, whose keys only the VM knows; malformed bytes fail
 *     with Invalid, never crash.
 * V2. Cycles and shared tables keep their identity.
 * Hot: `tests/bench/services.bench.ts` earns the plain loops.
 */
import { Failure } from "../core/mod.ts";
import { readString } from "./text.ts";
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
import { DEPTH_MAX } from "./writer.ts";

/** A double and its bytes, for those that lie at no multiple of eight. All machines that run this are little-endian, as WebAssembly is. */
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);
const OPAQUE_FUNCTION = new LuaOpaque("function");
const OPAQUE_USERDATA = new LuaOpaque("userdata");
const OPAQUE_THREAD = new LuaOpaque("thread");
const OPAQUE_CHANNEL = new LuaOpaque("channel");

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
