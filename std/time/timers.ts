/**
 * Waiting: `sleep`, `after`, timers and tickers.
 *
 * W1. Everything pending is cancelled when its process ends. W2. A tick that meets an unread one is dropped.
 * W3. Ticks keep to the grid of their start; those that are late are skipped, never made up for.
 */
import { Failure } from "../../src/core/mod.ts";
import {
  type Call,
  defineObject,
  type FedChannel,
  luaErrorOf,
  type ModuleFunction,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import type { Clock, TimerHandle } from "../../src/ports/mod.ts";
import type { LuaHandle, NativeResult } from "../../src/vm/mod.ts";
import { RaisedFailure } from "../../src/vm/mod.ts";
import { durationArgument, readDuration } from "./arguments.ts";
import { instantOfNs, localZone } from "../../src/time/mod.ts";
import { timeObject } from "./time_object.ts";

/** Milliseconds of nanoseconds, rounded up so that nothing ends early. */
function wholeMs(ns: bigint): number {
  return Number((ns + 999_999n) / 1_000_000n);
}

/** Suspends the caller; a duration that is not positive returns at once. */
export function sleep(call: Call): NativeResult | Promise<NativeResult> {
  const ns = durationArgument(call, 1);
  if (ns <= 0n) return null;
  const { process } = call;
  const { clock } = call.services.ports;
  return new Promise((resolve) => {
    const timer = clock.timer(wholeMs(ns), () => {
      forget();
      resolve(null);
    });
    const forget = process.onEnd(() => timer.cancel());
  });
}

/** A channel with what feeds it. */
class TickSource {
  readonly channel: FedChannel;
  readonly clock: Clock;
  readonly #create: (ns: bigint) => LuaHandle;
  readonly #discard: (handle: LuaHandle) => void;
  readonly #forget: () => void;
  #timer: TimerHandle | undefined;
  #dropped = false;

  constructor(call: Call) {
    const zone = localZone(call.services.ports.clock);
    const { modules } = call.runtime;
    this.clock = call.services.ports.clock;
    this.channel = call.openChannel(1);
    this.#create = (ns) => modules.create(timeObject, instantOfNs(ns, zone));
    this.#discard = (handle) => modules.released(handle.classId, handle.id);
    this.#forget = call.process.onEnd(() => this.#timer?.cancel());
  }

  /** True while something is still to come. */
  get pending(): boolean {
    return this.#timer !== undefined;
  }

  /** Calls `fire` after `delayMs` instead of what was pending. */
  arm(delayMs: number, fire: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.clock.timer(delayMs, () => {
      this.#timer = undefined;
      fire();
    });
  }

  /** Sends the time of now. */
  tick(): void {
    const handle = this.#create(this.clock.nowNs());
    if (!this.channel.send(handle, "drop")) this.#discard(handle);
    this.#leave();
  }

  /** Cancels what is pending; true when something was. */
  disarm(): boolean {
    const was = this.pending;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#leave();
    return was;
  }

  /** Lua can't reach the source any more; it may still wait on the channel. */
  drop(): void {
    this.#dropped = true;
    this.#leave();
  }

  /** Leaves the channel to Lua once nothing can come any more. */
  #leave(): void {
    if (!this.#dropped || this.pending) return;
    this.#forget();
    this.channel.release();
  }
}

/** A positive duration, or Invalid with `message`. A text that does not parse names itself. */
function positive(call: Call, message: string): bigint {
  const ns = durationArgument(call, 1);
  if (ns <= 0n) throw new Failure("Invalid", message, { retryable: false });
  return ns;
}

/** `time.after(duration)`. */
export const after: ModuleFunction = (call) => {
  const ns = positive(call, "time.after: duration must be > 0");
  const source = new TickSource(call);
  source.arm(wholeMs(ns), () => source.tick());
  source.drop();
  return source.channel.channel;
};

/** `time.timer(duration)`. */
export const timer: ModuleFunction = (call) => {
  const ns = positive(call, "time.timer: duration must be > 0");
  const source = new TickSource(call);
  source.arm(wholeMs(ns), () => source.tick());
  return call.create(timerObject, source);
};

const channelOf = (definition: () => ObjectDefinition<TickSource>): ModuleFunction => (call) =>
  call.self(definition()).channel.channel;

/** Fires once; can be stopped and started again. */
export const timerObject: ObjectDefinition<TickSource> = defineObject<TickSource>({
  name: "time.Timer",
  release: (source) => source.drop(),
  methods: {
    response: channelOf(() => timerObject),
    channel: channelOf(() => timerObject),
    stop: (call) => call.self(timerObject).disarm(),
    reset: (call) => {
      const source = call.self(timerObject);
      const ns = readDuration(call, 2);
      if (ns === undefined || ns <= 0n) {
        const failure = new Failure("Invalid", "timer:reset: duration must be > 0", { retryable: false });
        throw new RaisedFailure(luaErrorOf(failure));
      }
      const was = source.pending;
      source.channel.clear();
      source.arm(wholeMs(ns), () => source.tick());
      return was;
    },
  },
});

/** `time.ticker(duration)`. */
export const ticker: ModuleFunction = (call) => {
  const ns = positive(call, "time.ticker: duration must be > 0");
  const source = new TickSource(call);
  const periodMs = Number(ns) / 1e6;
  let nextMs = source.clock.monotonicMs() + periodMs;
  const arm = (): void => {
    source.arm(Math.max(nextMs - source.clock.monotonicMs(), 0), () => {
      const nowMs = source.clock.monotonicMs();
      nextMs += periodMs * Math.max(1, Math.floor((nowMs - nextMs) / periodMs) + 1);
      arm();
      source.tick();
    });
  };
  arm();
  return call.create(tickerObject, source);
};

/** Fires again and again. */
export const tickerObject: ObjectDefinition<TickSource> = defineObject<TickSource>({
  name: "time.Ticker",
  release: (source) => source.drop(),
  methods: {
    response: channelOf(() => tickerObject),
    channel: channelOf(() => tickerObject),
    stop: (call) => call.self(tickerObject).disarm(),
  },
});
