/**
 * The threads on which a node's other workers run: how they begin and end, and what concerns all of them.
 *
 * Which process a worker gets belongs to `WorkerBoard`.
 */
import { WORKER_FACTS_MS, WORKER_IDLE_MS } from "../../core/mod.ts";
import type { Threads } from "../../ports/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";
import type { Host } from "../host_table.ts";
import type { LuaRuntime } from "../runtime.ts";
import { LiveNumbers } from "./live_numbers.ts";
import type { PlacedFacts } from "./placement.ts";
import type { PortableCode } from "./portable_code.ts";
import { DOWN, type WireFrame } from "./wire.ts";
import { type LinkEvents, WorkerLink } from "./worker_link.ts";

/** Threads of a host that may fail one after the other before they have come up. */
const STILLBORN_MAX = 3;

const NONE: ReadonlySet<WorkerLink> = new Set();

/** What workers are made of. */
export interface CrewOptions {
  readonly threads: Threads;
  /** What a new thread is told beside what it gets from here. */
  readonly boot: { readonly [key: string]: unknown };
}

/** All workers beside the main one. */
export class WorkerCrew {
  readonly #runtime: LuaRuntime;
  readonly #options: CrewOptions;
  readonly #code: PortableCode;
  readonly #events: LinkEvents;
  readonly #links = new Map<number, WorkerLink>();
  readonly #byHost = new Map<Host, Set<WorkerLink>>();
  /** Threads in a row that did not come up, by host. */
  readonly #stillborn = new WeakMap<Host, number>();
  /** Those who wait for facts, by the number of the question. */
  readonly #asked = new Map<number, Map<WorkerLink, () => void>>();
  /** Made with the first worker. */
  #live: LiveNumbers | undefined;
  #garbagePercent: number | undefined;
  #questions = 0;
  #lastNumber = 0;

  constructor(runtime: LuaRuntime, options: CrewOptions, code: PortableCode, events: LinkEvents) {
    this.#runtime = runtime;
    this.#options = options;
    this.#code = code;
    this.#events = events;
  }

  /** All of them. */
  all(): Iterable<WorkerLink> {
    return this.#links.values();
  }

  /** The worker with this number. */
  at(number: number): WorkerLink | undefined {
    return this.#links.get(number);
  }

  /** Those of a host. */
  of(host: Host): ReadonlySet<WorkerLink> {
    return this.#byHost.get(host) ?? NONE;
  }

  /** Starts as many more workers of a host as it may have and as there are processes for, those on their way among them. */
  openFor(host: Host, waiting: number): void {
    if ((this.#stillborn.get(host) ?? 0) >= STILLBORN_MAX) return;
    const active = [...this.of(host)].filter(({ retiring }) => !retiring);
    const coming = active.filter(({ isUp }) => !isUp).length;
    const wanted = Math.min(host.threadsMax - active.length, waiting - coming);
    for (let i = 0; i < wanted; i++) this.#open(host);
  }

  /** A worker is ready for work. */
  isUp(link: WorkerLink): void {
    link.isUp = true;
    const { log, ports } = this.#runtime.services;
    const took = Math.round(ports.clock.monotonicMs() - link.openedMs);
    log.named("lua").debug("worker started", { host: link.host.id, worker: link.number, took_ms: took });
    this.#stillborn.delete(link.host);
  }

  /** A thread has failed. Where several fail that never came up, no more are started: the main worker does it all. */
  failed(link: WorkerLink): void {
    if (!link.isUp) this.#stillborn.set(link.host, (this.#stillborn.get(link.host) ?? 0) + 1);
  }

  /** Calls `close` when a worker is still without processes after a while. */
  rest(link: WorkerLink, close: () => void): void {
    if (link.resting || link.processes.size > 0) return;
    link.resting = true;
    this.#runtime.services.ports.clock.timer(WORKER_IDLE_MS, () => {
      link.resting = false;
      if (link.isOpen && link.hungry && link.processes.size === 0) close();
    }, { background: true });
  }

  #open(host: Host): void {
    const link = new WorkerLink(++this.#lastNumber, host, this.#events);
    link.openedMs = this.#runtime.services.ports.clock.monotonicMs();
    this.#links.set(link.number, link);
    const links = this.#byHost.get(host);
    if (links === undefined) this.#byHost.set(host, new Set([link]));
    else links.add(link);
    this.#live ??= new LiveNumbers();
    link.open(this.#options.threads, this.#live.memory, {
      ...this.#options.boot,
      number: link.number,
      host: host.id,
      node: this.#runtime.node,
      memoryBytesMax: this.#runtime.memoryBytesMax,
      definitions: this.#code.all(),
      garbagePercent: this.#garbagePercent,
    });
  }

  /** Strikes a worker out, whose thread has ended or does now. */
  forget(link: WorkerLink): void {
    link.terminate();
    this.#links.delete(link.number);
    const links = this.#byHost.get(link.host);
    if (links?.delete(link) && links.size === 0) this.#byHost.delete(link.host);
    for (const answers of this.#asked.values()) answers.get(link)?.();
  }

  /** Sends the same to all. */
  tell(op: number, head: LuaValue[]): void {
    if (this.#links.size === 0) return;
    const bytes = this.#runtime.universe.encode(head);
    for (const link of this.#links.values()) link.send(op, bytes);
  }

  /** Bytes of their Lua heaps. */
  get heapBytes(): number {
    let bytes = 0;
    for (const link of this.#links.values()) bytes += link.heapBytes;
    return bytes;
  }

  /** A full collection in all of them. */
  collect(): void {
    this.tell(DOWN.collect, []);
  }

  /** Growth of each heap, in percent, before a collection begins; also of heaps to come. */
  setGarbagePercent(percent: number): void {
    this.#garbagePercent = percent;
    this.tell(DOWN.garbage, [Number.isFinite(percent) ? percent : false]);
  }

  /** A worker was told that a process lives, and need not ask again before its end. */
  lives(id: number): void {
    this.#live?.add(id);
  }

  /** A process has ended. */
  gone(id: number): void {
    this.#live?.delete(id);
  }

  /** Asks all workers for what they know of their processes; undefined when there are none. */
  observe(): Promise<void> | undefined {
    const links = [...this.#links.values()].filter(({ isUp }) => isUp);
    if (links.length === 0) return undefined;
    const question = ++this.#questions;
    const { clock } = this.#runtime.services.ports;
    const { promise, resolve } = Promise.withResolvers<void>();
    const answers = new Map<WorkerLink, () => void>();
    const over = (): void => {
      timer.cancel();
      this.#asked.delete(question);
      resolve();
    };
    const timer = clock.timer(WORKER_FACTS_MS, over, { background: true });
    for (const link of links) {
      answers.set(link, () => {
        answers.delete(link);
        if (answers.size === 0) over();
      });
    }
    this.#asked.set(question, answers);
    for (const link of links) link.send(DOWN.facts, this.#runtime.universe.encode([question]));
    return promise;
  }

  /** Takes what a worker answers. */
  factsCame(link: WorkerLink, { head }: WireFrame): void {
    const { book, universe } = this.#runtime;
    const [question, list] = universe.decode(head);
    for (const row of list as LuaValue[][]) {
      const placement = book.find(Number(row[0]))?.placement;
      if (placement?.link !== link) continue;
      const [, state, mailbox, fibers, channels, subscriptions, memoryBytes, turns, waitsFor] = row;
      placement.facts = {
        state,
        mailbox,
        fibers,
        channels,
        subscriptions,
        memoryBytes,
        turns,
        waitsFor,
      } as unknown as PlacedFacts;
    }
    this.#asked.get(Number(question))?.get(link)?.();
  }
}
