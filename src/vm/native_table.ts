/**
 * Functions of the host that Lua may call, and how their results go back.
 */
import { Failure, Fields, Records } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import type { VmImports } from "./instance.ts";
import { KeptTexts } from "./kept_texts.ts";
import { CallFrame, type FrameSource } from "./native_call.ts";
import {
  ArgumentError,
  Encoded,
  type Given,
  LuaError,
  type LuaValue,
  type NativeCall,
  type NativeResult,
  PENDING,
  Raised,
  RaisedFailure,
  Values,
} from "./value.ts";

/** Results of this many bytes are written where they stay, at once. */
const GIVEN_BYTES_MIN = 4096;

/** The native functions of one universe. */
export class NativeTable {
  readonly #failed: (slot: number, error: unknown) => void;
  /** Makes what functions are called with; whoever wants that to be more than a call replaces this at once. */
  frame: (source: FrameSource) => CallFrame = (source) => new CallFrame(source);
  readonly #functions: ((call: NativeCall) => NativeResult)[] = [];
  /** One frame for each depth of calls within calls. */
  readonly #frames: CallFrame[] = [];
  #exchange!: Exchange;
  #source!: FrameSource;
  #depth = 0;

  /** `failed` gets what a function threw unexpectedly. */
  constructor(failed: (slot: number, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Binds the table to its VM, which can't be made before it. */
  bind(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#source = { exchange, texts: new KeptTexts(exchange.vm) };
  }

  /** Adds a function; returns its index. */
  add(fn: (call: NativeCall) => NativeResult): number {
    return this.#functions.push(fn) - 1;
  }

  /**
   * Calls a function for the VM; the low three bits of the answer say what the rest, a length, means. `classId` and `id` are of
   * the object that argument 1 is; the rest is as in `vm.h`.
   */
  readonly call: VmImports["native"] = (index, args, count, slot, classId, id, text, list, items) => {
    const depth = this.#depth;
    this.#depth = depth + 1;
    const frame = this.#frames[depth] ?? this.#newFrame();
    let answer: number;
    try {
      frame.open(args >>> 0, count, slot, classId, id, text, list >>> 0, items);
      answer = this.#result(this.#functions[index]!(frame));
    } catch (error) {
      this.#depth = depth;
      return this.#thrown(slot, error);
    }
    this.#depth = depth;
    return answer;
  };

  #newFrame(): CallFrame {
    const frame = this.frame(this.#source);
    this.#frames.push(frame);
    return frame;
  }

  #result(result: NativeResult): number {
    if (typeof result === "object" && result !== null) {
      if (result instanceof Records || result instanceof Fields) return this.#exchange.putShaped(result) << 3;
      if (result instanceof Values) return this.#given(result.items) || this.#reply(result.items, 0);
      if (result instanceof Raised) return this.#reply([result.error], 2);
      if (result instanceof Uint8Array && result.length >= GIVEN_BYTES_MIN) {
        return this.#given([result]) || this.#exchange.putOne(result) << 3;
      }
      if (result instanceof Encoded) {
        this.#exchange.fill(result.bytes);
        return result.bytes.length << 3;
      }
    } else if (result === PENDING) return 1;
    return this.#exchange.putOne(result) << 3;
  }

  /** The answer when long bytes, which nothing but nil follows, have been given to the VM; 0 when they have not. */
  #given(values: readonly Given[]): number {
    const first = values[0];
    if (!(first instanceof Uint8Array) || first.length < GIVEN_BYTES_MIN) return 0;
    for (let i = 1; i < values.length; i++) if (values[i] !== null && values[i] !== undefined) return 0;
    return this.#exchange.give(first) ? values.length << 3 | 3 : 0;
  }

  #reply(values: readonly Given[], code: number): number {
    return (this.#exchange.put(values) << 3) | code;
  }

  #thrown(slot: number, error: unknown): number {
    if (error instanceof Failure) {
      const object = new LuaError(
        error.message,
        error.kind,
        error.retryable ?? null,
        (error.details ?? null) as LuaValue,
      );
      return this.#reply([null, object], 0);
    }
    if (error instanceof ArgumentError) return this.#reply([error.index, error.message], 4);
    if (error instanceof RaisedFailure) return this.#reply([error.luaError], 2);
    this.#failed(slot, error);
    const message = error instanceof Error ? error.message : String(error);
    return this.#reply([new LuaError(message, "Internal", false)], 2);
  }
}
