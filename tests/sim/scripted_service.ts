/** Services whose behaviour a test writes down beforehand. */
import { Failure } from "../../src/core/mod.ts";
import type { Clock, Lifecycle, Service, ServiceRun } from "../../src/ports/mod.ts";

/** How one start goes: after `afterMs` it runs, or fails. `ignoresAbort`: it takes its time whatever the signal says. */
export interface StartScript {
  readonly afterMs?: number;
  readonly failure?: Failure;
  readonly ignoresAbort?: boolean;
  /** Ends by itself after this time, with `ends`. */
  readonly endsAfterMs?: number;
  readonly ends?: Failure | null;
  readonly stopMs?: number;
  /** Ends at once when forced to; otherwise it does not care. */
  readonly yieldsToForce?: boolean;
  readonly stopFailure?: Failure;
  readonly details?: string;
}

/** A service that follows a script; the last step repeats. */
export class ScriptedService implements Service {
  readonly id: string;
  readonly #clock: Clock;
  readonly #script: readonly StartScript[];
  readonly #note: (text: string) => void;
  /** Starts so far. */
  starts = 0;
  /** Runs that have neither ended nor been stopped. */
  live = 0;
  #end: ((failure: Failure | null) => void) | undefined;

  constructor(
    id: string,
    clock: Clock,
    script: readonly StartScript[],
    note: (text: string) => void = () => {},
  ) {
    this.id = id;
    this.#clock = clock;
    this.#script = script;
    this.#note = note;
  }

  /** Ends the run in progress. */
  end(failure: Failure | null): void {
    this.#end?.(failure);
  }

  async start(signal: AbortSignal): Promise<ServiceRun> {
    const step = this.#script[Math.min(this.starts, this.#script.length - 1)] ?? {};
    this.starts += 1;
    this.#note(`${this.id} start`);
    if (step.afterMs !== undefined) {
      await this.#clock.sleep(step.afterMs, step.ignoresAbort ? undefined : signal);
    }
    if (step.failure !== undefined) {
      this.#note(`${this.id} start failed`);
      throw step.failure;
    }
    return this.#run(step);
  }

  #run(step: StartScript): ServiceRun {
    const { promise: ended, resolve } = Promise.withResolvers<Failure | null>();
    this.live += 1;
    this.#note(`${this.id} up`);
    let isLive = true;
    const down = (how: string): boolean => {
      if (!isLive) return false;
      isLive = false;
      this.live -= 1;
      this.#note(`${this.id} ${how}`);
      return true;
    };
    const end = (failure: Failure | null): void => {
      if (down(failure === null ? "ended" : "crashed")) resolve(failure);
    };
    this.#end = end;
    const timer = step.endsAfterMs === undefined
      ? undefined
      : this.#clock.timer(step.endsAfterMs, () => end(step.ends ?? null));
    return {
      details: step.details ?? `${this.id} details`,
      ended,
      stop: async (_reason, force) => {
        timer?.cancel();
        this.#note(`${this.id} stopping`);
        await this.#stopTime(step, force);
        down("down");
        if (step.stopFailure !== undefined) throw step.stopFailure;
      },
    };
  }

  async #stopTime(step: StartScript, force: AbortSignal): Promise<void> {
    if (step.stopMs === undefined) return;
    try {
      await this.#clock.sleep(step.stopMs, step.yieldsToForce === false ? undefined : force);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "Canceled") throw error;
      this.#note(`${this.id} forced`);
    }
  }
}

/** A lifecycle block with the documented defaults. */
export function lifecycleOf(
  changes: Partial<Omit<Lifecycle, "restart">> & { restart?: Partial<Lifecycle["restart"]> } = {},
): Lifecycle {
  const { restart, ...rest } = changes;
  return {
    autoStart: true,
    startup: "required",
    startTimeoutMs: 10_000,
    stopTimeoutMs: 10_000,
    stableThresholdMs: 5_000,
    requires: [],
    ...rest,
    restart: {
      initialDelayMs: 1_000,
      maxDelayMs: 90_000,
      backoffFactor: 2,
      jitter: 0,
      maxAttempts: 0,
      ...restart,
    },
  };
}
