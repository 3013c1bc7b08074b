/**
 * Arguments of a native call, read straight from the stack of the calling thread.
 *
 * N1. Layouts are those of Lua 5.4 on wasm32: a stack slot is 16 bytes, its tag at 8; a string's length byte at 7 (0xFF: a
 *     long one, length at 12), its bytes from 16 on. `tests/vm` fails when they change.
 * N2. A slot may be read only while the function runs: nothing is kept of it.
 */
import { Failure } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { VmExports } from "./instance.ts";
import { KEPT_BITS, type KeptTexts } from "./kept_texts.ts";
import { readString } from "./text.ts";
import {
  ArgumentError,
  type ArgumentType,
  LuaError,
  LuaFloat,
  type LuaValue,
  type NativeCall,
} from "./value.ts";
import type { Views } from "./views.ts";

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

/** What frames read from. */
export interface FrameSource {
  readonly exchange: Exchange;
  readonly texts: KeptTexts;
}

/** One native call; reused from call to call. */
export class CallFrame implements NativeCall {
  readonly #source: FrameSource;
  readonly #views: Views;
  readonly #texts: readonly string[];
  #args = 0;
  /** Which argument's text is kept, and where; see `KeptTexts`. */
  #text = 0;
  /** Where the elements of the last argument are, and how many; -1 when it is no list. */
  #list = 0;
  #items = -1;
  #length = 0;
  #spare: LuaValue[] | undefined;
  slot = 0;
  count = 0;
  selfClass = 0;
  selfId = 0;

  constructor(source: FrameSource) {
    this.#source = source;
    this.#views = source.exchange.views;
    this.#texts = source.texts.texts;
  }

  /** Points at the arguments of a call; the rest is what the VM knows of them. */
  open(
    args: number,
    count: number,
    slot: number,
    classId: number,
    id: number,
    text: number,
    list: number,
    items: number,
  ): void {
    this.#args = args;
    this.count = count;
    this.slot = slot;
    this.selfClass = classId;
    this.selfId = id;
    this.#text = text;
    this.#list = list;
    this.#items = items;
    this.opened();
  }

  /** For who is more than a frame: it points at another call now. */
  protected opened(): void {}

  /** Points at the arguments of the call that `frame` points at. */
  openAs(frame: CallFrame): void {
    const { count, selfClass, selfId, slot } = frame;
    this.open(frame.#args, count, slot, selfClass, selfId, frame.#text, frame.#list, frame.#items);
  }

  get #vm(): VmExports {
    return this.#source.exchange.vm;
  }

  get tag(): number {
    return this.#vm.tag_of_call();
  }

  #at(i: number): number {
    return this.#args + (i - 1) * SLOT_BYTES;
  }

  #tag(i: number): number {
    return i > this.count ? 0 : this.#views.now().bytes[this.#at(i) + TAG_AT]!;
  }

  type(i: number): ArgumentType {
    if (i > this.count) return "none";
    const type = this.#tag(i) & 15;
    return type === USERDATA ? KINDS[this.#vm.arg_userdata(i)]! : TYPES[type] ?? "userdata";
  }

  #integer(at: number): number | bigint {
    const { view } = this.#views;
    const high = view.getInt32(at + 4, true);
    const low = view.getUint32(at, true);
    const value = high * 0x100000000 + low;
    return Number.isSafeInteger(value) ? value : view.getBigInt64(at, true);
  }

  /** Where the bytes of the string in a slot start; `#length` says how many they are. */
  #string(at: number): number {
    const { bytes, words } = this.#views;
    const string = words[at >>> 2]!;
    const short = bytes[string + 7]!;
    this.#length = short === LONG_MARK ? words[(string + 12) >>> 2]! : short;
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
        const float = this.#views.floats[at >>> 3]!;
        return exact && Number.isInteger(float) ? new LuaFloat(float) : float;
      }
      case SHORT_STRING:
      case LONG_STRING: {
        const start = this.#string(at);
        return readString(this.#views.bytes, start, start + this.#length);
      }
      default:
        return (tag & 15) === 0 ? null : undefined;
    }
  }

  list(i: number, exact = false): LuaValue[] | undefined {
    const count = this.#items;
    if (i !== this.count || count < 0) return undefined;
    if (count === 0) return [];
    const { bytes, view } = this.#views.now();
    const spare = this.#spare;
    this.#spare = undefined;
    const values = spare !== undefined && spare.length === count
      ? spare
      : new Array<LuaValue>(count).fill(null);
    for (let i = 0, at = this.#list; i < count; i++, at += SLOT_BYTES) {
      const tag = bytes[at + TAG_AT]!;
      const value = exact && tag === INTEGER ? view.getBigInt64(at, true) : this.#plain(at, tag, exact);
      if (value === undefined) return undefined;
      values[i] = value;
    }
    return values;
  }

  giveBack(values: LuaValue[]): void {
    // What it held must not be held by this.
    for (let i = 0; i < values.length; i++) values[i] = null;
    this.#spare = values;
  }

  #decoded(i: number, exact: boolean): LuaValue {
    const at = this.#encode(i, MODE_CALL, 0);
    return this.#source.exchange.reader.first(this.#views.bytes, exact, at, at + this.#vm.out_size());
  }

  /** Encodes arguments from `i` on; returns where they are in memory. */
  #encode(i: number, mode: number, many: number): number {
    const status = this.#vm.arg_encode(i, mode, many);
    if (status !== 0) {
      throw new Failure("Invalid", PROBLEMS[status] ?? "payload refused", { retryable: false });
    }
    this.#views.now();
    return this.#vm.out() >>> 0;
  }

  string(i: number): string {
    const text = this.#text;
    return text >> KEPT_BITS === i ? this.#texts[text & (1 << KEPT_BITS) - 1]! : this.#textOf(i);
  }

  #textOf(i: number): string {
    const tag = this.#tag(i);
    if (tag === SHORT_STRING || tag === LONG_STRING) {
      const start = this.#string(this.#at(i));
      return this.#source.texts.read(i, start - STRING_AT, this.#views.bytes, start, this.#length);
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
      return this.#views.bytes.subarray(start, start + this.#length);
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
    if (tag === FLOAT) return this.#views.floats[this.#at(i) >>> 3]!;
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
    const { floats } = this.#views.now();
    return floats[(at + 8) >>> 3] === classId ? floats[at >>> 3]! : 0;
  }

  handle(i: number, classId: number): number {
    const id = this.handleOf(i, classId);
    if (id === 0) throw new ArgumentError(i, "object of another type", this.type(i));
    return id;
  }

  json(i: number): Uint8Array {
    const status = this.#vm.json_arg(i);
    const at = this.#vm.out() >>> 0;
    const text = this.#views.now().bytes.slice(at, at + this.#vm.out_size());
    if (status !== 0) throw new Failure("Internal", new TextDecoder().decode(text), { retryable: false });
    return text;
  }

  raw(i: number): Uint8Array {
    const at = this.#encode(i, MODE_MESSAGE, 1);
    return this.#views.bytes.slice(at, at + this.#vm.out_size());
  }

  location(): { source: string; line: number } {
    const line = this.#vm.location();
    const at = this.#vm.out() >>> 0;
    const { bytes } = this.#views.now();
    return { source: new TextDecoder().decode(bytes.subarray(at, at + this.#vm.out_size())), line };
  }
}
