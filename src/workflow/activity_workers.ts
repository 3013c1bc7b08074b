/**
 * The workers of a runtime as activities see them: which queue they serve, and how many run there at once.
 *
 * A1. An activity runs while its worker does. What waits when a worker stops waits for its next start; what ran there is told to begin
 *     again.
 * A2. Rates are kept by distance: at 2 per second each begins half a second after the one before, at the earliest.
 */
import type { Clock, TimerHandle } from "../ports/mod.ts";

/** A place among the activities of a worker, for the one who has it. */
export interface Seat {
  /** Gives it up. */
  leave(): void;
}

/** Who wants to run on a worker. */
export interface Applicant {
  /** 1 comes first; equals come in their order. */
  readonly priority: number;
  /** It runs now. */
  begin(): void;
  /** The worker has stopped: what was begun has ended, and waits again. */
  interrupt(): void;
}

/** What the entry of a worker says of its activities. */
export interface ActivityWorkerPlan {
  /** Of its client; stands before the name of every queue. */
  readonly queuePrefix: string;
  readonly taskQueue: string;
  /** How many run at once. */
  readonly runningMax: number;
  /** How many begin here per second; 0 is unlimited. */
  readonly perSecond: number;
  /** How many begin per second on all workers of the queue; 0 is unlimited. */
  readonly queuePerSecond: number;
}

/** When the next of many that begin one after another may. */
class Pace {
  #nextMs = 0;

  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextMs - nowMs);
  }

  step(perSecond: number, nowMs: number): void {
    if (perSecond > 0) this.#nextMs = Math.max(this.#nextMs, nowMs) + 1000 / perSecond;
  }
}

/** A worker. It outlives changes of its entry, for those who wait. */
export class ActivityWorker {
  readonly id: string;
  plan: ActivityWorkerPlan;
  /** That of all workers of its queue. */
  queuePace: Pace;
  readonly #clock: Clock;
  readonly #pace = new Pace();
  #timer: TimerHandle | undefined;
  readonly #running = new Set<Applicant>();
  readonly #waiting: Applicant[] = [];
  #isOpen = false;

  constructor(id: string, plan: ActivityWorkerPlan, clock: Clock, queuePace: Pace) {
    this.id = id;
    this.plan = plan;
    this.queuePace = queuePace;
    this.#clock = clock;
  }

  /** Whether nobody runs or waits here. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.#waiting.length === 0;
  }

  /** The name of the queue it serves. */
  get taskQueue(): string {
    return this.plan.queuePrefix + this.plan.taskQueue;
  }

  /** Whether it serves the queue that goes by this name in entries and options. */
  serves(queue: string): boolean {
    return queue === this.plan.taskQueue;
  }

  start(): void {
    this.#isOpen = true;
    this.#admit();
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Ends what runs. */
  stop(): void {
    this.close();
    const running = [...this.#running];
    this.#running.clear();
    for (const applicant of running) applicant.interrupt();
  }

  /** Lets an applicant in as soon as there is room, which may be before this returns. */
  enter(applicant: Applicant): Seat {
    const behind = this.#waiting.findIndex(({ priority }) => priority > applicant.priority);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, applicant);
    this.#admit();
    return { leave: () => this.#leave(applicant) };
  }

  #leave(applicant: Applicant): void {
    if (this.#running.delete(applicant)) return this.#admit();
    const index = this.#waiting.indexOf(applicant);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #admit(): void {
    const { perSecond, queuePerSecond, runningMax } = this.plan;
    while (this.#isOpen && this.#running.size < runningMax && this.#waiting.length > 0) {
      const nowMs = this.#clock.nowMs();
      const waitMs = Math.max(this.#pace.waitMs(nowMs), this.queuePace.waitMs(nowMs));
      if (waitMs > 0) {
        this.#timer ??= this.#clock.timer(waitMs, () => {
          this.#timer = undefined;
          this.#admit();
        });
        return;
      }
      this.#pace.step(perSecond, nowMs);
      this.queuePace.step(queuePerSecond, nowMs);
      const next = this.#waiting.shift()!;
      this.#running.add(next);
      next.begin();
    }
  }
}

/** The workers of a runtime. */
export class ActivityWorkers {
  readonly #workers = new Map<string, ActivityWorker>();
  readonly #there = new Set<string>();
  readonly #paces = new Map<string, Pace>();

  /** The worker of an entry that is there, as it is described now. */
  open(id: string, client: string, plan: ActivityWorkerPlan, clock: Clock): ActivityWorker {
    const queue = `${client} ${plan.taskQueue}`;
    const pace = this.#paces.get(queue) ?? new Pace();
    this.#paces.set(queue, pace);
    const worker = this.#workers.get(id) ?? new ActivityWorker(id, plan, clock, pace);
    worker.plan = plan;
    worker.queuePace = pace;
    this.#workers.set(id, worker);
    this.#there.add(id);
    return worker;
  }

  /** The worker with this id; undefined when there is no such entry. */
  find(id: string): ActivityWorker | undefined {
    return this.#there.has(id) ? this.#workers.get(id) : undefined;
  }

  /** Its entry is gone. Who waits goes on when it comes back. */
  close(id: string): void {
    this.#there.delete(id);
    if (this.#workers.get(id)?.isIdle === true) this.#workers.delete(id);
  }
}
