/** The checks that say whether this node is alive. */
import { asFailure } from "../../core/mod.ts";
import type { Liveness, LivenessCheck } from "../../ports/mod.ts";

/** What one check says. */
export interface LivenessFinding {
  readonly name: string;
  readonly healthy: boolean;
  /** What is wrong; absent when nothing is. */
  readonly reason?: string;
}

/** The checks of one node, by name. */
export class LivenessChecks implements Liveness {
  readonly #checks = new Map<string, LivenessCheck>();

  add(name: string, check: LivenessCheck): () => void {
    if (this.#checks.has(name)) throw new Error(`two liveness checks are called ${name}`);
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  /** What every check says, by name. One that fails finds something wrong. */
  findings(): LivenessFinding[] {
    const names = [...this.#checks.keys()].sort();
    return names.map((name) => {
      const reason = reasonOf(this.#checks.get(name)!);
      return reason === "" ? { name, healthy: true } : { name, healthy: false, reason };
    });
  }
}

function reasonOf(check: LivenessCheck): string {
  try {
    return check();
  } catch (error) {
    return asFailure(error).message || "the check failed";
  }
}
