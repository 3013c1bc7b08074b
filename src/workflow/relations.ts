/**
 * Whose ends a workflow is told of, and whose failures it shares.
 *
 * L1. A child's end is told without being asked for; `unmonitor` ends that, too.
 * L2. The failure of a linked peer ends the workflow unless it traps links. A link that only the peer asked for ends nothing here:
 *     what a workflow does not know of must not end it, since processes end with every end of the program.
 */
import { Failure } from "../core/mod.ts";

/** What an end means to the workflow. */
export interface EndMeaning {
  /** It gets an EXIT event. */
  readonly isTold: boolean;
  /** It shares the failure. */
  readonly isShared: boolean;
}

/** A wish to learn of an end. */
export interface Wish {
  readonly action: "monitor" | "link";
  readonly pid: string;
}

/** The relations of one workflow. */
export class Relations {
  readonly #children = new Set<string>();
  readonly #monitors = new Set<string>();
  readonly #links = new Set<string>();

  /** A workflow was started. */
  born(pid: string, isLinked: boolean): void {
    this.#children.add(pid);
    if (isLinked) this.#links.add(pid);
  }

  /** Whether a pid is that of a child whose end is not known yet; the journal may not have it before the step is over. */
  isChild(pid: string): boolean {
    return this.#children.has(pid);
  }

  /** Applies what the workflow asks for; fails with Internal when it watches already. */
  control(action: string, pid: string): void {
    switch (action) {
      case "monitor":
        if (this.#monitors.has(pid)) throw new Failure("Internal", "already monitoring pid");
        this.#monitors.add(pid);
        return;
      case "unmonitor":
        this.#monitors.delete(pid);
        this.#children.delete(pid);
        return;
      case "link":
        this.#links.add(pid);
        return;
      case "unlink":
        this.#links.delete(pid);
    }
  }

  /** Takes an end. */
  ended(pid: string, event: string, hasFailed: boolean): EndMeaning {
    const isExit = event === "pid.exit";
    const isLinked = hasFailed && this.#links.delete(pid);
    if (!isExit && isLinked) return { isTold: false, isShared: true };
    const isMonitored = this.#monitors.delete(pid);
    const isChild = this.#children.delete(pid);
    return { isTold: isMonitored || isChild, isShared: isLinked };
  }

  /** What is still to be learned. */
  wishes(): Wish[] {
    return [
      ...[...this.#monitors].map((pid): Wish => ({ action: "monitor", pid })),
      ...[...this.#links].map((pid): Wish => ({ action: "link", pid })),
    ];
  }
}
