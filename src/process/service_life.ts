/**
 * One supervised service from the wish that it runs to its end: attempts, waiting between them, stopping.
 *
 * Owns the run and the timers of one service. Which services there are, what depends on what and who is told about it
 * belong to `Supervisor`.
 *
 * L1. A life has at most one run. A run that appears after its attempt was given up is stopped at once.
 * L2. `stop` ends a life from any state; its time is bounded by the stop timeout plus `SERVICE_FORCE_MS`.
 * L3. A clean end, a cancellation, an explicit end and a failure marked as not retryable are final; other failures are
 *     retried with growing delays, as the restart policy says.
 */
import { asFailure, Failure, printDurationNs, SERVICE_FORCE_MS } from "../core/mod.ts";
import type { Clock, Lifecycle, Random, Service, ServiceRun, ServiceStatus } from "../ports/mod.ts";
import type { EndTurn } from "./start_turns.ts";

/** What a life needs of its supervisor. */
export interface LifeOwner {
  readonly clock: Clock;
  readonly random: Random;
  /** False while everything stops: then a failure is final. */
  readonly retries: boolean;
  /** Resolves when everything the service needs runs and it is its turn to start, with undefined when `stopped` aborted first. */
  turn(life: ServiceLife, stopped: AbortSignal): Promise<EndTurn | undefined>;
  /** Takes note of a new status; `failure` is why, if something failed. */
  changed(life: ServiceLife, status: ServiceStatus, details: string, failure: Failure | null): void;
  /** Something went wrong that changes no status. */
  warn(id: string, message: string, failure: Failure | null): void;
}

/** What a life is about. Read anew before every attempt. */
export interface LifeSubject {
  readonly id: string;
  readonly service: Service;
  readonly lifecycle: Lifecycle;
}

type Attempt =
  | { kind: "started"; run: ServiceRun }
  | { kind: "failed"; failure: Failure }
  | { kind: "stopped" };

const STOP_REASON = "service stopping";

/** One stretch of supervision. */
export class ServiceLife {
  readonly subject: LifeSubject;
  /** Retries since the service last ran for long enough. */
  retryCount = 0;
  /** Retries in all. */
  restarts = 0;
  /** Monotonic time of the last start; null before the first. */
  runningSinceMs: number | null = null;
  readonly #owner: LifeOwner;
  readonly #stopping = new AbortController();
  #outcome = Promise.withResolvers<Failure | null>();
  #isDecided = false;
  #phase: "active" | "failing" | "over" = "active";
  #hurry: () => void = () => {};
  #done: Promise<void> = Promise.resolve();
  #current: ServiceRun | undefined;

  constructor(subject: LifeSubject, owner: LifeOwner) {
    this.subject = subject;
    this.#owner = owner;
  }

  /** How the attempt in progress goes, or how the last one went: null once it runs or ended cleanly, else what is wrong. */
  get outcome(): Promise<Failure | null> {
    return this.#outcome.promise;
  }

  /** True from the moment `stop` was called. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** True when it will not change any more. */
  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** True while it waits between a failure and the next attempt. */
  get isFailing(): boolean {
    return this.#phase === "failing";
  }

  /** What the running service says of itself now; undefined while it does not run. */
  get details(): string | undefined {
    return this.#current?.details;
  }

  /** Resolves when it is over. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Begins, after `previous` is over. */
  begin(previous: ServiceLife | null): void {
    this.#done = this.#run(previous);
  }

  /** Ends it; resolves when it is over. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#done;
  }

  /** Ends the wait for the next attempt; `outcome` is from now on that of the next. */
  retryNow(): void {
    if (this.#phase !== "failing") return;
    this.#renew();
    this.#hurry();
  }

  /** Says that something it needs will not come soon. */
  blocked(failure: Failure): void {
    this.#decide(failure);
  }

  #decide(outcome: Failure | null): void {
    this.#isDecided = true;
    this.#outcome.resolve(outcome);
  }

  #renew(): void {
    if (!this.#isDecided) return;
    this.#isDecided = false;
    this.#outcome = Promise.withResolvers<Failure | null>();
  }

  /** Reports the last status of this life. */
  #finish(status: ServiceStatus, details: string, failure: Failure | null): false {
    // Before it is reported: who hears of it looks at the phase.
    this.#phase = "over";
    this.#owner.changed(this, status, details, failure);
    this.#decide(
      failure ?? (this.isStopping ? new Failure("Canceled", `${this.subject.id} was stopped`) : null),
    );
    return false;
  }

  async #run(previous: ServiceLife | null): Promise<void> {
    const signal = this.#stopping.signal;
    if (previous !== null) await previous.done;
    if (signal.aborted) {
      this.#phase = "over";
      this.#decide(new Failure("Canceled", `${this.subject.id} was stopped`));
      return;
    }
    let again = true;
    while (again) {
      const endTurn = await this.#owner.turn(this, signal);
      // It may have been stopped between the answer and now.
      if (endTurn !== undefined && !signal.aborted) again = await this.#once(endTurn);
      else {
        endTurn?.();
        again = this.#finish("stopped", "", null);
      }
    }
  }

  /** One attempt and what follows; true when there is to be another. */
  async #once(endTurn: EndTurn): Promise<boolean> {
    this.#renew();
    this.#owner.changed(this, "starting", "", null);
    const attempt = await this.#start();
    endTurn();
    if (attempt.kind === "stopped") return this.#finish("stopped", "", null);
    if (attempt.kind === "failed") return this.#failed(attempt.failure);
    return this.#running(attempt.run);
  }

  async #running(run: ServiceRun): Promise<boolean> {
    const { clock } = this.#owner;
    const { lifecycle } = this.subject;
    this.runningSinceMs = clock.monotonicMs();
    this.#current = run;
    this.#owner.changed(this, "running", run.details ?? "", null);
    this.#decide(null);
    const ended = run.ended.then((failure) => ({ failure }), (error) => ({ failure: asFailure(error) }));
    const end = await untilAborted(ended, this.#stopping.signal);
    this.#current = undefined;
    if (end === undefined) {
      this.#owner.changed(this, "stopping", run.details ?? "", null);
      await this.#stopRun(run);
      return this.#finish("stopped", "", null);
    }
    const ranMs = clock.monotonicMs() - this.runningSinceMs;
    if (ranMs >= lifecycle.stableThresholdMs) this.retryCount = 0;
    if (end.failure !== null) return this.#failed(end.failure);
    return this.#finish("exited", "", null);
  }

  /** Starts the service within the start timeout; a stop meanwhile is waited for up to the stop timeout. */
  async #start(): Promise<Attempt> {
    const { id, service, lifecycle } = this.subject;
    const { clock } = this.#owner;
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    let decided = false;
    const decide = (attempt: Attempt): void => {
      if (decided) {
        if (attempt.kind === "started") void this.#stopRun(attempt.run);
        return;
      }
      decided = true;
      resolve(attempt);
    };
    let timer = lifecycle.startTimeoutMs <= 0 ? undefined : clock.timer(lifecycle.startTimeoutMs, () => {
      const limit = printDurationNs(lifecycle.startTimeoutMs * 1e6);
      decide({ kind: "failed", failure: new Failure("Timeout", `${id} did not start within ${limit}`) });
      abort.abort();
    });
    const stop = (): void => {
      this.#owner.changed(this, "stopping", "", null);
      timer?.cancel();
      timer = clock.timer(lifecycle.stopTimeoutMs, () => decide({ kind: "stopped" }));
      abort.abort();
    };
    const signal = this.#stopping.signal;
    signal.addEventListener("abort", stop, { once: true });
    callStart(service, abort.signal).then(decide);
    const attempt = await promise;
    timer?.cancel();
    signal.removeEventListener("abort", stop);
    if (!signal.aborted) return attempt;
    if (attempt.kind === "started") await this.#stopRun(attempt.run);
    return { kind: "stopped" };
  }

  /** Stops a run: gently at first, by force after the stop timeout; never rejects. */
  async #stopRun(run: ServiceRun): Promise<void> {
    const { clock } = this.#owner;
    const { id, lifecycle } = this.subject;
    const force = new AbortController();
    const { promise: late, resolve: giveUp } = Promise.withResolvers<"late">();
    let timer = clock.timer(lifecycle.stopTimeoutMs, () => {
      timer = clock.timer(SERVICE_FORCE_MS, () => giveUp("late"));
      force.abort();
    });
    const outcome = await Promise.race([callStop(run, force.signal), late]);
    timer.cancel();
    if (outcome === "late") this.#owner.warn(id, "did not stop when forced to and was left behind", null);
    else if (outcome !== null) this.#owner.warn(id, "failed while stopping", outcome);
  }

  /** Decides what follows a failure; true when there is to be another attempt. */
  async #failed(failure: Failure): Promise<boolean> {
    const { maxAttempts } = this.subject.lifecycle.restart;
    if (isFinal(failure)) return this.#finish("exited", failure.message, failure);
    if (maxAttempts > 0 && this.retryCount >= maxAttempts) {
      return this.#finish("failed", `${failure.message} (given up after ${maxAttempts} retries)`, failure);
    }
    if (!this.#owner.retries) return this.#finish("failed", failure.message, failure);
    this.retryCount += 1;
    this.restarts += 1;
    this.#phase = "failing";
    this.#owner.changed(this, "failed", failure.message, failure);
    this.#decide(failure);
    const goesOn = await this.#pause(this.#delayMs());
    if (!goesOn) return this.#finish("stopped", "", null);
    this.#phase = "active";
    return true;
  }

  /** The wait before the retry that `retryCount` counts. */
  #delayMs(): number {
    const { initialDelayMs, maxDelayMs, backoffFactor, jitter } = this.subject.lifecycle.restart;
    const base = Math.min(maxDelayMs, initialDelayMs * backoffFactor ** (this.retryCount - 1));
    return Math.max(0, base * (1 + jitter * (2 * this.#owner.random.float() - 1)));
  }

  /** Waits, or until `retryNow`; false when it is stopped meanwhile. */
  async #pause(delayMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<true>();
    const timer = this.#owner.clock.timer(delayMs, () => resolve(true));
    this.#hurry = () => resolve(true);
    const waited = await untilAborted(promise, this.#stopping.signal);
    timer.cancel();
    return waited === true;
  }
}

/** True when nothing is to be tried again: cancellation, an explicit end, a failure marked as not retryable. */
function isFinal(failure: Failure): boolean {
  return failure.retryable === false || failure.kind === "Canceled" || failure.kind === "Terminated" ||
    failure.kind === "Exited";
}

async function callStop(run: ServiceRun, signal: AbortSignal): Promise<Failure | null> {
  try {
    await run.stop(STOP_REASON, signal);
    return null;
  } catch (error) {
    return asFailure(error);
  }
}

async function callStart(service: Service, signal: AbortSignal): Promise<Attempt> {
  try {
    return { kind: "started", run: await service.start(signal) };
  } catch (error) {
    return { kind: "failed", failure: asFailure(error) };
  }
}

/** The value of `promise`, or undefined when `signal` aborts first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const abort = (): void => resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
