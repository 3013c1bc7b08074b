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

/** A worker. */
export class ActivityWorker {
  readonly id: string;
  /** With the prefix of its client. */
  readonly taskQueue: string;
  readonly queuePrefix: string;
  readonly #runningMax: number;
  readonly #running = new Set<Applicant>();
  readonly #waiting: Applicant[] = [];
  #isOpen = false;

  constructor(id: string, queuePrefix: string, taskQueue: string, runningMax: number) {
    this.id = id;
    this.queuePrefix = queuePrefix;
    this.taskQueue = queuePrefix + taskQueue;
    this.#runningMax = runningMax;
  }

  start(): void {
    this.#isOpen = true;
    this.#admit();
  }

  stop(): void {
    this.#isOpen = false;
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
    while (this.#isOpen && this.#running.size < this.#runningMax && this.#waiting.length > 0) {
      const next = this.#waiting.shift()!;
      this.#running.add(next);
      next.begin();
    }
  }
}

/** The workers of a runtime, by id. */
export type ActivityWorkers = Map<string, ActivityWorker>;
