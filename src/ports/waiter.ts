/** Who waits for something scarce. */

/**
 * Whoever made a call that may have to wait: when `signal` aborts, the wait is given up with Canceled. The signal is only
 * asked for when there is something to wait for, since making one costs more than most calls.
 */
export interface Waiter {
  readonly signal: AbortSignal;
  /** True once it is over, where that is known without the signal. */
  readonly ended?: boolean;
  /** Calls `cleanup` when it is over; the result forgets that. Much cheaper than to listen to the signal. */
  onEnd?(cleanup: () => void): () => void;
}
