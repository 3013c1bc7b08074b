/**
 * The threads on which guests run, and the calls that wait for one.
 *
 * A guest runs on a thread, and who takes too long is ended together with it.
 *
 * GT1. A thread runs one call at a time, and `done` of a call is called once, unless it was given up.
 * GT2. As many threads as `atOnce` says are started when there is work for them; one more only after a call has waited for
 *      `GUEST_THREAD_WAIT_MS`, and never more than `most`.
 * GT3. The time of a call counts from where its thread begins with it, so that none is ended for having waited.
 */
import { Failure, GUEST_THREAD_IDLE_MS, GUEST_THREAD_WAIT_MS } from "../core/mod.ts";
import type { Clock, Thread, Threads, TimerHandle } from "../ports/mod.ts";
import type { GuestCall, GuestReply, GuestRequest } from "./guest.ts";
import type { GuestPlan } from "./guest_plan.ts";
import { OutsideAnswers, type OutsideMessage } from "./outside.ts";
import type { OutsideReply, OutsideRequest } from "./wasi/host.ts";

/** A call to make. */
export interface GuestJob {
  readonly call: Omit<GuestCall, "kind" | "plan">;
  readonly plan: GuestPlan;
  /** Longest time that it may take; 0 for any. */
  readonly timeMaxMs: number;
  /** What the guest asks for. */
  ask(request: OutsideRequest): OutsideReply | Promise<OutsideReply>;
  /** What it writes to standard output or standard error. */
  write(stream: "out" | "error", data: Uint8Array): void;
  done(reply: GuestReply): void;
}

/** How many threads there are, and where they run. */
export interface ThreadsSize {
  /** Started as soon as there is work for them. */
  readonly atOnce: number;
  /** Started when calls have waited, all in all. */
  readonly most: number;
  /** Processors that they run on; absent for any. */
  readonly processors?: readonly number[] | undefined;
}

/** One thread. */
class Seat {
  readonly thread: Thread;
  /** Tells what runs on it to end: not every runtime ends a thread inside of WebAssembly. */
  readonly stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** What its guests wait for. */
  readonly answers = new OutsideAnswers();
  /** Modules that it has. */
  readonly modules = new Set<number>();
  job: GuestJob | undefined;
  /** Ends the call, or the thread when it has been idle. */
  timer: TimerHandle | undefined;

  constructor(thread: Thread) {
    this.thread = thread;
  }

  post(request: GuestRequest): void {
    this.thread.post(request);
  }
}

/** The threads of one runtime. */
export class GuestThreads {
  readonly #threads: Threads | undefined;
  readonly #clock: Clock;
  readonly #size: ThreadsSize;
  readonly #seats = new Set<Seat>();
  /** Those without work; the last one worked last. */
  readonly #idle: Seat[] = [];
  readonly #waiting: GuestJob[] = [];
  #patience: TimerHandle | undefined;
  #isRetired = false;

  constructor(threads: Threads | undefined, clock: Clock, size: ThreadsSize) {
    this.#threads = threads;
    this.#clock = clock;
    this.#size = size;
  }

  /** Makes a call once there is a thread for it; returns what gives it up. Fails with Unavailable where there are no threads. */
  run(job: GuestJob): () => void {
    const seat = this.#idleSeat(job.call.module);
    if (seat !== undefined) this.#begin(seat, job);
    else if (this.#seats.size < this.#size.atOnce) this.#begin(this.#hire(), job);
    else {
      this.#waiting.push(job);
      this.#bePatient();
    }
    return () => this.#giveUp(job);
  }

  /** Forgets a module that no call will name any more. */
  drop(module: number): void {
    for (const seat of this.#seats) {
      if (seat.modules.delete(module)) seat.post({ kind: "drop", module });
    }
  }

  /** Ends all threads once what they were given has ended. */
  retire(): void {
    this.#isRetired = true;
    for (const seat of [...this.#idle]) this.#dismiss(seat);
  }

  /** Ends all threads; nothing runs any more. */
  close(): void {
    for (const seat of [...this.#seats]) this.#dismiss(seat);
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  /** The idle thread that has the module, else the one that worked last. */
  #idleSeat(module: number): Seat | undefined {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      if (this.#idle[i]!.modules.has(module)) return this.#idle.splice(i, 1)[0];
    }
    return this.#idle.pop();
  }

  #hire(): Seat {
    if (this.#threads === undefined) {
      throw new Failure("Unavailable", "WebAssembly runs on threads, and there are none here", {
        retryable: false,
      });
    }
    const seat: Seat = new Seat(this.#threads.start({
      message: (message) => this.#told(seat, message as GuestReply | OutsideMessage),
      ended: (reason) => {
        const message = `the thread of the guest has ended: ${reason}`;
        this.#broken(seat, new Failure("Internal", message, { retryable: true }));
      },
    }, "guest"));
    const { processors } = this.#size;
    seat.post({ kind: "begin", stop: seat.stop, answers: seat.answers.shared, processors });
    this.#seats.add(seat);
    return seat;
  }

  #begin(seat: Seat, job: GuestJob): void {
    const { call, plan, timeMaxMs } = job;
    seat.timer?.cancel();
    seat.timer = undefined;
    seat.job = job;
    const isNew = !seat.modules.has(call.module);
    seat.modules.add(call.module);
    seat.post({ kind: "call", ...call, plan: isNew ? plan : undefined });
    if (timeMaxMs > 0) {
      seat.timer = this.#clock.timer(timeMaxMs, () => {
        const message = `it took longer than limits.max_execution_ms allows (${timeMaxMs}ms) and was ended`;
        this.#broken(seat, new Failure("Timeout", message));
      });
    }
  }

  #told(seat: Seat, message: GuestReply | OutsideMessage): void {
    if ("ok" in message) return this.#finished(seat, message);
    const { job } = seat;
    if (message.kind === "more") seat.answers.more();
    else if (message.kind === "write") job?.write(message.stream, message.data);
    else if (job !== undefined) this.#answer(seat, job, message.request);
  }

  /** Asks whoever made the call, and hands the answer over unless that was given up meanwhile. */
  #answer(seat: Seat, job: GuestJob, request: OutsideRequest): void {
    const give = (reply: OutsideReply): void => {
      if (seat.job === job) seat.answers.give(reply);
    };
    const reply = job.ask(request);
    if (reply instanceof Promise) reply.then(give, () => give({ error: "io" }));
    else give(reply);
  }

  #finished(seat: Seat, reply: GuestReply): void {
    const { job } = seat;
    seat.job = undefined;
    seat.timer?.cancel();
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(seat, next);
    else if (this.#isRetired) this.#dismiss(seat);
    else {
      this.#idle.push(seat);
      seat.timer = this.#clock.timer(GUEST_THREAD_IDLE_MS, () => this.#dismiss(seat), { background: true });
    }
    job?.done(reply);
  }

  /** Ends a thread with what runs on it. */
  #broken(seat: Seat, failure: Failure): void {
    const { job } = seat;
    this.#dismiss(seat);
    this.#replace();
    job?.done({ ok: false, kind: failure.kind, message: failure.message });
  }

  #dismiss(seat: Seat): void {
    seat.timer?.cancel();
    seat.job = undefined;
    this.#seats.delete(seat);
    const index = this.#idle.indexOf(seat);
    if (index >= 0) this.#idle.splice(index, 1);
    Atomics.store(seat.stop, 0, 1);
    seat.answers.end();
    seat.thread.terminate();
  }

  /** Starts a thread in the place of one that is gone, for the call that has waited longest. */
  #replace(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    try {
      this.#begin(this.#hire(), next);
    } catch (error) {
      next.done({ ok: false, kind: "Unavailable", message: String((error as Error).message) });
    }
  }

  #giveUp(job: GuestJob): void {
    const index = this.#waiting.indexOf(job);
    if (index >= 0) this.#waiting.splice(index, 1);
    for (const seat of this.#seats) {
      if (seat.job !== job) continue;
      this.#dismiss(seat);
      this.#replace();
      return;
    }
  }

  #bePatient(): void {
    if (this.#patience !== undefined || this.#seats.size >= this.#size.most) return;
    this.#patience = this.#clock.timer(GUEST_THREAD_WAIT_MS, () => {
      this.#patience = undefined;
      if (this.#waiting.length === 0 || this.#seats.size >= this.#size.most) return;
      this.#replace();
      if (this.#waiting.length > 0) this.#bePatient();
    });
  }
}
