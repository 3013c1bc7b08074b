/**
 * Functions of the host that Lua may call, and how their results go back.
 */
import { Failure, Fields, Records } from "../core/mod.ts";
import type { Exchange } from "./exchange.ts";
import { KeptTexts } from "./kept_texts.ts";
import { CallFrame } from "./native_call.ts";
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
  readonly #functions: ((call: NativeCall) => NativeResult)[] = [];
  /** One frame for each depth of calls within calls. */
  readonly #frames: CallFrame[] = [];
  #exchange!: Exchange;
  #texts!: KeptTexts;
  #depth = 0;

  /** `failed` gets what a function threw unexpectedly. */
  constructor(failed: (slot: number, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Binds the table to its VM, which can't be made before it. */
  bind(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#texts = new KeptTexts(exchange.vm);
  }

  /** Adds a function; returns its index. */
  add(fn: (call: NativeCall) => NativeResult): number {
    return this.#functions.push(fn) - 1;
  }

  /**
   * Calls a function for the VM; the low three bits of the answer say what the rest, a length, means. `classId` and `id` are of
   * the object that argument 1 is.
   */
  call(index: number, args: number, count: number, slot: number, classId: number, id: number): number {
    const depth = this.#depth++;
    let frame = this.#frames[depth];
    if (frame === undefined) this.#frames[depth] = frame = new CallFrame(this.#exchange, this.#texts);
    frame.open(args >>> 0, count, slot, classId, id);
    try {
      return this.#result(this.#functions[index]!(frame));
    } catch (error) {
      return this.#thrown(frame.slot, error);
    } finally {
      this.#depth--;
    }
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
