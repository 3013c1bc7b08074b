/**
 * Virtual time, and the loop that drives a simulation.
 *
 * V1. Time moves only when nothing is ready, and then straight to the earliest timer. After `BUSY_CALLBACKS`
 *     callbacks without a move each takes `BUSY_STEP_MS`: a program that is always busy can't stop time.
 * V2. One callback runs at a time; every promise reaction it causes runs before the next callback.
 * V3. `settle`, `advance` and `run` go before `drive`: what is driven may move time itself.
 * V4. `soon` keeps its order. Timers due at the same time fire in the order of the seed.
 */
import { setImmediate, setTimeout } from "node:timers";
import { Failure } from "../../core/mod.ts";
import type { Clock, Random, TimerHandle } from "../../ports/mod.ts";
import { SystemClock } from "../system_clock.ts";
import { type PendingTimer, TimerHeap } from "./timer_heap.ts";

/** How a simulation is started and bounded. */
export interface SimulatedClockOptions {
  /** Milliseconds since the Unix epoch at which the simulation begins. */
  readonly startMs?: number;
  /** Orders timers that are due together; absent: first set, first fired. */
  readonly order?: Random;
  /** Callbacks after which a simulation counts as running in circles. */
  readonly callbacksMax?: number;
}

/** 2030-01-01, 00:00 UTC. */
const START_MS = Date.UTC(2030, 0, 1);
const CALLBACKS_MAX = 50_000_000;
/** Longest wait for the real world, in real milliseconds, before a simulation counts as stuck. */
const OUTSIDE_MS_MAX = 2_000;
const BUSY_CALLBACKS = 200;
const BUSY_STEP_MS = 50;

/** A clock that a test moves. */
export class SimulatedClock implements Clock {
  readonly #startMs: number;
  readonly #order: Random | undefined;
  readonly #callbacksMax: number;
  readonly #zones = new SystemClock();
  readonly #timers = new TimerHeap();
  #soon: (() => void)[] = [];
  #soonAt = 0;
  /** Ends of `settle`, `advance` and `run` in progress. */
  readonly #steps = new Set<Promise<void>>();
  #elapsedMs = 0;
  /** Callbacks since time moved last. */
  #busy = 0;
  #rank = 0;
  #foreground = 0;
  #callbacks = 0;

  constructor(options: SimulatedClockOptions = {}) {
    this.#startMs = options.startMs ?? START_MS;
    this.#order = options.order;
    this.#callbacksMax = options.callbacksMax ?? CALLBACKS_MAX;
  }

  nowNs(): bigint {
    return BigInt(this.#startMs) * 1_000_000n + BigInt(Math.round(this.#elapsedMs * 1e6));
  }

  nowMs(): number {
    return this.#startMs + Math.floor(this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  timer(delayMs: number, fire: () => void, options: { background?: boolean } = {}): TimerHandle {
    const background = options.background === true;
    const random = this.#order === undefined ? 0 : this.#order.below(1 << 20);
    const timer: PendingTimer = {
      dueMs: this.#elapsedMs + Math.max(0, delayMs),
      // The count makes ranks unique and keeps them exact: 2^20 draws times 2^32 timers.
      rank: random * 4_294_967_296 + this.#rank,
      background,
      fire,
      canceled: false,
    };
    this.#rank += 1;
    if (!background) this.#foreground += 1;
    this.#timers.push(timer);
    return {
      cancel: () => {
        if (timer.canceled) return;
        timer.canceled = true;
        if (!background) this.#foreground -= 1;
      },
    };
  }

  soon(fire: () => void): void {
    this.#soon.push(fire);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const canceled = (): void => reject(new Failure("Canceled", "sleep canceled"));
      if (signal?.aborted) {
        canceled();
        return;
      }
      const abort = (): void => {
        timer.cancel();
        canceled();
      };
      const timer = this.timer(delayMs, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** As in the real world; local time is UTC. */
  zoneOffsetMinutes(zone: string, ms: number): number {
    return zone === "" ? 0 : this.#zones.zoneOffsetMinutes(zone, ms);
  }

  // --- Driving ----------------------------------------------------------------------------------------------------------

  /** Virtual milliseconds since the simulation began. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Runs what is ready now, without moving time. */
  settle(): Promise<void> {
    return this.#step(this.#elapsedMs);
  }

  /** Lets `ms` pass and runs everything due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await this.#step(until);
    this.#elapsedMs = Math.max(this.#elapsedMs, until);
  }

  /** Runs until nothing is left but background timers, at most to `untilMs` on the virtual clock. */
  async run(untilMs = Infinity): Promise<void> {
    await this.#step(untilMs, () => this.#foreground === 0 && this.#soonAt === this.#soon.length);
  }

  /** Runs until `promise` settles. Fails with Internal when nothing is left that could settle it. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await this.#run(Infinity, () => settled, true);
    // What is left may be work of the real world, a module being loaded or a key being derived. It takes no virtual time.
    for (let waitedMs = 0; !settled && waitedMs < OUTSIDE_MS_MAX; waitedMs += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.#run(Infinity, () => settled, true);
    }
    if (!settled) {
      throw new Failure("Internal", "the simulation is stuck: nothing is ready and no timer is set");
    }
    return promise;
  }

  /** Moves the simulation by hand; loops that merely wait for a promise stand still meanwhile. */
  async #step(untilMs: number, done?: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#steps.add(promise);
    try {
      await this.#run(untilMs, done);
    } finally {
      this.#steps.delete(promise);
      resolve();
    }
  }

  async #run(untilMs: number, done: () => boolean = () => false, yields = false): Promise<void> {
    for (;;) {
      await reactions();
      if (done()) return;
      if (yields && this.#steps.size > 0) {
        await Promise.all(this.#steps);
        continue;
      }
      const fire = this.#take(untilMs);
      if (fire === undefined) return;
      this.#callbacks += 1;
      if (this.#callbacks > this.#callbacksMax) {
        throw new Failure("Internal", `the simulation runs in circles: ${this.#callbacksMax} callbacks`);
      }
      fire();
    }
  }

  #take(untilMs: number): (() => void) | undefined {
    const timer = this.#timers.peek();
    const isReady = this.#soonAt < this.#soon.length;
    // A busy program and overdue timers take turns.
    const isOverdue = timer !== undefined && timer.dueMs <= this.#elapsedMs && this.#busy > BUSY_CALLBACKS;
    if (isReady && !(isOverdue && this.#busy % 2 === 0)) return this.#takeSoon(untilMs);
    if (timer === undefined || timer.dueMs > untilMs) return undefined;
    this.#timers.pop();
    timer.canceled = true;
    if (!timer.background) this.#foreground -= 1;
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    this.#busy = isReady ? this.#busy + 1 : 0;
    return timer.fire;
  }

  #takeSoon(untilMs: number): () => void {
    this.#busy += 1;
    if (this.#busy > BUSY_CALLBACKS) {
      this.#elapsedMs = Math.max(this.#elapsedMs, Math.min(untilMs, this.#elapsedMs + BUSY_STEP_MS));
    }
    const fire = this.#soon[this.#soonAt]!;
    this.#soonAt += 1;
    if (this.#soonAt === this.#soon.length) {
      this.#soon = [];
      this.#soonAt = 0;
    }
    return fire;
  }
}

/** Resolves when every promise reaction that is due has run. */
function reactions(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
