/** A binary heap of timers, earliest first; timers due at the same time are ordered by their rank. */

/** A timer that has not fired. `rank` is unique. */
export interface PendingTimer {
  readonly dueMs: number;
  readonly rank: number;
  readonly background: boolean;
  readonly fire: () => void;
  canceled: boolean;
}

function before(a: PendingTimer, b: PendingTimer): boolean {
  return a.dueMs < b.dueMs || a.dueMs === b.dueMs && a.rank < b.rank;
}

/** Pending timers. Cancelled ones stay until they reach the top. */
export class TimerHeap {
  readonly #items: PendingTimer[] = [];

  /** Adds a timer. */
  push(timer: PendingTimer): void {
    const items = this.#items;
    let at = items.length;
    items.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = timer;
  }

  /** The earliest timer that is not cancelled. */
  peek(): PendingTimer | undefined {
    while (this.#items.length > 0 && this.#items[0]!.canceled) this.#removeTop();
    return this.#items[0];
  }

  /** Takes the earliest timer out. */
  pop(): PendingTimer | undefined {
    const top = this.peek();
    if (top !== undefined) this.#removeTop();
    return top;
  }

  #removeTop(): void {
    const items = this.#items;
    const last = items.pop()!;
    if (items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child += 1;
      if (!before(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
  }
}
