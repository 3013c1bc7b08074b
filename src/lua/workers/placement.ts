/**
 * A process of this node that is not in the universe of the main worker: it waits to be taken, or another worker has it.
 */
import type { SlotInfo } from "../../vm/mod.ts";
import type { WorkerLink } from "./worker_link.ts";

/** A message or event (topic `@...`) that came before its process began. */
export interface HeldMessage {
  readonly topic: string;
  readonly from: string;
  readonly values: Uint8Array;
}

/** What a worker tells of a process. */
export interface PlacedFacts extends SlotInfo {
  readonly memoryBytes: number;
  readonly turns: number;
  /** The command that it waits for; "" when it is not blocked. */
  readonly waitsFor: string;
}

const NOTHING = new Uint8Array(0);

/** Where a process is and what waits for it there. */
export class Placement {
  /** The worker that has it; undefined while it waits. */
  link: WorkerLink | undefined;
  /** What was last heard of it. */
  facts: PlacedFacts | undefined;
  /** Turns it took, known at its end. */
  turns = 0;
  /** When it began to wait, on the monotonic clock. */
  readonly queuedMs: number;
  #args: Uint8Array;
  #held: HeldMessage[] = [];
  #heldBytes = 0;

  constructor(queuedMs: number, args: Uint8Array) {
    this.queuedMs = queuedMs;
    this.#args = args;
  }

  /** Bytes of all that waits for it. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages that wait for it. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** Keeps a message until the process begins. */
  hold(message: HeldMessage): void {
    this.#held.push(message);
    this.#heldBytes += message.values.length;
  }

  /** Gives out the arguments and the messages, once. */
  release(): { args: Uint8Array; held: HeldMessage[] } {
    const released = { args: this.#args, held: this.#held };
    this.#args = NOTHING;
    this.#held = [];
    this.#heldBytes = 0;
    return released;
  }
}
