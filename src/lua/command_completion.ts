/**
 * What comes back to a suspended process from outside: results of commands, and values of channels that the runtime feeds.
 *
 * Everything here names its process by slot and serial, for the process may be gone by then and another one at its slot.
 */
import { Failure } from "../core/mod.ts";
import { Encoded, LuaError, type LuaValue, type NativeResult, PENDING, Raised, Values } from "../vm/mod.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { FedChannel } from "./module.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Completes a suspended command unless its process is gone. */
export function completeCommand(
  runtime: LuaRuntime,
  slot: number,
  serial: number,
  tag: number,
  result: NativeResult,
): void {
  if (!runtime.book.isAlive(slot, serial)) return;
  const values = resultValues(result);
  if (values !== undefined) {
    try {
      runtime.universe.complete(slot, tag, values);
    } catch (error) {
      // What can't become values of Lua, or has no room there.
      failCommand(runtime, slot, serial, tag, error);
    }
  } else if (result instanceof Raised) runtime.universe.completeRaise(slot, tag, raisedError(result));
  else failCommand(runtime, slot, serial, tag, new Error("a command's promise resolved to PENDING"));
  runtime.slices.wake();
}

/** Completes a suspended command with a failure; anything but a Failure ends the process. */
export function failCommand(
  runtime: LuaRuntime,
  slot: number,
  serial: number,
  tag: number,
  error: unknown,
): void {
  if (!runtime.book.isAlive(slot, serial)) return;
  if (error instanceof Failure || error instanceof LuaError) {
    runtime.universe.complete(slot, tag, [null, luaErrorOf(error)]);
  } else if (isRaisedFailure(error)) {
    runtime.universe.completeRaise(slot, tag, error.luaError);
  } else {
    runtime.reportBroken(slot, error);
    runtime.universe.completeRaise(slot, tag, luaErrorOf(error));
  }
  runtime.slices.wake();
}

/** A channel fed by the runtime, owned by the process at `slot`. */
export function openFedChannel(runtime: LuaRuntime, slot: number, capacity: number): FedChannel {
  const { book, slices, universe } = runtime;
  const channel = universe.channels.open(slot, capacity);
  const serial = book.serialOf(slot);
  return {
    channel,
    send: (value, mode) => {
      if (!book.isAlive(slot, serial)) return false;
      const sent = universe.channels.send(slot, channel, value, mode);
      slices.wake();
      return sent;
    },
    close: () => {
      if (!book.isAlive(slot, serial)) return;
      universe.channels.close(slot, channel);
      slices.wake();
    },
    unread: () => book.isAlive(slot, serial) ? universe.channels.unread(slot, channel) : undefined,
    clear: () => {
      if (book.isAlive(slot, serial)) universe.channels.clear(slot, channel);
    },
    release: () => {
      if (book.isAlive(slot, serial)) universe.channels.release(slot, channel);
    },
  };
}

/** The values a native result stands for; `undefined` when it is raised or pending. */
function resultValues(result: NativeResult): LuaValue[] | Encoded | undefined {
  if (result instanceof Values) return result.items as LuaValue[];
  if (result instanceof Encoded) return result;
  if (result instanceof Raised || result === PENDING) return undefined;
  return [result as LuaValue];
}

function raisedError(raised: Raised): LuaError {
  return typeof raised.error === "string" ? new LuaError(raised.error, "", null) : raised.error;
}

function isRaisedFailure(error: unknown): error is { luaError: LuaError } {
  return typeof error === "object" && error !== null && "luaError" in error;
}
