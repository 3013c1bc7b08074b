/** Futures: the pending result of an asynchronous call. */
import { Failure, type Value } from "../../src/core/mod.ts";
import {
  type ActiveCall,
  type Call,
  type CallResult,
  defineObject,
  type FedChannel,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type { Frame } from "../../src/ports/mod.ts";
import { LuaError, LuaPayload, type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";

/** State of one future. */
export interface Future {
  readonly channel: FedChannel;
  active: ActiveCall | undefined;
  canceled: boolean;
  result: CallResult | undefined;
  /** Lua has no more use for the object itself; it may still wait on the channel. */
  dropped: boolean;
}

/**
 * Starts an asynchronous call and returns its future object. While the callee's queue is full the caller is suspended, so that
 * nobody piles up calls faster than they are served.
 */
export function openFuture(
  call: Call,
  target: string,
  args: Uint8Array,
  frame: Frame,
  options: Record<string, Value> | undefined,
): NativeResult | Promise<NativeResult> {
  const { process, runtime } = call;
  const room = runtime.functions.room(target, process);
  if (room === undefined) return started(call, target, args, frame, options);
  return room.then(() => {
    if (process.ended) throw new Failure("Canceled", "caller context canceled");
    return openFuture(call, target, args, frame, options);
  });
}

function started(
  call: Call,
  target: string,
  args: Uint8Array,
  frame: Frame,
  options: Record<string, Value> | undefined,
): NativeResult {
  const future: Future = {
    channel: call.openChannel(1),
    active: undefined,
    canceled: false,
    result: undefined,
    dropped: false,
  };
  const { runtime } = call;
  future.active = runtime.calls.startFrom(call.process, target, args, frame, options, (result) => {
    future.result = result;
    future.channel.send(result.ok ? payloadOf(runtime.universe.decode(result.results)[0]) : result.error);
    future.channel.close();
    if (future.dropped) future.channel.release();
  });
  return call.create(futureObject, future);
}

function payloadOf(value: LuaValue): LuaPayload {
  return new LuaPayload("lua/any", value);
}

/** The `Future` object. */
export const futureObject: ObjectDefinition<Future> = defineObject({
  name: "Future",
  release: (future) => {
    future.dropped = true;
    if (future.result !== undefined) future.channel.release();
  },
  methods: {
    response: (call) => call.self(futureObject).channel.channel,
    channel: (call) => call.self(futureObject).channel.channel,
    is_complete: (call) => call.self(futureObject).result !== undefined,
    is_canceled: (call) => call.self(futureObject).canceled,
    result: (call) => {
      const future = call.self(futureObject);
      if (future.canceled) throw new Failure("Canceled", "canceled");
      const result = future.result;
      if (result === undefined) return new Values([null, null]);
      if (!result.ok) return new Values([null, result.error]);
      return new Values([payloadOf(call.runtime.universe.decode(result.results)[0]), null]);
    },
    error: (call) => {
      const result = call.self(futureObject).result;
      if (result === undefined || result.ok) return new Values([null, false]);
      return new Values([new LuaError(result.error.message, "Internal", false), true]);
    },
    cancel: (call) => {
      const future = call.self(futureObject);
      if (future.result === undefined && !future.canceled) {
        future.canceled = true;
        call.runtime.calls.cancel(future.active!, new Failure("Canceled", "canceled"));
      }
      return true;
    },
  },
});
