/**
 * A worker on a thread of its own: a runtime with a universe, fed by the main worker of the node.
 *
 * N1. What has come is taken before Lua runs again, in order; when there is more than a slice of it, in turns with Lua.
 * N2. A process that was sent to before, or may have been sent to from here by way of the main worker, begins only when all of that
 *     has come; what is sent to it from here meanwhile waits behind. So the order of messages between two processes does not change with the
 *     place where one of them begins.
 * N3. Without anything to run it looks `SPINS_TIGHT` times at once, then gives way to the rest of the thread until `SPINS_MAX`, then
 *     sleeps until a bell rings.
 */
import type { Clock, Environment, Log, LogLevel, ThreadInlet } from "../../ports/mod.ts";
import { parsePid, type Value } from "../../core/mod.ts";
import { type LuaError, type LuaValue, useCompiled } from "../../vm/mod.ts";
import type { ModuleServices } from "../module.ts";
import type { ModuleCatalog } from "../module_catalog.ts";
import type { LuaDefinition } from "../definition.ts";
import { LuaRuntime } from "../runtime.ts";
import { decodeSignal } from "../signal.ts";
import { luaErrorOf } from "../lua_failure.ts";
import { needsParser, readParser } from "../plain_source.ts";
import { MainEnvironment } from "./main_environment.ts";
import { MainSide } from "./main_side.ts";
import type { HeldMessage } from "./placement.ts";
import { definitionFromWire } from "./portable_code.ts";
import { Ring } from "./ring.ts";
import { DOWN, frameFromWire, idsOf, unpackFrame, UP, type WireFrame } from "./wire.ts";
import { FRAMES_PER_LOOK, pace, WORD, type WorkerMemory } from "./worker_link.ts";

const SPINS_TIGHT = 4;
const SPINS_MAX = 16;

/** What a worker is told when it begins. */
export interface WorkerBoot {
  readonly memory: WorkerMemory;
  readonly module: WebAssembly.Module;
  readonly number: number;
  readonly host: string;
  readonly node: string;
  readonly memoryBytesMax: number;
  readonly strictSecurity: boolean;
  readonly defaultNetwork: string;
  readonly measureCalls: boolean;
  readonly definitions: readonly LuaValue[];
  /** Growth of the heap before a collection, when somebody has set it. */
  readonly garbagePercent?: number;
}

/** Services that the main worker does for another one. */
export interface MainServices {
  readonly log: Log;
  readonly environment: Environment;
}

/** A process that may not begin yet, and what has come for it since. */
interface Fenced {
  readonly begin: () => void;
  /** By way of the main worker. */
  readonly came: HeldMessage[];
  /** From processes here. */
  readonly kept: HeldMessage[];
}

/** A worker. */
export class WorkerNode {
  readonly #side: MainSide;
  readonly #runtime: LuaRuntime;
  readonly #down: Ring;
  readonly #words: Int32Array;
  readonly #clock: Clock;
  readonly #inlet: ThreadInlet;
  readonly #fenced = new Map<number, Fenced>();
  /** Processes that have left, until nothing for them can come any more. */
  readonly #moved = new Set<number>();
  /** Modules are being read. */
  #isLoading = false;
  #isHungry = false;
  #isSpinning = false;
  #spins = 0;

  constructor(
    boot: WorkerBoot,
    inlet: ThreadInlet,
    parts: { modules: ModuleCatalog; services(main: MainServices): ModuleServices },
  ) {
    useCompiled(boot.module);
    this.#inlet = inlet;
    this.#down = new Ring(boot.memory.down);
    this.#words = new Int32Array(boot.memory.words);
    const side = this.#side = new MainSide(inlet, boot.memory);
    const services = parts.services({
      log: forwardedLog((record) => side.tell(UP.log, record), "", {}),
      environment: new MainEnvironment(side),
    });
    this.#clock = services.ports.clock;
    this.#runtime = new LuaRuntime({
      services,
      modules: parts.modules,
      node: boot.node,
      pidBase: idsOf(boot.number),
      processMemoryBytesMax: boot.memoryBytesMax,
      outside: side,
      names: side.names,
      observeCall: boot.measureCalls
        ? (target, ms, isOk) => side.tell(UP.observed, [target, ms, isOk])
        : undefined,
    });
    this.#runtime.begin();
    side.bind(this.#runtime);
    if (boot.garbagePercent !== undefined) this.#runtime.universe.setGarbagePercent(boot.garbagePercent);
    side.left = (id) => this.#moved.add(id);
    side.keep = (id, message) => {
      const fenced = this.#fenced.get(id);
      fenced?.kept.push(message);
      return fenced !== undefined;
    };
    const { hosts, programs, slices } = this.#runtime;
    hosts.add(boot.host, { type: "process" }).state = "running";
    slices.afterEach(() => this.#afterSlice());
    const definitions = boot.definitions.map(definitionFromWire);
    this.#withModules(definitions, () => {
      // They compile: the main worker has compiled them.
      programs.expectForeignValues();
      programs.trust(new Set(definitions.map(({ module }) => module)));
      for (const definition of definitions) programs.set(definition);
      side.tell(UP.ready, []);
    });
    this.#wake();
  }

  /** Does `then` once all has been read that these definitions take; nothing that came later is taken before. */
  #withModules(definitions: readonly LuaDefinition[], then: () => void): void {
    const names = definitions.flatMap(({ modules }) => [...modules.values()]);
    const loading = this.#runtime.modules.catalog.load(names);
    const isParsed = definitions.some(({ compiled, source }) =>
      compiled === undefined && needsParser(source)
    );
    if (loading === undefined && !isParsed) return then();
    this.#isLoading = true;
    void Promise.all([loading, isParsed ? readParser() : undefined]).then(() => {
      this.#isLoading = false;
      then();
      this.#wake();
    });
  }

  /** A bell has rung. */
  bell(): void {
    Atomics.store(this.#words, WORD.belledDown, 0);
    this.#wake();
  }

  #wake(): void {
    Atomics.store(this.#words, WORD.awake, 1);
    this.#take();
    this.#spins = 0;
    this.#runtime.slices.wake();
  }

  #afterSlice(): void {
    const { universe } = this.#runtime;
    this.#side.report(universe.ready, universe.heapBytes);
    this.#take();
    const { ready } = universe;
    if (ready > 0) {
      this.#spins = 0;
      Atomics.store(this.#words, WORD.awake, 1);
      return;
    }
    if (!this.#isHungry && !this.#isLoading && this.#fenced.size === 0) {
      this.#isHungry = true;
      this.#side.tell(UP.hungry, []);
    }
    if (!this.#isSpinning) this.#spin();
  }

  /** Looks for work without sleeping for a little while. */
  #spin(): void {
    this.#isSpinning = false;
    while (this.#spins < SPINS_TIGHT) {
      this.#spins++;
      if (this.#take()) return this.#runtime.slices.wake();
    }
    if (this.#spins++ < SPINS_MAX) {
      this.#isSpinning = true;
      this.#clock.soon(() => {
        if (this.#take()) this.#spins = 0;
        if (this.#runtime.universe.ready === 0) return this.#spin();
        this.#isSpinning = false;
        this.#runtime.slices.wake();
      });
      return;
    }
    Atomics.store(this.#words, WORD.awake, 0);
    // What came, or began to wait for room, between the last look and this moment rang no bell. While modules are read, their end
    // rings it.
    if (this.#isLoading || this.#down.isEmpty && Atomics.load(this.#words, WORD.downWaits) === 0) return;
    this.#wake();
  }

  /** Takes all that has come; true when there was something. */
  #take(): boolean {
    let count = 0;
    let isOver: (() => boolean) | undefined;
    while (!this.#isLoading) {
      const bytes = this.#down.read();
      if (bytes === undefined) break;
      this.#frame(unpackFrame(bytes));
      if (++count % FRAMES_PER_LOOK === 0 && (isOver ??= pace(this.#clock))()) break;
    }
    // The main worker keeps what did not fit and must be told that there is room.
    if (Atomics.exchange(this.#words, WORD.downWaits, 0) === 1) this.#inlet.post(null);
    return count > 0;
  }

  #frame(frame: WireFrame): void {
    const { head, op, payload } = frame;
    const { book, changes, endings, slices, universe } = this.#runtime;
    switch (op) {
      case DOWN.start:
        this.#start(frame);
        break;
      case DOWN.message:
        this.#message(payload);
        break;
      case DOWN.fenced:
        this.#fencePassed(Number(universe.decode(head)[0]));
        break;
      case DOWN.kill: {
        const [id, error] = universe.decode(head);
        this.#fencePassed(Number(id));
        const process = book.find(Number(id));
        if (process !== undefined) endings.kill(process, error as LuaError);
        break;
      }
      case DOWN.result: {
        const [number, ok] = universe.decode(head);
        this.#side.resultCame(Number(number), ok === true, payload);
        break;
      }
      case DOWN.define: {
        const definition = definitionFromWire(universe.decode(head)[0]!);
        this.#withModules([definition], () => {
          this.#side.forget();
          changes.define(definition);
        });
        break;
      }
      case DOWN.undefine:
        this.#side.forget();
        for (const id of universe.decode(head)[0] as string[]) changes.undefine(id);
        break;
      case DOWN.announce:
        changes.announce(universe.decode(head)[0] as string[]);
        break;
      case DOWN.collect:
        slices.defer(() => universe.collect());
        break;
      case DOWN.garbage: {
        const [percent] = universe.decode(head);
        universe.setGarbagePercent(percent === false ? Infinity : Number(percent));
        break;
      }
      case DOWN.left: {
        const [id] = universe.decode(head);
        this.#moved.delete(Number(id));
        this.#side.tell(UP.left, [id!]);
        break;
      }
      case DOWN.facts:
        this.#tellFacts(universe.decode(head)[0]!);
        break;
    }
    slices.wake();
  }

  // --- Processes ----------------------------------------------------------------------------------------------------------

  #start({ head, payload }: WireFrame): void {
    this.#isHungry = false;
    const [id, entry, host, parent, handled, context] = this.#runtime.universe.decode(head);
    const begin = (): void =>
      this.#begin(Number(id), String(entry), String(host), String(parent), context!, payload);
    if (handled !== null && Number(handled) === this.#side.sent) return begin();
    this.#fenced.set(Number(id), { begin, came: [], kept: [] });
    this.#side.tell(UP.fence, [id!]);
  }

  #begin(
    id: number,
    entry: string,
    host: string,
    parent: string,
    context: LuaValue,
    args: Uint8Array,
  ): void {
    const { endings, starter, universe } = this.#runtime;
    const frame = frameFromWire(context, (number) => this.#side.scopeAt(number));
    try {
      const process = starter.start(entry, host, args, { frame, inherit: true, parent, id });
      endings.onExit(process, (exit) => {
        this.#side.tell(UP.exited, [id, exit.ok, universe.turnsOf(process.slot)], exit.results);
        if (frame.scope !== null) this.#side.leaveScope(frame.scope);
      });
    } catch (error) {
      this.#side.tell(UP.exited, [id, false, 0], universe.encode([luaErrorOf(error)]));
    }
  }

  #fencePassed(id: number): void {
    const fenced = this.#fenced.get(id);
    if (fenced === undefined) return;
    this.#fenced.delete(id);
    fenced.begin();
    const process = this.#runtime.book.find(id);
    if (process === undefined) return;
    for (const message of [...fenced.came, ...fenced.kept]) this.#deliver(process.pid, message);
  }

  #message(signal: Uint8Array): void {
    const { from, name, payload, to } = decodeSignal(signal);
    const id = parsePid(to)!.id;
    if (this.#moved.has(id)) return this.#side.tell(UP.returned, undefined, signal);
    const message = { topic: name, from, values: payload };
    const fenced = this.#fenced.get(id);
    if (fenced === undefined) this.#deliver(to, message);
    else fenced.came.push(message);
  }

  #deliver(pid: string, { from, topic, values }: HeldMessage): void {
    // Gone meanwhile is as good as never sent to.
    const process = this.#runtime.messages.liveProcess(pid);
    if (process !== undefined) this.#runtime.universe.deliver(process.slot, topic, from, values);
  }

  #tellFacts(question: LuaValue): void {
    const { book, universe } = this.#runtime;
    const rows: LuaValue[] = [];
    for (const process of book.known()) {
      if (process.isCall) continue;
      const { channels, fibers, mailbox, state, subscriptions } = universe.info(process.slot);
      const memoryBytes = universe.memoryOf(process.slot);
      const turns = universe.turnsOf(process.slot);
      const waitsFor = state === "blocked" ? this.#runtime.modules.waitsFor(process.slot) : "";
      rows.push([process.id, state, mailbox, fibers, channels, subscriptions, memoryBytes, turns, waitsFor]);
    }
    this.#side.tell(UP.facts, [question, rows]);
  }
}

/** A log whose records the main worker writes. */
function forwardedLog(
  write: (record: LuaValue[]) => void,
  logger: string,
  fields: Record<string, Value>,
): Log {
  const at = (level: LogLevel) => (message: string, more: Record<string, Value> = {}): void =>
    write([level, logger, message, { ...fields, ...more } as LuaValue]);
  return {
    debug: at(-1),
    info: at(0),
    warn: at(1),
    error: at(2),
    named: (name, more = {}) => forwardedLog(write, name, { ...fields, ...more }),
  };
}
