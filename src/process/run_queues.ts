/**
 * Which worker of a host takes which process that has not begun yet.
 *
 * Owns the order: the queue of the host and the deques of its workers. What taking means belongs to the caller.
 *
 * Q1. A worker looks into its own deque (last in, first out), then into the queue of the host (first in, first out), then into
 *     the deque of another worker, of which it takes the older half.
 * Q2. Taking from the queue moves up to `REFILL_MAX` more into the worker's deque, as far as that has room.
 * Q3. Each item is taken once.
 */

/** Items that one look into the queue of the host moves into the worker's deque, beside the one it takes. */
export const REFILL_MAX = 16;

/** Capacities of a host. */
export interface QueueSizes {
  /** The queue of the host. */
  readonly queueMax: number;
  /** The deque of each worker. */
  readonly localMax: number;
}

/** Queues of one host. */
export class RunQueues<T> {
  readonly #sizes: QueueSizes;
  /** A number below its argument. */
  readonly #draw: (below: number) => number;
  /** The queue of the host begins at `#head`; what is before it was taken. */
  #queue: (T | undefined)[] = [];
  #head = 0;
  readonly #deques = new Map<number, T[]>();
  #stolen = 0;

  constructor(sizes: QueueSizes, draw: (below: number) => number) {
    this.#sizes = sizes;
    this.#draw = draw;
  }

  /** Items that nobody has taken. */
  get size(): number {
    let size = this.queued;
    for (const deque of this.#deques.values()) size += deque.length;
    return size;
  }

  /** Items that moved from the deque of one worker to another so far. */
  get stolen(): number {
    return this.#stolen;
  }

  /** Whether the queue of the host is full. */
  get isFull(): boolean {
    return this.queued >= this.#sizes.queueMax;
  }

  /** Items in the queue of the host. */
  get queued(): number {
    return this.#queue.length - this.#head;
  }

  /** Items in the deque of a worker. */
  localOf(worker: number): number {
    return this.#deques.get(worker)?.length ?? 0;
  }

  /** Puts an item at the end of the queue of the host; the caller sees to it that there is room. */
  push(item: T): void {
    this.#queue.push(item);
  }

  /** The item that a worker with nothing to do takes; undefined when there is none anywhere. */
  take(worker: number): T | undefined {
    const deque = this.#dequeOf(worker);
    return deque.pop() ?? this.#refill(deque) ?? this.#steal(worker, deque);
  }

  /** The item that has waited longest in the queue of the host, else the oldest of a deque. */
  oldest(): T | undefined {
    if (this.queued > 0) return this.#queue[this.#head];
    for (const deque of this.#deques.values()) if (deque.length > 0) return deque[0];
    return undefined;
  }

  /** Strikes an item out; false when it is not waiting. */
  remove(item: T): boolean {
    if (this.#queue[this.#head] === item) {
      this.#shift();
      return true;
    }
    const place = this.#queue.indexOf(item, this.#head);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      return true;
    }
    for (const deque of this.#deques.values()) {
      const at = deque.indexOf(item);
      if (at < 0) continue;
      deque.splice(at, 1);
      return true;
    }
    return false;
  }

  /** A worker is gone: what it had not taken goes back to the front of the queue of the host. */
  close(worker: number): void {
    const deque = this.#deques.get(worker);
    if (deque === undefined) return;
    this.#deques.delete(worker);
    if (deque.length === 0) return;
    this.#queue = [...deque, ...this.#queue.slice(this.#head)];
    this.#head = 0;
  }

  #dequeOf(worker: number): T[] {
    let deque = this.#deques.get(worker);
    if (deque === undefined) this.#deques.set(worker, deque = []);
    return deque;
  }

  #refill(deque: T[]): T | undefined {
    const taken = this.#shift();
    let room = Math.min(REFILL_MAX, this.#sizes.localMax - deque.length);
    while (room-- > 0 && this.queued > 0) deque.push(this.#shift()!);
    return taken;
  }

  #shift(): T | undefined {
    if (this.queued === 0) return undefined;
    const item = this.#queue[this.#head];
    this.#queue[this.#head++] = undefined;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #steal(worker: number, deque: T[]): T | undefined {
    const victims = [...this.#deques].filter(([other, items]) => other !== worker && items.length > 0);
    const [, victim] = victims[this.#draw(Math.max(1, victims.length))] ?? [];
    if (victim === undefined) return undefined;
    const loot = victim.splice(0, Math.ceil(victim.length / 2));
    this.#stolen += loot.length;
    // The oldest of them is taken, the rest keeps its order.
    const taken = loot.shift();
    deque.push(...loot);
    return taken;
  }
}
