/**
 * One activity: a function or a process that a workflow calls, with its bounds of time and its attempts.
 *
 * A1. `done` is called at most once; never after `end`.
 * A2. Bounds count from when the workflow asked, also over a restart of the program; so do attempts.
 * A3. An attempt during which the program ended counts once: it is made again.
 */
import { Failure } from "../core/mod.ts";
import {
  type ActiveCall,
  type CallRequest,
  type CallResult,
  luaErrorOf,
  type LuaRuntime,
} from "../lua/mod.ts";
import type { TimerHandle } from "../ports/mod.ts";
import { LuaError } from "../vm/mod.ts";
import { type ActivityOptions, activityOptions, intervalMs, retriesActivity } from "./activity_options.ts";
import type { ActivityWorker, ActivityWorkers, Seat } from "./activity_workers.ts";
import type { AttemptRow } from "./journal.ts";

/** An activity to run. */
export interface ActivityTask {
  readonly runtime: LuaRuntime;
  readonly workers: ActivityWorkers;
  readonly request: Omit<CallRequest, "done">;
  /** When the workflow asked for it. */
  readonly scheduledMs: number;
  /** What is kept of earlier attempts. */
  readonly known: AttemptRow | undefined;
  /** Keeps that another attempt follows one that failed with `error`. */
  retry(row: AttemptRow, error: LuaError, summary: string): void;
  /** Whether another activity of the workflow that has not ended has this id. */
  isTaken(id: string): boolean;
  done(result: CallResult): void;
}

/** An activity of a workflow. */
export class Activity {
  readonly #task: ActivityTask;
  #options!: ActivityOptions;
  #worker!: ActivityWorker;
  #attempt: number;
  #seat: Seat | undefined;
  #call: ActiveCall | undefined;
  /** Ends the attempt, or the wait for it. */
  #timer: TimerHandle | undefined;
  #deadline: TimerHandle | undefined;
  #isTimeout = false;
  /** It waits for its next attempt. */
  #isBetween = false;
  #isCanceling = false;
  #isOver = false;

  constructor(task: ActivityTask) {
    this.#task = task;
    this.#attempt = task.known?.attempt ?? 1;
  }

  /** The id that was chosen for it; `""` for none. */
  get id(): string {
    return this.#isOver ? "" : this.#options?.id ?? "";
  }

  /** Begins it; what can't be begun is done at once. */
  start(): void {
    const { known, scheduledMs } = this.#task;
    try {
      this.#prepare();
    } catch (error) {
      return this.#fail(error);
    }
    const { scheduleToCloseMs } = this.#options;
    if (scheduleToCloseMs !== Infinity) {
      const leftMs = scheduledMs + scheduleToCloseMs - this.#clock.nowMs();
      this.#deadline = this.#clock.timer(Math.max(0, leftMs), () => {
        this.#fail(this.#tooLate("schedule_to_close_timeout", scheduleToCloseMs));
      });
    }
    const waitMs = (known?.dueMs ?? 0) - this.#clock.nowMs();
    if (waitMs > 0) this.#timer = this.#clock.timer(waitMs, () => this.#enqueue());
    else this.#enqueue();
  }

  /** Ends it for good: nobody waits for it any more. */
  end(): void {
    if (this.#isOver) return;
    const call = this.#call;
    this.#leave();
    if (call !== undefined) {
      this.#kill(call, new Failure("Canceled", "caller context canceled", { retryable: false }));
    }
  }

  /** Asks it to end. It is done when it has: a function at once, a process when it returns. */
  ask(): void {
    if (this.#isOver || this.#isCanceling) return;
    this.#isCanceling = true;
    const canceled = new Failure("Canceled", "operation canceled", { retryable: false });
    const { book, messages, slices } = this.#task.runtime;
    const process = this.#call?.process;
    if (process === undefined || process.isCall) return this.#fail(canceled);
    slices.defer(() => {
      if (book.has(process)) messages.cancel(process.pid, canceled.message, "");
    });
    slices.wake();
  }

  get #clock() {
    return this.#task.runtime.services.ports.clock;
  }

  /** Finds out what it is, how it is to be run, and where. */
  #prepare(): void {
    const { isTaken, request: { options, target }, runtime, workers } = this.#task;
    const definition = runtime.programs.definition(target);
    const missing = (message: string): Failure =>
      new Failure("NotFound", message, { retryable: false, details: { target } });
    if (definition === undefined) throw missing("no handler registered for target");
    const role = definition.temporal?.activity;
    if (role === undefined) {
      throw missing(`${target} is no activity: add the worker that runs it as meta.temporal.activity.worker`);
    }
    const wanted = activityOptions(definition.options, options);
    const worker = workers.find(role.worker);
    if (worker === undefined) {
      throw missing(`${target} is registered with ${role.worker}, which is no temporal.worker`);
    }
    const { taskQueue } = wanted;
    if (taskQueue !== "" && !worker.serves(taskQueue)) {
      throw missing(
        `${target} is registered with ${worker.id}, which does not serve the task queue "${taskQueue}"`,
      );
    }
    if (wanted.id !== "" && isTaken(wanted.id)) {
      const message = `an activity with the id "${wanted.id}" has not ended yet`;
      throw new Failure("AlreadyExists", message, { retryable: false });
    }
    this.#worker = worker;
    this.#options = wanted;
  }

  #enqueue(): void {
    const { priority, scheduleToStartMs } = this.#options;
    this.#timer = undefined;
    this.#isBetween = false;
    if (scheduleToStartMs !== Infinity) {
      const sinceMs = this.#attempt === 1 ? this.#clock.nowMs() - this.#task.scheduledMs : 0;
      this.#timer = this.#clock.timer(Math.max(0, scheduleToStartMs - sinceMs), () => {
        this.#fail(this.#tooLate("schedule_to_start_timeout", scheduleToStartMs));
      });
    }
    const seat = this.#worker.enter({
      priority,
      begin: () => this.#begin(),
      interrupt: () => this.#interrupt(),
    });
    // It may have been served, and even ended, while it entered.
    if (this.#isOver || this.#isBetween) seat.leave();
    else this.#seat = seat;
  }

  #begin(): void {
    const { request, runtime } = this.#task;
    const { startToCloseMs } = this.#options;
    this.#timer?.cancel();
    this.#isTimeout = false;
    let early: CallResult | undefined;
    let isEarly = true;
    const call = runtime.functions.invoke({
      ...request,
      host: this.#worker.id,
      done: (result) => {
        if (isEarly) early = result;
        else if (this.#call === call) this.#settle(result);
      },
    });
    isEarly = false;
    if (early !== undefined) return this.#settle(early);
    this.#call = call;
    this.#timer = this.#clock.timer(startToCloseMs, () => {
      this.#isTimeout = true;
      this.#kill(call, this.#tooLate("start_to_close_timeout", startToCloseMs));
    });
    runtime.slices.wake();
  }

  /** The worker has stopped under it. */
  #interrupt(): void {
    const call = this.#call;
    this.#call = undefined;
    this.#seat = undefined;
    this.#timer?.cancel();
    if (call !== undefined) this.#kill(call, new Failure("Canceled", "worker stopped", { retryable: false }));
    this.#enqueue();
  }

  /** An attempt has ended. */
  #settle(ended: CallResult): void {
    const result = crashesAreFinal(ended);
    const { retry: policy } = this.#options;
    this.#call = undefined;
    this.#timer?.cancel();
    if (
      result.ok || this.#isCanceling || !retriesActivity(policy, this.#attempt, result.error, this.#isTimeout)
    ) {
      return this.#finish(result);
    }
    const waitMs = intervalMs(policy, this.#attempt);
    const dueMs = this.#clock.nowMs() + waitMs;
    // Another attempt would come too late: what there is counts.
    if (dueMs >= this.#task.scheduledMs + this.#options.scheduleToCloseMs) return this.#finish(result);
    this.#isBetween = true;
    this.#seat?.leave();
    this.#seat = undefined;
    this.#attempt++;
    this.#task.retry({ attempt: this.#attempt, dueMs }, result.error, this.#options.summary);
    this.#timer = this.#clock.timer(waitMs, () => this.#enqueue());
  }

  #finish(result: CallResult): void {
    if (this.#isOver) return;
    const call = this.#call;
    this.#leave();
    if (call !== undefined && !result.ok) {
      this.#kill(call, new Failure("Canceled", result.error.message, { retryable: false }));
    }
    this.#task.done(result);
  }

  /** Gives up all that it holds. */
  #leave(): void {
    this.#isOver = true;
    this.#call = undefined;
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#seat?.leave();
    this.#seat = undefined;
  }

  #kill(call: ActiveCall, failure: Failure): void {
    const { functions, slices } = this.#task.runtime;
    slices.defer(() => functions.cancel(call, failure));
    slices.wake();
  }

  #fail(error: unknown): void {
    this.#finish({ ok: false, error: luaErrorOf(error) });
  }

  #tooLate(bound: string, ms: number): Failure {
    const message = `activity ${this.#task.request.target} exceeded its ${bound} of ${ms}ms`;
    return new Failure("Timeout", message, { retryable: false });
  }
}

/** What ended the code is no answer of the activity: it is not worth another try, unless it says so itself. */
function crashesAreFinal(result: CallResult): CallResult {
  if (result.ok || result.isRaised !== true || result.error.retryable !== null) return result;
  const { details, kind, message, stack } = result.error;
  return { ok: false, error: new LuaError(message, kind === "" ? "Internal" : kind, false, details, stack) };
}
