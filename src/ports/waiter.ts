/** Who waits for something scarce. */

/**
 * Whoever made a call that may have to wait: when `signal` aborts, the wait is given up with Canceled. The signal is only
 * asked for when there is something to wait for, since making one costs more than most calls.
 */
export interface Waiter {
  readonly signal: AbortSignal;
}
