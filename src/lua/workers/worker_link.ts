/**
 * One worker of a host on a thread of its own, as the main worker sees it: rings, bells and the way to end it.
 *
 * Owns transport and life; which process it gets belongs to `WorkerBoard`, what it asks for to `WorkerRequests`.
 *
 * L1. Frames arrive in the order in which they were sent, each way.
 * L2. A bell is posted only when the other side may sleep; whoever wakes drains its ring before it does anything else.
 * L3. The main worker never waits for another one.
 */
import {
  Failure,
  SLICE_MS,
  WORKER_QUEUED_BYTES_MAX,
  WORKER_REPLY_BYTES,
  WORKER_RING_BYTES,
} from "../../core/mod.ts";
import type { Clock, Scope, Thread, Threads } from "../../ports/mod.ts";
import type { Host } from "../host_table.ts";
import type { LuaProcess } from "../lua_process.ts";
import { Ring, ringMemory } from "./ring.ts";
import { packFrame, unpackFrame, type WireFrame } from "./wire.ts";

/** Places of the shared words of a worker. */
export const WORD = {
  /** The worker looks at its ring without being told. */
  awake: 0,
  /** A bell for the main worker is on its way. */
  belledUp: 1,
  /** A bell for the worker is on its way. */
  belledDown: 2,
  /** Processes that are ready in the worker. */
  ready: 3,
  /** 1 once the answer to what the worker asked is there. */
  answered: 4,
  /** Bytes of the answer. */
  answerBytes: 5,
  /** Something waits for room in the worker's ring. */
  downWaits: 6,
  /** The main worker has given the worker up. */
  closed: 7,
  /** Size of the worker's Lua heap, in kilobytes. */
  heapKb: 8,
} as const;
const WORDS = 16;
/** Frames between two looks at the clock. */
export const FRAMES_PER_LOOK = 32;

/** What a worker is given to begin with: memory that both sides share, and what the caller adds. */
export interface WorkerMemory {
  readonly down: SharedArrayBuffer;
  readonly up: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly reply: SharedArrayBuffer;
  /** See `LiveNumbers`. */
  readonly live: SharedArrayBuffer;
}

/** What a link tells its owner. */
export interface LinkEvents {
  frame(link: WorkerLink, frame: WireFrame): void;
  /** Tells when others should have their turn. */
  pace(): () => boolean;
  /** There is more to take when others have had their turn. */
  later(link: WorkerLink): void;
  /** What a frame asked for could not be done. */
  broken(link: WorkerLink, error: unknown): void;
  /** The thread is gone without having been asked to go. */
  lost(link: WorkerLink, reason: string): void;
}

/** Tells from now on when the time of a slice is over. */
export function pace(clock: Clock): () => boolean {
  const endMs = clock.monotonicMs() + SLICE_MS;
  return () => clock.monotonicMs() >= endMs;
}

/** A worker on another thread. */
export class WorkerLink {
  readonly number: number;
  readonly host: Host;
  /** Processes that were handed to it and have not ended. */
  readonly processes = new Set<LuaProcess>();
  /** It has asked for work and got none yet. */
  hungry = false;
  /** It gets no more work and ends with its last process. */
  retiring = false;
  isUp = false;
  /** When its thread was started, on the monotonic clock. */
  openedMs = 0;
  /** Somebody looks later whether it is still without processes. */
  resting = false;
  /** Sends of the worker that were handled so far. */
  handled = 0;
  readonly #events: LinkEvents;
  readonly #memory: Omit<WorkerMemory, "live">;
  readonly #down: Ring;
  readonly #up: Ring;
  readonly #words: Int32Array;
  readonly #scopes = new Map<Scope, number>();
  readonly #scopesByNumber = new Map<number, { scope: Scope; users: number }>();
  #scopesMade = 0;
  #thread: Thread | undefined;
  #draining = false;

  constructor(number: number, host: Host, events: LinkEvents) {
    this.number = number;
    this.host = host;
    this.#events = events;
    this.#memory = {
      down: ringMemory(WORKER_RING_BYTES),
      up: ringMemory(WORKER_RING_BYTES),
      words: new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT),
      reply: new SharedArrayBuffer(WORKER_REPLY_BYTES),
    };
    this.#down = new Ring(this.#memory.down);
    this.#up = new Ring(this.#memory.up);
    this.#words = new Int32Array(this.#memory.words);
  }

  /** Starts the thread; `more` goes with the shared memory. */
  open(threads: Threads, live: SharedArrayBuffer, more: { readonly [key: string]: unknown }): void {
    this.#thread = threads.start({
      message: () => this.drain(),
      ended: (reason) => {
        this.#thread = undefined;
        Atomics.store(this.#words, WORD.closed, 1);
        this.#events.lost(this, reason);
      },
    });
    const memory: WorkerMemory = { ...this.#memory, live };
    this.#thread.post({ ...more, memory });
  }

  /** How people call it. */
  get name(): string {
    return `worker ${this.number} of ${this.host.id}`;
  }

  get isOpen(): boolean {
    return this.#thread !== undefined;
  }

  /** Processes that are ready there. */
  get ready(): number {
    return Atomics.load(this.#words, WORD.ready);
  }

  /** Bytes of its Lua heap, as it was after the last slice. */
  get heapBytes(): number {
    return Atomics.load(this.#words, WORD.heapKb) * 1024;
  }

  /** Fails with RateLimited when too much waits for the worker to be sent messages. What ends or answers something is sent all the same. */
  demandRoom(): void {
    if (this.#down.waitingBytes <= WORKER_QUEUED_BYTES_MAX) return;
    throw new Failure("RateLimited", `too much waits for ${this.name}`, { retryable: true });
  }

  /** Sends a frame. */
  send(op: number, head?: Uint8Array, payload?: Uint8Array): void {
    if (this.#thread === undefined) return;
    this.#down.write(packFrame(op, head, payload));
    this.#ring();
  }

  #ring(): void {
    if (this.#down.waitingBytes > 0) Atomics.store(this.#words, WORD.downWaits, 1);
    if (Atomics.load(this.#words, WORD.awake) === 1) return;
    if (Atomics.exchange(this.#words, WORD.belledDown, 1) === 0) this.#thread!.post(null);
  }

  /** Takes what the worker has sent, for about the time of a slice; `later` goes on with the rest. */
  drain(): void {
    // What is handled may lead back here, by a process that is started at once: its turn comes in the loop below.
    if (this.#draining || this.#thread === undefined) return;
    this.#draining = true;
    Atomics.store(this.#words, WORD.belledUp, 0);
    const isOver = this.#events.pace();
    try {
      for (let count = 1; this.#thread !== undefined; count++) {
        const bytes = this.#up.read();
        if (bytes === undefined) break;
        this.#take(unpackFrame(bytes));
        if (count % FRAMES_PER_LOOK !== 0 || !isOver()) continue;
        this.#events.later(this);
        break;
      }
      if (this.#down.waitingBytes > 0) {
        this.#down.flush();
        this.#ring();
      }
    } finally {
      this.#draining = false;
    }
  }

  /** Nothing that a worker sends may end the one that reads it. */
  #take(frame: WireFrame): void {
    try {
      this.#events.frame(this, frame);
    } catch (error) {
      this.#events.broken(this, error);
    }
  }

  /** Answers what the worker asked, which waits for it. Fails with LimitExceeded when the answer is too long. */
  answer(list: Uint8Array): void {
    if (list.length > WORKER_REPLY_BYTES) {
      throw new Failure("LimitExceeded", `an answer of ${list.length} bytes is too long for another worker`);
    }
    new Uint8Array(this.#memory.reply).set(list);
    Atomics.store(this.#words, WORD.answerBytes, list.length);
    Atomics.store(this.#words, WORD.answered, 1);
    Atomics.notify(this.#words, WORD.answered);
  }

  /** A process is no longer here. */
  leave(process: LuaProcess): void {
    this.processes.delete(process);
    const { scope } = process.frame;
    if (scope !== null) this.#leaveScope(scope);
  }

  /** Ends the thread at once. */
  terminate(): void {
    Atomics.store(this.#words, WORD.closed, 1);
    Atomics.notify(this.#words, WORD.answered);
    this.#thread?.terminate();
    this.#thread = undefined;
  }

  // --- Scopes, which the worker knows by number ---------------------------------------------------------------------------

  /** The number of a scope, which one more process uses. */
  useScope(scope: Scope): number {
    let number = this.#scopes.get(scope);
    if (number === undefined) {
      number = ++this.#scopesMade;
      this.#scopes.set(scope, number);
      this.#scopesByNumber.set(number, { scope, users: 0 });
    }
    this.#scopesByNumber.get(number)!.users++;
    return number;
  }

  #leaveScope(scope: Scope): void {
    const number = this.#scopes.get(scope);
    const entry = number === undefined ? undefined : this.#scopesByNumber.get(number);
    if (entry === undefined || --entry.users > 0) return;
    this.#scopes.delete(scope);
    this.#scopesByNumber.delete(number!);
  }

  /** The scope behind a number. */
  scopeAt(number: number): Scope {
    const entry = this.#scopesByNumber.get(number);
    if (entry === undefined) throw new Failure("Internal", `no scope ${number}`);
    return entry.scope;
  }
}
