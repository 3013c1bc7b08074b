/**
 * What the running program knows of itself: memory, limits, the way to its end.
 *
 * M1. The memory limit is a soft one: past it the program collects eagerly and says so; single processes have limits of their own.
 */
import type { LuaRuntime } from "../lua/mod.ts";
import { collectGarbage, memoryFacts, residentBytes } from "../platform/running.ts";
import type { Clock, Log, MemoryUse, Ports, SystemControl, TimerHandle } from "../ports/mod.ts";

/** Time between two looks at the memory in use. */
const LOOK_MS = 1000;
/** Time between two warnings about too much memory. */
const WARN_EVERY_MS = 60_000;
/** Growth of the Lua heap between collections when nobody says otherwise. */
const GARBAGE_PERCENT = 100;

/** What a control is made of. */
export interface ProgramControlOptions {
  readonly ports: Ports;
  readonly log: Log;
  readonly runtime: LuaRuntime;
  readonly node: () => string;
  readonly memoryBytesMax: number;
  readonly exit: (code: number) => void;
}

/** The control of one application. */
export class ProgramControl implements SystemControl {
  memoryBytesMax: number;
  readonly #ports: Ports;
  readonly #nodeOf: () => string;
  #node: string | undefined;
  #processorsMax: number | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #runtime: LuaRuntime;
  readonly #exit: (code: number) => void;
  #garbagePercent = GARBAGE_PERCENT;
  #collections = 0;
  #allocatedTotal = 0;
  #allocatedLast = 0;
  #timer: TimerHandle | undefined;
  #warnedMs = -Infinity;

  constructor(options: ProgramControlOptions) {
    this.#ports = options.ports;
    this.#nodeOf = options.node;
    this.memoryBytesMax = options.memoryBytesMax;
    this.#clock = options.ports.clock;
    this.#log = options.log.named("memory");
    this.#runtime = options.runtime;
    this.#exit = options.exit;
  }

  // Found out when somebody asks: it takes longer than most of the start.

  get node(): string {
    return this.#node ??= this.#nodeOf();
  }

  get processorsMax(): number {
    return this.#processorsMax ??= this.#ports.cpus;
  }

  set processorsMax(count: number) {
    this.#processorsMax = count;
  }

  exit(code: number): void {
    this.#exit(code);
  }

  memory(): MemoryUse {
    const facts = memoryFacts();
    const luaBytes = this.#runtime.heapBytes;
    const allocated = facts.heapUsedBytes + luaBytes;
    this.#allocatedTotal += Math.max(0, allocated - this.#allocatedLast);
    this.#allocatedLast = allocated;
    return { ...facts, luaBytes, allocatedBytesTotal: this.#allocatedTotal, collections: this.#collections };
  }

  collectGarbage(): void {
    this.#collections++;
    // Not now: Lua asks for it, and its collector may not run inside the code of one of its functions.
    this.#runtime.slices.defer(() => this.#runtime.collect());
    collectGarbage();
  }

  get garbagePercent(): number {
    return this.#garbagePercent;
  }

  set garbagePercent(percent: number) {
    this.#garbagePercent = percent;
    // A negative percentage means no collection of its own accord; memory limits still hold.
    this.#runtime.setGarbagePercent(percent < 0 ? Infinity : percent);
  }

  /** Begins to watch the memory in use. */
  watch(): void {
    this.#timer = this.#clock.timer(LOOK_MS, () => this.#look(), { background: true });
  }

  /** Ends watching. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    this.watch();
    const bytes = residentBytes();
    if (bytes <= this.memoryBytesMax) return;
    this.collectGarbage();
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    this.#log.warn("more memory in use than the limit allows", {
      bytes,
      limit: this.memoryBytesMax,
    });
  }
}
