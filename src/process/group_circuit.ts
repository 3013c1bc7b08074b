/** Whether a node is worth trying: after failures in a row it is left alone for a while, then tried once. */

/** The circuit to one node. */
export class GroupCircuit {
  #failures = 0;
  #openedMs = 0;
  #isTrying = false;

  /** Failures in a row so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether something may be sent now; an open circuit lets one through after its time. */
  allows(nowMs: number, settings: { breakerFailures: number; breakerResetMs: number }): boolean {
    if (this.#failures < settings.breakerFailures) return true;
    if (this.#isTrying || nowMs - this.#openedMs < settings.breakerResetMs) return false;
    this.#isTrying = true;
    return true;
  }

  /** Something got through. */
  succeeded(): void {
    this.#failures = 0;
    this.#isTrying = false;
  }

  /** Something did not. */
  failed(nowMs: number): void {
    this.#failures += 1;
    this.#openedMs = nowMs;
    this.#isTrying = false;
  }
}
