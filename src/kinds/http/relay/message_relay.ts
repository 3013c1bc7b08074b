/**
 * The message relay of a server: what its sessions could not pass on yet, because their clients do not keep up.
 *
 * Owns how much waits; the messages themselves wait with their sessions.
 *
 * MR1. Every sender belongs to one worker, by the FNV-1a of its pid, and the messages of one sender to one client leave in order.
 * MR2. A worker has room for so many messages. One that finds none is refused whole, and its sender is told.
 * MR3. Who waits holds back nobody: clients that keep up are served whatever waits for others.
 */
import { Failure, fnv1a } from "../../../core/mod.ts";

/** Room for messages of some senders. */
export class RelayWorker {
  readonly #capacity: number;
  #waiting = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes the room of one message; RateLimited when there is none. */
  enter(): void {
    if (this.#waiting >= this.#capacity) {
      throw new Failure("RateLimited", "mailbox is full", { retryable: true });
    }
    this.#waiting++;
  }

  /** Gives the room of one message back. */
  leave(): void {
    this.#waiting--;
  }
}

/** The sizes of a relay: how many workers, and how many messages wait at each. */
export interface RelaySizes {
  readonly workers: number;
  readonly bufferSize: number;
}

/** The workers of one server. */
export class MessageRelay {
  #sizes: RelaySizes;
  #workers: RelayWorker[];

  constructor(sizes: RelaySizes) {
    this.#sizes = sizes;
    this.#workers = workersOf(sizes);
  }

  /** Other sizes from now on. What waits keeps the room it has. */
  resize(sizes: RelaySizes): void {
    if (sizes.workers === this.#sizes.workers && sizes.bufferSize === this.#sizes.bufferSize) return;
    this.#sizes = sizes;
    this.#workers = workersOf(sizes);
  }

  /** The worker of a sender. */
  workerOf(sender: string): RelayWorker {
    return this.#workers[fnv1a(sender) % this.#workers.length]!;
  }
}

function workersOf({ workers, bufferSize }: RelaySizes): RelayWorker[] {
  return Array.from({ length: workers }, () => new RelayWorker(bufferSize));
}
