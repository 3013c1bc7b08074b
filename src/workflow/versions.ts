/**
 * The ways a run takes at changes of its code.
 *
 * V1. A change is decided once in a run, at its first call, and the decision is recorded.
 * V2. A run that passed this place before the call was there keeps to what the code did then: the lowest version.
 */
import { Failure } from "../core/mod.ts";
import type { VersionChoice } from "./history.ts";

/** The choices of one run. */
export class Versions {
  readonly #known: Map<string, number>;
  #fresh: VersionChoice[] = [];

  constructor(known: readonly VersionChoice[]) {
    this.#known = new Map(known.map(({ change, version }) => [change, version]));
  }

  /** The version of `change`; Conflict when it is outside of what the code supports. */
  choose(change: string, min: number, max: number, isReplaying: boolean): number {
    let version = this.#known.get(change);
    if (version === undefined) {
      version = isReplaying ? min : max;
      this.#known.set(change, version);
      this.#fresh.push({ change, version });
    }
    if (version >= min && version <= max) return version;
    const message =
      `this run is at version ${version} of the change "${change}"; the code supports ${min} to ${max}`;
    throw new Failure("Conflict", message, { retryable: false });
  }

  /** What was decided since this was last asked. */
  take(): readonly VersionChoice[] {
    const taken = this.#fresh;
    this.#fresh = [];
    return taken;
  }
}
