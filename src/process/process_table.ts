/**
 * Who watches whom: monitors, links and the signals of an exit.
 *
 * Owns relations between processes, by number. That a process exists, what it runs and how an event reaches it belong to
 * the caller.
 *
 * P1. The end of a process reaches each monitor as one EXIT and each linked peer once: as LINK_DOWN when it traps links,
 *     otherwise as its own failure; a clean end sends linked peers nothing. One that is lost with its node reaches monitors as
 *     LINK_DOWN.
 * P2. Relations of a process are gone before its first signal is sent, so a second report of the same end sends nothing.
 * P3. Signals go out in the order of the ends that cause them, and a chain of failing links needs no stack depth.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { LifecycleEvent } from "./lifecycle_event.ts";

/** What the table needs of those who own the processes. A call for a process that is gone must do nothing. */
export interface ProcessTableCallbacks {
  /** Delivers an event. */
  event(id: number, event: LifecycleEvent): void;
  /** Ends a process with a failure. */
  fail(id: number, failure: Failure): void;
  /** Whole Unix seconds. */
  nowSeconds(): number;
}

interface Relations {
  watchers: Set<number> | undefined;
  watching: Set<number> | undefined;
  links: Set<number> | undefined;
  trapLinks: boolean;
}

type Signal =
  | { readonly id: number; readonly event: LifecycleEvent }
  | { readonly id: number; readonly failure: Failure };

/** Relations between the processes of a node. */
export class ProcessTable {
  readonly #callbacks: ProcessTableCallbacks;
  readonly #relations = new Map<number, Relations>();
  #signals: Signal[] = [];
  #sending = false;

  constructor(callbacks: ProcessTableCallbacks) {
    this.#callbacks = callbacks;
  }

  /** Makes `watcher` get EXIT when `target` ends. Fails with Internal when it watches it already. */
  monitor(watcher: number, target: number): void {
    const watching = this.#of(watcher).watching ??= new Set();
    if (watching.has(target)) throw new Failure("Internal", "already monitoring pid");
    watching.add(target);
    (this.#of(target).watchers ??= new Set()).add(watcher);
  }

  /** Whether `watcher` watches `target`. */
  monitors(watcher: number, target: number): boolean {
    return this.#relations.get(watcher)?.watching?.has(target) ?? false;
  }

  /** Undoes `monitor`; not watching is fine. */
  unmonitor(watcher: number, target: number): void {
    this.#relations.get(watcher)?.watching?.delete(target);
    this.#relations.get(target)?.watchers?.delete(watcher);
    this.#drop(watcher);
    this.#drop(target);
  }

  /** Links both ways; linking twice, or to itself, changes nothing. */
  link(a: number, b: number): void {
    if (a === b) return;
    (this.#of(a).links ??= new Set()).add(b);
    (this.#of(b).links ??= new Set()).add(a);
  }

  /** Undoes `link` for both sides; no link is fine. */
  unlink(a: number, b: number): void {
    this.#relations.get(a)?.links?.delete(b);
    this.#relations.get(b)?.links?.delete(a);
    this.#drop(a);
    this.#drop(b);
  }

  /** Whether the failure of a linked peer reaches `id` as an event instead of ending it. */
  setTrapLinks(id: number, trap: boolean): void {
    if (!trap && !this.#relations.has(id)) return;
    this.#of(id).trapLinks = trap;
    this.#drop(id);
  }

  /** True when `exited` must be called for `id`: it watches, is watched, is linked or traps. */
  involved(id: number): boolean {
    return this.#relations.has(id);
  }

  /** True when `id` watches, is watched or is linked. */
  related(id: number): boolean {
    const relations = this.#relations.get(id);
    return relations !== undefined && countOf(relations) > 0;
  }

  /** Processes that hold relations; zero once all have ended. */
  get size(): number {
    return this.#relations.size;
  }

  /**
   * Reports that a process is out of reach for ever: those who watch it get LINK_DOWN in place of EXIT, linked peers fail or get it
   * as after any failure.
   */
  lost(id: number, pid: string, failure: Failure): void {
    const relations = this.#relations.get(id);
    if (relations === undefined) return;
    const { watchers = new Set(), links } = relations;
    relations.watchers = undefined;
    const event: LifecycleEvent = {
      kind: "pid.link.down",
      from: pid,
      at: this.#callbacks.nowSeconds(),
      result: { value: null, error: failure },
    };
    for (const watcher of watchers) {
      // One that is linked and traps would be told twice.
      if (links?.has(watcher) && this.#relations.get(watcher)?.trapLinks) continue;
      this.#signals.push({ id: watcher, event });
    }
    for (const watcher of watchers) {
      this.#relations.get(watcher)?.watching?.delete(id);
      this.#drop(watcher);
    }
    this.exited(id, pid, null, failure);
    this.#send();
  }

  /** Reports the end of a process: forgets its relations and sends the signals that follow. */
  exited(id: number, pid: string, value: Value, failure: Failure | null): void {
    const relations = this.#relations.get(id);
    if (relations === undefined) return;
    this.#relations.delete(id);
    const { watching, watchers, links } = relations;
    if (watching !== undefined) {
      for (const target of watching) {
        this.#relations.get(target)?.watchers?.delete(id);
        this.#drop(target);
      }
    }
    if (watchers !== undefined || links !== undefined) {
      const result = { value: failure === null ? value : null, error: failure };
      const base = { from: pid, at: this.#callbacks.nowSeconds(), result };
      if (watchers !== undefined) this.#exitSignals(id, watchers, { kind: "pid.exit", ...base });
      if (links !== undefined) this.#linkSignals(id, links, { kind: "pid.link.down", ...base }, failure);
    }
    this.#send();
  }

  #exitSignals(id: number, watchers: Set<number>, event: LifecycleEvent): void {
    for (const watcher of watchers) {
      if (watcher === id) continue;
      this.#relations.get(watcher)?.watching?.delete(id);
      this.#drop(watcher);
      this.#signals.push({ id: watcher, event });
    }
  }

  #linkSignals(id: number, links: Set<number>, event: LifecycleEvent, failure: Failure | null): void {
    for (const peer of links) {
      const other = this.#relations.get(peer);
      if (other === undefined) continue;
      other.links?.delete(id);
      const trap = other.trapLinks;
      this.#drop(peer);
      if (failure === null) continue;
      if (trap) this.#signals.push({ id: peer, event });
      else {
        const cause = new Failure("Internal", "linked process failed", { cause: failure });
        this.#signals.push({ id: peer, failure: cause });
      }
    }
  }

  /** Sends what is queued. A signal that ends another process queues more, which the same loop sends. */
  #send(): void {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#signals.length > 0) {
        const signals = this.#signals;
        this.#signals = [];
        for (const signal of signals) {
          if ("event" in signal) this.#callbacks.event(signal.id, signal.event);
          else this.#callbacks.fail(signal.id, signal.failure);
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  #of(id: number): Relations {
    let relations = this.#relations.get(id);
    if (relations === undefined) {
      relations = { watchers: undefined, watching: undefined, links: undefined, trapLinks: false };
      this.#relations.set(id, relations);
    }
    return relations;
  }

  /** Forgets a record that says nothing any more. */
  #drop(id: number): void {
    const relations = this.#relations.get(id);
    if (relations === undefined || relations.trapLinks) return;
    if (countOf(relations) === 0) this.#relations.delete(id);
  }
}

function countOf({ watchers, watching, links }: Relations): number {
  return (watchers?.size ?? 0) + (watching?.size ?? 0) + (links?.size ?? 0);
}
