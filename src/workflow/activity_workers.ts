/**
 * The workers of a runtime as activities see them: which queue they serve, and how many run there at once.
 *
 * A1. An activity runs while its worker does. What waits when a worker stops waits for its next start; what ran there is told to begin
 *     again.
 */

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
}

/** A worker. It outlives changes of its entry, for those who wait. */
export class ActivityWorker {
  readonly id: string;
  plan: ActivityWorkerPlan;
  readonly #running = new Set<Applicant>();
  readonly #waiting: Applicant[] = [];
  #isOpen = false;

  constructor(id: string, plan: ActivityWorkerPlan) {
    this.id = id;
    this.plan = plan;
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
    while (this.#isOpen && this.#running.size < this.plan.runningMax && this.#waiting.length > 0) {
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

  /** The worker of an entry that is there, as it is described now. */
  open(id: string, plan: ActivityWorkerPlan): ActivityWorker {
    const worker = this.#workers.get(id) ?? new ActivityWorker(id, plan);
    worker.plan = plan;
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
