/**
 * Lua as processes and functions of one node: the universe, its parts, and the port behind which entry kinds see it.
 *
 * Every part owns one subject and reaches the others through the runtime. Relations between processes (links, monitors, names)
 * belong to `src/process`.
 */
import {
  EVALUATIONS_CACHED_DEFAULT,
  Failure,
  PROCESS_MEMORY_BYTES_MAX,
  PROGRAMS_CACHED_DEFAULT,
  SOURCES_CACHED_DEFAULT,
  type Value,
} from "../core/mod.ts";
import {
  type CallOutcome,
  EMPTY_FRAME,
  type Frame,
  type NativeProcess,
  type NativeReceiver,
  type ProcessExit,
  type Runtime,
  type SpawnOptions,
} from "../ports/mod.ts";
import { NameRegistry, ProcessTable } from "../process/mod.ts";
import { type Exit, type LuaValue, Universe, type UniverseOptions } from "../vm/mod.ts";
import { LuaCall } from "./call.ts";
import { Calls, type OutsideCallOptions } from "./calls.ts";
import { CodeChanges } from "./code_changes.ts";
import { Elsewhere } from "./elsewhere.ts";
import type { EvaluationCacheOptions, Evaluations } from "./evaluations.ts";
import type { CallObserver } from "./function_pool.ts";
import { callResult, FunctionTable } from "./function_table.ts";
import { HostTable } from "./host_table.ts";
import { InheritedFrames } from "./inherited_frames.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { LuaCache } from "./lua_cache.ts";
import type { LuaProcess } from "./lua_process.ts";
import { Messages } from "./messages.ts";
import type { ModuleServices } from "./module.ts";
import type { ModuleCatalog } from "./module_catalog.ts";
import { ModuleTable } from "./module_table.ts";
import type { HostProvider, Outside } from "./outside.ts";
import { ProcessBook } from "./process_book.ts";
import { ProcessEndings } from "./process_endings.ts";
import { type ProcessFacts, processFacts } from "./process_facts.ts";
import { NO_EXTRAS, ProcessStarter } from "./process_starter.ts";
import { type ProgramCacheOptions, ProgramTable } from "./program_table.ts";
import type { ShellSessions } from "./shell_sessions.ts";
import { Slices } from "./slices.ts";
import type { WorkerBoard, WorkerOptions } from "./workers/worker_board.ts";

/** What a runtime is made of. */
export interface LuaRuntimeOptions {
  readonly services: ModuleServices;
  readonly modules: ModuleCatalog;
  /** Name of this node, `""` or "local" when it is left out of pids. */
  readonly node?: string;
  /** Fixed string hash seed, for replay and simulation; random otherwise. */
  readonly hashSeed?: number;
  /** Seed of the order in which ready processes run; 0 is first in, first out. */
  readonly orderSeed?: number;
  readonly processMemoryBytesMax?: number;
  /** Set for a runtime that is a world of its own, like that of a workflow. */
  readonly outside?: Outside;
  /** How long compiled code that is given at run time is kept. */
  readonly evaluations?: EvaluationCacheOptions;
  /** Compiled sources and programs that are kept; the defaults of `core/limits.ts` without it. */
  readonly programs?: Pick<ProgramCacheOptions, "sourcesMax" | "programsMax">;
  /** What is known of sources from earlier runs. */
  readonly cache?: LuaCache;
  /** Counts how often each line runs. */
  readonly countLines?: boolean;
  /** What this node's other workers are made of; absent when all its processes share this universe. */
  readonly workers?: WorkerOptions;
  /** Where names of processes are kept, when it is not here. */
  readonly names?: ProcessNames;
  /** What the numbers of processes are counted from; 0 by default. */
  readonly pidBase?: number;
  /** Is told of every function call that has ended. */
  readonly observeCall?: CallObserver;
}

/** The names of processes that a runtime uses. */
export type ProcessNames = Pick<
  NameRegistry,
  "register" | "lookup" | "unregister" | "release" | "namesOf" | "shared" | "local"
>;

/** The Lua side of a node. */
export class LuaRuntime implements Runtime {
  readonly services: ModuleServices;
  /** Name of this node in pids; "" for the local one. */
  readonly node: string;
  /** Most bytes a process may hold. */
  readonly memoryBytesMax: number;
  readonly outside: Outside | undefined;
  /** What runs Lua; there once `begin` was called. */
  universe!: Universe;
  slices!: Slices;
  modules!: ModuleTable;
  programs!: ProgramTable;
  readonly cache: LuaCache | undefined;
  readonly functions: FunctionTable;
  readonly hosts: HostTable;
  readonly table: ProcessTable;
  readonly names: ProcessNames;
  /** The other workers of this node; undefined as long as no host has asked for any. */
  board: WorkerBoard | undefined;
  readonly #workers: WorkerOptions | undefined;
  readonly frames = new InheritedFrames();
  readonly book: ProcessBook;
  readonly starter: ProcessStarter;
  readonly endings: ProcessEndings;
  readonly calls: Calls;
  readonly messages: Messages;
  readonly elsewhere: Elsewhere;
  readonly changes: CodeChanges;
  /** Given code that was compiled, and how long it is kept; see `evaluationsOf`. */
  evaluations: Evaluations | undefined;
  readonly evaluationCache: EvaluationCacheOptions;
  #shells: Promise<ShellSessions> | undefined;
  readonly #options: LuaRuntimeOptions;
  readonly #seeds: Pick<UniverseOptions, "hashSeed" | "randomSeed">;
  #noArgs!: Uint8Array;

  /** Needs no machine; nothing of Lua may be asked of it before `begin`. */
  constructor(options: LuaRuntimeOptions) {
    this.services = options.services;
    this.node = options.node === "local" ? "" : options.node ?? "";
    this.memoryBytesMax = options.processMemoryBytesMax ?? PROCESS_MEMORY_BYTES_MAX;
    this.outside = options.outside;
    this.names = options.names ?? new NameRegistry();
    this.#options = options;
    const { random } = options.services.ports;
    this.#seeds = {
      hashSeed: options.hashSeed ?? random.stream("lua.hash").below(2 ** 32),
      randomSeed: random.stream("lua.random").below(2 ** 48),
    };
    this.cache = options.cache;
    this.functions = new FunctionTable(this, options.observeCall);
    this.hosts = new HostTable(this);
    this.book = new ProcessBook(this);
    this.starter = new ProcessStarter(this);
    this.endings = new ProcessEndings(this);
    this.calls = new Calls(this);
    this.messages = new Messages(this);
    this.elsewhere = new Elsewhere(this);
    this.changes = new CodeChanges(this);
    this.evaluationCache = options.evaluations ?? { sizeMax: EVALUATIONS_CACHED_DEFAULT, lifetimeMs: 0 };
    this.#workers = options.workers;
    this.table = new ProcessTable({
      event: (id, event) => this.messages.deliverEvent(id, event),
      fail: (id, failure) => {
        const process = id < 0 ? undefined : this.book.find(id);
        if (process !== undefined) this.endings.kill(process, luaErrorOf(failure));
      },
      nowSeconds: () => this.nowSeconds(),
    });
  }

  /** Makes the universe and what lives in it; the machine must have been compiled. */
  begin(): void {
    const options = this.#options;
    const universe = this.universe = this.#createUniverse(options);
    universe.natives.frame = (source) => new LuaCall(source, this);
    if (options.countLines) universe.code.countLines();
    this.#noArgs = universe.encode([]);
    this.slices = new Slices(universe, options.services.ports.clock);
    this.modules = new ModuleTable(this, universe, options.modules);
    this.programs = new ProgramTable(universe, this.modules, {
      sourcesMax: SOURCES_CACHED_DEFAULT,
      programsMax: PROGRAMS_CACHED_DEFAULT,
      ...options.programs,
      cache: options.cache,
      isHeld: (program) => this.functions.holds(program),
      beforeDrop: () => this.book.adoptAll(),
    });
  }

  #createUniverse(options: LuaRuntimeOptions): Universe {
    const { clock } = options.services.ports;
    return Universe.create({
      host: {
        exited: (slot, exit) => this.endings.exited(slot, exit),
        released: (classId, id) => {
          if (classId === 0) this.frames.forget(id);
          else this.modules.released(classId, id);
        },
        failed: (slot, error) => this.reportBroken(slot, error),
      },
      now: () => clock.monotonicMs(),
      nowSeconds: () => this.nowSeconds(),
      ...this.#seeds,
      orderSeed: options.orderSeed,
      pidBase: options.pidBase,
    });
  }

  // --- Parts that most programs do without ------------------------------------------------------------------------------

  /** Lets hosts run processes on other workers; whether they can. */
  async openBoard(): Promise<boolean> {
    if (this.#workers === undefined) return false;
    if (this.board !== undefined) return true;
    const { WorkerBoard } = await import("./workers/worker_board.ts");
    // Somebody else may have been waiting, too.
    if (this.board !== undefined) return true;
    const board = this.board = new WorkerBoard(this, this.#workers);
    this.slices.refill = () => board.refill();
    this.slices.afterEach(() => board.tick());
    return true;
  }

  /** The interactive sessions of this runtime. */
  shells(): Promise<ShellSessions> {
    return this.#shells ??= import("./shell_sessions.ts").then(({ ShellSessions }) =>
      new ShellSessions(this)
    );
  }

  /** Tells hosts whose processes outlive this program that it ends: from now on things fail because others have stopped. */
  rest(): void {
    for (const { provider } of this.hosts.all()) provider?.rest();
  }

  // --- What the parts share -------------------------------------------------------------------------------------------

  /** Whole Unix seconds. */
  nowSeconds(): number {
    return Math.floor(this.services.ports.clock.nowMs() / 1000);
  }

  /** Whether permissions must be asked under this frame. */
  guarded(frame: Frame): boolean {
    return this.services.strictSecurity || (frame.actor !== null && frame.scope !== null);
  }

  /** Logs what a module must never throw. */
  reportBroken(slot: number, error: unknown): void {
    this.services.log.named("lua").error("module failed", {
      pid: this.book.at(slot)?.pid ?? "",
      error: String((error as Error)?.stack ?? error),
    });
  }

  /** Whether a process may do `action` on `resource`. */
  allowed(
    process: LuaProcess,
    action: string,
    resource: string,
    attributes?: Record<string, Value>,
  ): boolean {
    const { actor, scope } = process.frame;
    if (actor === null || scope === null) return !this.services.strictSecurity;
    return scope.evaluate(actor, { action, resource, attributes: { pid: process.pid, ...attributes } }) ===
      "allow";
  }

  permits({ actor, scope }: Frame, action: string, resource: string): boolean {
    if (actor === null || scope === null) return !this.services.strictSecurity;
    return scope.evaluate(actor, { action, resource, attributes: {} }) === "allow";
  }

  #encode(args: readonly Value[] | undefined): Uint8Array {
    return args === undefined || args.length === 0 ? this.#noArgs : this.universe.encode(args as LuaValue[]);
  }

  // --- The Runtime port -----------------------------------------------------------------------------------------------

  call(
    target: string,
    args: Value[],
    options: OutsideCallOptions = {},
  ): CallOutcome | Promise<CallOutcome> {
    return this.calls.callOutside(target, this.#encode(args), options);
  }

  spawn(entryId: string, hostId: string, options: SpawnOptions = {}): string {
    const name = options.name ?? "";
    if (name !== "" && this.names.lookup(name) !== undefined) {
      throw new Failure("AlreadyExists", "name already registered", { retryable: false, details: { name } });
    }
    const { provider } = this.hosts.get(hostId) ?? {};
    if (provider !== undefined) return this.#spawnProvided(provider, entryId, hostId, options);
    const process = this.starter.start(entryId, hostId, this.#encode(options.args), {
      frame: options.frame ?? EMPTY_FRAME,
      inherit: true,
    });
    if (name !== "") this.names.register(name, process.pid, process.id, 0);
    const { onExit } = options;
    if (onExit !== undefined) {
      this.endings.onExit(process, (exit) => onExit(this.#processExit(process.pid, exit)));
    }
    return process.pid;
  }

  #spawnProvided(provider: HostProvider, entryId: string, hostId: string, options: SpawnOptions): string {
    this.hosts.admit(hostId);
    const { name = "", onExit, supervised = false } = options;
    if (supervised) {
      const message = `what runs on ${hostId} is kept and resumed by its worker, not by a supervisor; ` +
        `start ${entryId} with process.spawn`;
      throw new Failure("Invalid", message, { retryable: false });
    }
    const frame = options.frame ?? EMPTY_FRAME;
    const args = this.#encode(options.args);
    const { id, pid } = provider.start({ ...NO_EXTRAS, entryId, args, frame, name });
    if (onExit !== undefined) {
      provider.onEnd(id, (result) => {
        const outcome = this.calls.outcomeOf(result);
        onExit(
          outcome.ok
            ? { pid, value: outcome.value, failure: null }
            : { pid, value: null, failure: outcome.failure },
        );
      });
    }
    return pid;
  }

  send(destination: string, topic: string, values: Value[], from = ""): void {
    const pid = this.messages.resolve(destination);
    this.messages.deliver(pid, topic, this.universe.encode(values as LuaValue[]), from);
  }

  deliver(pid: string, topic: string, values: Uint8Array, from: string): void {
    this.messages.deliver(pid, topic, values, from);
  }

  cancel(destination: string, reason: string, from = ""): void {
    this.messages.cancel(this.messages.resolve(destination), reason, from);
  }

  terminate(destination: string): void {
    this.messages.terminate(this.messages.resolve(destination));
  }

  watch(pid: string, onExit: (exit: ProcessExit) => void): () => void {
    const process = this.messages.liveProcess(pid);
    if (process === undefined) {
      onExit({ pid, value: null, failure: new Failure("NotFound", "process not found") });
      return () => {};
    }
    return this.endings.onExit(process, (exit) => onExit(this.#processExit(pid, exit)));
  }

  #processExit(pid: string, exit: Exit): ProcessExit {
    const outcome = this.calls.outcomeOf(callResult(this, exit));
    return outcome.ok
      ? { pid, value: outcome.value, failure: null }
      : { pid, value: null, failure: outcome.failure };
  }

  openNative(hostId: string, receiver: NativeReceiver): NativeProcess {
    return this.messages.openNative(hostId, receiver);
  }

  /** As `processes`, with what other workers know of theirs now; at once when there are none. */
  observedProcesses(): ProcessFacts[] | Promise<ProcessFacts[]> {
    return this.board?.crew.observe()?.then(() => this.processes()) ?? this.processes();
  }

  /** Bytes of the Lua heaps of all workers. */
  get heapBytes(): number {
    return this.universe.heapBytes + (this.board?.crew.heapBytes ?? 0);
  }

  /** A full collection in every worker. */
  collect(): void {
    this.universe.collect();
    this.board?.crew.collect();
  }

  /** Growth of each heap, in percent, before a collection begins. */
  setGarbagePercent(percent: number): void {
    this.universe.setGarbagePercent(percent);
    this.board?.crew.setGarbagePercent(percent);
  }

  /** Facts of every live process; of those in other workers, what was last heard. */
  processes(): ProcessFacts[] {
    return processFacts(this);
  }

  /** Live processes, calls included. */
  get liveCount(): number {
    this.book.adoptAll();
    return this.book.size;
  }
}
