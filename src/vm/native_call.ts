/**
 * Arguments of a native call, read straight from the stack of the calling thread.
 *
 * N1. Layouts are those of Lua 5.4 on wasm32: a stack slot is 16 bytes, its tag at 8; a string's length byte at 7 (0xFF: a
 *     long one, length at 12), its bytes from 16 on; a table's flags at 6, array part at 12 and its size at 8, at 20 a place
 *     in its hash part, 0 without one. `tests/vm` fails when they change.
 * N2. A slot may be read only while the function runs: nothing is kept of it.
 */
import { Failure } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { VmExports } from "./instance.ts";
import type { KeptTexts } from "./kept_texts.ts";
import type { Reader } from "./reader.ts";
import { readString } from "./text.ts";
import {
  ArgumentError,
  type ArgumentType,
  LuaError,
  LuaFloat,
  type LuaValue,
  type NativeCall,
} from "./value.ts";

const SLOT_BYTES = 16;
const TAG_AT = 8;
const COLLECTABLE = 64;
const FALSE = 1;
const TRUE = 17;
const INTEGER = 3;
const FLOAT = 19;
const SHORT_STRING = 4 | COLLECTABLE;
const LONG_STRING = 20 | COLLECTABLE;
const LONG_MARK = 0xff;
const STRING_AT = 16;
const TABLE = 5 | COLLECTABLE;
const TABLE_FLAGS_AT = 6;
const TABLE_LIMIT_AT = 8;
const TABLE_ARRAY_AT = 12;
const TABLE_FREE_AT = 20;
/** Flag of a table whose limit is not the size of its array part; it is the highest. */
const ROUGH_LIMIT = 128;
const TYPES: readonly ArgumentType[] = [
  "nil",
  "boolean",
  "userdata",
  "number",
  "string",
  "table",
  "function",
  "userdata",
  "thread",
];
const USERDATA = 7;
const KINDS: readonly ArgumentType[] = ["userdata", "error", "channel", "payload", "handle"];
const HANDLE = 4;
const MODE_MESSAGE = 0;
const MODE_CALL = 1;
const PROBLEMS: readonly string[] = ["", "payload nested too deep", "payload too large", "not enough memory"];

/** One native call; reused from call to call. */
export class CallFrame implements NativeCall {
  readonly #vm: VmExports;
  readonly #reader: Reader;
  #args = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #bytes = new Uint8Array(0);
  #length = 0;
  readonly #texts: KeptTexts;
  slot = 0;
  count = 0;
  selfClass = 0;
  selfId = 0;

  constructor(exchange: Exchange, texts: KeptTexts) {
    this.#vm = exchange.vm;
    this.#reader = exchange.reader;
    this.#texts = texts;
  }

  /** Points at the arguments of a call. */
  open(args: number, count: number, slot: number, classId: number, id: number): void {
    this.#args = args;
    this.count = count;
    this.slot = slot;
    this.selfClass = classId;
    this.selfId = id;
  }

  get tag(): number {
    return this.#vm.tag_of_call();
  }

  #memory(): DataView {
    // Growing detaches the buffer, which leaves its views empty.
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#vm.memory.buffer);
      this.#view = new DataView(this.#bytes.buffer);
    }
    return this.#view;
  }

  #at(i: number): number {
    return this.#args + (i - 1) * SLOT_BYTES;
  }

  #tag(i: number): number {
    return i > this.count ? 0 : this.#memory().getUint8(this.#at(i) + TAG_AT);
  }

  type(i: number): ArgumentType {
    if (i > this.count) return "none";
    const type = this.#tag(i) & 15;
    return type === USERDATA ? KINDS[this.#vm.arg_userdata(i)]! : TYPES[type] ?? "userdata";
  }

  #integer(at: number): number | bigint {
    const view = this.#memory();
    const high = view.getInt32(at + 4, true);
    const low = view.getUint32(at, true);
    const value = high * 0x100000000 + low;
    return Number.isSafeInteger(value) ? value : view.getBigInt64(at, true);
  }

  /** Where the bytes of the string in a slot start; `#length` says how many they are. */
  #string(at: number): number {
    const view = this.#memory();
    const string = view.getUint32(at, true);
    const short = this.#bytes[string + 7]!;
    this.#length = short === LONG_MARK ? view.getUint32(string + 12, true) : short;
    return string + STRING_AT;
  }

  value(i: number, exact = false): LuaValue {
    const tag = this.#tag(i);
    const value = this.#plain(this.#at(i), tag, exact);
    return value === undefined ? this.#decoded(i, exact) : value;
  }

  /** The value of a slot, undefined when it has parts. */
  #plain(at: number, tag: number, exact: boolean): LuaValue {
    switch (tag) {
      case FALSE:
        return false;
      case TRUE:
        return true;
      case INTEGER:
        return this.#integer(at);
      case FLOAT: {
        const float = this.#view.getFloat64(at, true);
        return exact && Number.isInteger(float) ? new LuaFloat(float) : float;
      }
      case SHORT_STRING:
      case LONG_STRING: {
        const start = this.#string(at);
        return readString(this.#bytes, start, start + this.#length);
      }
      default:
        return (tag & 15) === 0 ? null : undefined;
    }
  }

  #item(at: number, exact: boolean): LuaValue {
    const tag = this.#bytes[at + TAG_AT]!;
    return exact && tag === INTEGER ? this.#view.getBigInt64(at, true) : this.#plain(at, tag, exact);
  }

  list(i: number, exact = false): LuaValue[] | undefined {
    if (this.#tag(i) !== TABLE) return undefined;
    const view = this.#memory();
    const table = view.getUint32(this.#at(i), true);
    const bytes = this.#bytes;
    if (view.getUint32(table + TABLE_FREE_AT, true) !== 0 || bytes[table + TABLE_FLAGS_AT]! >= ROUGH_LIMIT) {
      return undefined;
    }
    let length = view.getUint32(table + TABLE_LIMIT_AT, true);
    const array = view.getUint32(table + TABLE_ARRAY_AT, true);
    while (length > 0 && (bytes[array + (length - 1) * SLOT_BYTES + TAG_AT]! & 15) === 0) length--;
    if (length === 0) return [];
    const first = this.#item(array, exact);
    if (first === undefined) return undefined;
    // A literal takes no more room than it needs.
    const values = [first];
    for (let i = 1; i < length; i++) {
      const value = this.#item(array + i * SLOT_BYTES, exact);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  #decoded(i: number, exact: boolean): LuaValue {
    const at = this.#encode(i, MODE_CALL, 0);
    return this.#reader.first(this.#bytes, exact, at, at + this.#vm.out_size());
  }

  /** Encodes arguments from `i` on; returns where they are in memory. */
  #encode(i: number, mode: number, many: number): number {
    const status = this.#vm.arg_encode(i, mode, many);
    if (status !== 0) {
      throw new Failure("Invalid", PROBLEMS[status] ?? "payload refused", { retryable: false });
    }
    this.#memory();
    return this.#vm.out() >>> 0;
  }

  string(i: number): string {
    const tag = this.#tag(i);
    if (tag === SHORT_STRING || tag === LONG_STRING) {
      const start = this.#string(this.#at(i));
      return this.#texts.read(i, start - STRING_AT, this.#bytes, start, this.#length);
    }
    if (tag === INTEGER || tag === FLOAT) return String(this.value(i));
    return this.#errorText(i, "string");
  }

  bytes(i: number): Uint8Array {
    return this.view(i).slice();
  }

  view(i: number): Uint8Array {
    const tag = this.#tag(i);
    if (tag === SHORT_STRING || tag === LONG_STRING) {
      const start = this.#string(this.#at(i));
      return this.#bytes.subarray(start, start + this.#length);
    }
    return new TextEncoder().encode(this.string(i));
  }

  #errorText(i: number, expected: string): string {
    const type = this.type(i);
    if (type === "error") {
      const error = this.value(i);
      if (error instanceof LuaError) return error.message;
    }
    throw new ArgumentError(i, expected, type);
  }

  number(i: number): number {
    const tag = this.#tag(i);
    if (tag === FLOAT) return this.#view.getFloat64(this.#at(i), true);
    if (tag === INTEGER) return Number(this.#integer(this.#at(i)));
    if (tag === SHORT_STRING || tag === LONG_STRING) {
      const text = this.string(i).trim();
      const number = Number(text);
      if (text !== "" && !Number.isNaN(number)) return number;
    }
    throw new ArgumentError(i, "number", this.type(i));
  }

  boolean(i: number): boolean {
    const tag = this.#tag(i);
    if (tag === TRUE || tag === FALSE) return tag === TRUE;
    throw new ArgumentError(i, "boolean", this.type(i));
  }

  truthy(i: number): boolean {
    const tag = this.#tag(i);
    return tag !== FALSE && (tag & 15) !== 0;
  }

  handleOf(i: number, classId: number): number {
    if (i === 1) return this.selfClass === classId ? this.selfId : 0;
    if (i > this.count || (this.#tag(i) & 15) !== USERDATA || this.#vm.arg_userdata(i) !== HANDLE) return 0;
    const at = this.#vm.ids() >>> 0;
    const view = this.#memory();
    return view.getFloat64(at + 8, true) === classId ? view.getFloat64(at, true) : 0;
  }

  handle(i: number, classId: number): number {
    const id = this.handleOf(i, classId);
    if (id === 0) throw new ArgumentError(i, "object of another type", this.type(i));
    return id;
  }

  json(i: number): Uint8Array {
    const status = this.#vm.json_arg(i);
    const at = this.#vm.out() >>> 0;
    this.#memory();
    const text = this.#bytes.slice(at, at + this.#vm.out_size());
    if (status !== 0) throw new Failure("Internal", new TextDecoder().decode(text), { retryable: false });
    return text;
  }

  raw(i: number): Uint8Array {
    const at = this.#encode(i, MODE_MESSAGE, 1);
    return this.#bytes.slice(at, at + this.#vm.out_size());
  }

  location(): { source: string; line: number } {
    const line = this.#vm.location();
    const at = this.#vm.out() >>> 0;
    this.#memory();
    return { source: new TextDecoder().decode(this.#bytes.subarray(at, at + this.#vm.out_size())), line };
  }
}
