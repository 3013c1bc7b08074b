/**
 * One application: from entries to a running program, and its orderly end.
 *
 * A1. It comes up in phases: infrastructure; components by level; the context is sealed and they start; entries are loaded;
 *     `auto_start` services run. What fails on the way stops everything that is up already.
 * A2. It goes down in reverse: services, dependents first; components, last first; infrastructure. It goes down once, whoever
 *     asks and how often; the first exit code wins.
 * A3. An end takes no longer than its limit: what does not stop by then is left behind.
 */
import { asFailure, OPERATION_MS_DEFAULT, SHUTDOWN_MS_DEFAULT, type Value } from "../core/mod.ts";
import type {
  EvaluationCacheOptions,
  LuaCache,
  LuaRuntime,
  LuaRuntimeOptions,
  ModuleDefinition,
} from "../lua/mod.ts";
import {
  type Bus,
  type ContractDirectory,
  type Environment,
  type Frame,
  PACK_ID,
  type PackContents,
  PackResource,
  type Ports,
  type Resources,
  type SecurityDirectory,
} from "../ports/mod.ts";
import { endSlowStart } from "../platform/running.ts";
import { EventBus, type Supervisor } from "../process/mod.ts";
import {
  type Entry,
  frameOfLifecycle,
  type KindDefinition,
  type KindServices,
  type KindTable,
  type LoadedEntries,
  orderEntries,
  type Registry,
  type RegistryOptions,
} from "../registry/mod.ts";
import { selectFor } from "./boot_selection.ts";
import { type Component, ComponentSet } from "./components.ts";
import { ApplicationContext } from "./context.ts";
import type { LogHub } from "./logging/mod.ts";
import { saveCache } from "./lua_cache.ts";
import { metricsComponent } from "./metrics/mod.ts";
import { type OutgoingLimits, portsWithin } from "./outgoing_http.ts";
import { profilerComponent, type ProfilerOptions } from "./profiler/mod.ts";
import { telemetryComponent, type TelemetryOptions } from "./telemetry/mod.ts";
import { ResourceTable } from "./resources.ts";
import {
  COMPONENTS,
  INFRASTRUCTURE,
  kindTable,
  standardComponents,
  typeGate,
  type TypeSystemOptions,
} from "./standard_components.ts";
import type { ProgramControl } from "./system_control.ts";
import { chooseTerminalHost, runOnTerminal, startHost, type TerminalRun } from "./terminal_run.ts";

/** What an application is made of. */
export interface ApplicationOptions {
  readonly ports: Ports;
  readonly log: LogHub;
  /** The root of relative paths. */
  readonly baseDirectory: string;
  /** Name of this node; when it has one it also shows in pids. */
  readonly nodeName?: string;
  /** Gives the name of this node when it was given none; never in pids. */
  readonly defaultNodeName?: () => string;
  /** How many services start at the same time; default: what a supervisor does by itself. */
  readonly startsAtOnceMax?: number;
  /** Processors kept for guests of WebAssembly with workers of their own; default: none. */
  readonly guestCores?: number;
  /** Makes it a node of a cluster; `nodeName` is its name there. */
  readonly cluster?: Component;
  readonly strictSecurity?: boolean;
  /** Default: types are not checked. */
  readonly typeSystem?: TypeSystemOptions;
  /** Overlay of work that chooses none. */
  readonly defaultNetwork?: string;
  /** Memory of the whole program in bytes; a soft limit. */
  readonly memoryBytesMax?: number;
  /** Longest end, in milliseconds. */
  readonly shutdownTimeoutMs?: number;
  /** Longest wait for a kind to accept or reject an entry, in milliseconds. */
  readonly operationTimeoutMs?: number;
  /** Where measurements are served to Prometheus, `host:port`; absent or "" for nowhere. */
  readonly metricsAddress?: string;
  /** Limits of all requests to the outside; default: none. */
  readonly outgoing?: OutgoingLimits;
  /** Serves profiles; lines are counted then. */
  readonly profiler?: ProfilerOptions;
  /** The packs it was loaded from; without them nothing is embedded or compiled. */
  readonly packs?: PackContents;
  readonly history?: RegistryOptions["history"];
  readonly prepare?: RegistryOptions["prepare"];
  readonly resolveGraph?: RegistryOptions["resolveGraph"];
  readonly finder?: RegistryOptions["finder"];
  /** How long compiled code that is given at run time is kept. */
  readonly evaluations?: EvaluationCacheOptions;
  /** Compiled sources and programs that are kept. */
  readonly programs?: LuaRuntimeOptions["programs"];
  /** What is known of Lua sources from earlier runs. */
  readonly luaCache?: LuaCache;
  /** Counts and times every function call. */
  readonly measureCalls?: boolean;
  /** Traces what runs; then all of it runs on one worker. */
  readonly telemetry?: TelemetryOptions;
  /** Where modules were loaded from; see `KindServices`. */
  readonly moduleRoot?: KindServices["moduleRoot"];
  /** Seeds for simulation and replay; random when absent. */
  readonly hashSeed?: number;
  readonly orderSeed?: number;
  /** Counts how often each line of Lua runs; see `lineCounts`. */
  readonly countLines?: boolean;
  /** More modules, kinds and components than the standard ones. */
  readonly modules?: readonly ModuleDefinition[];
  readonly kinds?: readonly KindDefinition[];
  readonly components?: readonly Component[];
}

/** How a call from outside is made. */
export interface CallOptions {
  readonly frame?: Frame;
  readonly signal?: AbortSignal;
  readonly options?: Record<string, Value>;
}

/** An application of this program. */
export class Application {
  readonly ports: Ports;
  readonly log: LogHub;
  readonly bus: Bus;
  readonly resources: Resources;
  /** What handles which kind; complete from the start. */
  readonly kinds: KindTable;
  readonly context = new ApplicationContext();
  /** Resolves with the exit code once everything has stopped. */
  readonly ended: Promise<number>;
  readonly #bus: EventBus;
  readonly #components: ComponentSet;
  readonly #shutdownMs: number;
  readonly #disconnectLog: () => void;
  readonly #end: (code: number) => void;
  #exitCode: number | undefined;
  #stopping: Promise<void> | undefined;
  #phase: "new" | "booting" | "running" | "stopped" = "new";

  constructor(options: ApplicationOptions) {
    this.ports = portsWithin(options.ports, options.outgoing);
    this.log = options.log;
    this.#bus = new EventBus({ clock: options.ports.clock, log: options.log });
    this.bus = this.#bus;
    this.#disconnectLog = options.log.connect(this.#bus);
    this.resources = new ResourceTable(this.#bus);
    this.#shutdownMs = options.shutdownTimeoutMs ?? SHUTDOWN_MS_DEFAULT;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.ended = promise;
    this.#end = resolve;
    this.context.provide(INFRASTRUCTURE.ports, this.ports);
    this.context.provide(INFRASTRUCTURE.log, this.log);
    this.context.provide(INFRASTRUCTURE.bus, this.bus);
    this.context.provide(INFRASTRUCTURE.resources, this.resources);
    if (options.packs !== undefined) this.resources.provide(PackResource, PACK_ID, options.packs);
    const gate = typeGate(
      options.typeSystem ?? { enabled: false, strict: false },
      options.modules ?? [],
      options.luaCache,
    );
    this.kinds = kindTable(this.context, options.kinds ?? [], gate, options.guestCores);
    const standard = standardComponents({
      pidNode: options.nodeName ?? "",
      node: () => options.nodeName ?? options.defaultNodeName?.() ?? "local",
      startsAtOnceMax: options.startsAtOnceMax,
      strictSecurity: options.strictSecurity ?? false,
      defaultNetwork: options.defaultNetwork ?? "",
      baseDirectory: options.baseDirectory,
      memoryBytesMax: options.memoryBytesMax ?? Infinity,
      operationTimeoutMs: options.operationTimeoutMs ?? OPERATION_MS_DEFAULT,
      history: options.history,
      prepare: options.prepare,
      resolveGraph: options.resolveGraph,
      finder: options.finder,
      evaluations: options.evaluations,
      programs: options.programs,
      luaCache: options.luaCache,
      measureCalls: options.measureCalls ?? false,
      telemetry: options.telemetry && telemetryComponent(options.telemetry),
      moduleRoot: options.moduleRoot,
      hashSeed: options.hashSeed,
      orderSeed: options.orderSeed,
      countLines: options.countLines || options.profiler !== undefined,
      modules: options.modules ?? [],
      kinds: this.kinds,
      exit: (code) => this.exit(code),
    });
    this.#components = new ComponentSet(
      [
        ...standard,
        metricsComponent({ address: options.metricsAddress ?? "" }),
        ...options.cluster === undefined ? [] : [options.cluster],
        ...options.profiler === undefined ? [] : [profilerComponent(options.profiler)],
        ...options.components ?? [],
      ],
      this.context,
      this.log,
    );
  }

  // --- Parts ------------------------------------------------------------------------------------------------------------

  get runtime(): LuaRuntime {
    return this.context.get(COMPONENTS.runtime);
  }

  get registry(): Registry {
    return this.context.get(COMPONENTS.registry);
  }

  get supervisor(): Supervisor {
    return this.context.get(COMPONENTS.supervisor);
  }

  get environment(): Environment {
    return this.context.get(COMPONENTS.environment);
  }

  get contracts(): ContractDirectory {
    return this.context.get(COMPONENTS.contracts);
  }

  get security(): SecurityDirectory {
    return this.context.get(COMPONENTS.security);
  }

  get control(): ProgramControl {
    return this.context.get(COMPONENTS.control);
  }

  /** True from the end of boot until the first request to stop. */
  get running(): boolean {
    return this.#phase === "running" && this.#stopping === undefined;
  }

  // --- Boot and end -----------------------------------------------------------------------------------------------------

  /** Makes the components work without entries. Part of `boot`; on its own for tools that only read a registry. */
  async assemble(): Promise<void> {
    if (this.#phase !== "new") throw new Error("an application boots once");
    this.#phase = "booting";
    await this.#components.start();
  }

  /** What calls of `targets` need of these entries. */
  async select(targets: readonly string[], loaded: LoadedEntries): Promise<LoadedEntries> {
    const { kinds } = this;
    const relations = {
      load: (entries: readonly Entry[]) => kinds.load(entries),
      references: kinds.referencesAmong(loaded.entries),
      ownerOf: (entry: Entry) => kinds.ownerOf(entry),
    };
    const { dormant, entries } = await selectFor(targets, loaded.entries, relations);
    return { ...loaded, entries, ...dormant === undefined ? {} : { dormant } };
  }

  /** Boots with these entries. Rejects with what stands in the way, after everything has been stopped again. */
  async boot(loaded: LoadedEntries): Promise<void> {
    try {
      // While the machine is compiled: the registry need not do it.
      await this.kinds.load(loaded.entries);
      const entries = this.#inOrder(loaded.entries);
      await this.assemble();
      this.runtime.programs.trust(loaded.proven ?? new Set());
      await this.registry.load({ ...loaded, entries, isOrdered: true });
      await this.supervisor.startAll();
    } catch (error) {
      await this.stop(1);
      throw error;
    }
    this.#phase = "running";
    endSlowStart();
    // Once the application runs: nobody waits for it.
    this.ports.clock.soon(() => saveCache(this.runtime.cache, this.log));
  }

  #inOrder(entries: readonly Entry[]): Entry[] {
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    return orderEntries(entries, byId, this.kinds.referencesAmong(entries));
  }

  /** Asks for an orderly end with this exit code; returns at once. */
  exit(code: number): void {
    this.#exitCode ??= code;
    // Not inside the caller, which may be Lua in the middle of a slice.
    this.ports.clock.soon(() => void this.stop(code));
  }

  /** Ends in order; resolves when everything has stopped or the limit is over. */
  stop(code = 0): Promise<void> {
    this.#exitCode ??= code;
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    const limit = new AbortController();
    const timer = this.ports.clock.timer(this.#shutdownMs, () => limit.abort());
    const log = this.log.named("core");
    try {
      this.context.find(COMPONENTS.runtime)?.rest();
      const supervisor = this.context.find(COMPONENTS.supervisor);
      await this.#within(limit.signal, supervisor?.stopAll(), "services did not stop in time");
      await this.#within(
        limit.signal,
        this.#components.stop(limit.signal),
        "components did not stop in time",
      );
    } catch (error) {
      log.error("shutdown failed", { error: asFailure(error).message });
    } finally {
      timer.cancel();
      this.#disconnectLog();
      // What was told on the way down still reaches those who listen, and what was held by who has ended is let go.
      const slices = this.context.find(COMPONENTS.runtime)?.slices;
      if (slices?.isAwake) slices.runNow();
      if (this.#bus.subscriberCount > 0) await new Promise<void>((resolve) => this.ports.clock.soon(resolve));
      this.#bus.close();
      this.#phase = "stopped";
      this.#end(this.#exitCode ?? 0);
    }
  }

  async #within(limit: AbortSignal, work: Promise<void> | undefined, late: string): Promise<void> {
    if (work === undefined) return;
    const { promise, resolve } = Promise.withResolvers<"late">();
    const give = (): void => resolve("late");
    if (limit.aborted) give();
    else limit.addEventListener("abort", give);
    const outcome = await Promise.race([work, promise]);
    limit.removeEventListener("abort", give);
    if (outcome === "late") this.log.named("core").error(late, { timeout_ms: this.#shutdownMs });
  }

  // --- Work -------------------------------------------------------------------------------------------------------------

  /** Calls a function; rejects with its failure. */
  async call(target: string, args: readonly Value[], options: CallOptions = {}): Promise<Value> {
    const outcome = await this.runtime.call(target, [...args], options);
    if (!outcome.ok) throw outcome.failure;
    return outcome.value;
  }

  /**
   * Runs a process on a terminal host to its end, then ends the application; the exit code. The host is started if it does
   * not run; without one named, the only `terminal.host` there is serves. The process has the identity that its entry's
   * `lifecycle.security` gives it.
   */
  async runTerminal(
    run: Omit<TerminalRun, "host" | "hideLogs"> & { readonly host?: string },
  ): Promise<number> {
    const host = chooseTerminalHost(this.registry.state.all(), run.host);
    await startHost(this.supervisor, host);
    const entry = this.registry.get(run.process);
    const frame = run.frame ?? (entry === undefined ? undefined : frameOfLifecycle(entry, this.security));
    const ended = runOnTerminal(this.runtime, { ...run, frame, host, hideLogs: () => this.log.hide() });
    let code: number;
    try {
      code = await ended;
    } catch (error) {
      await this.stop(1);
      throw error;
    }
    this.exit(code);
    return await this.ended;
  }
}

/** A new application; nothing runs before `boot`. */
export function createApplication(options: ApplicationOptions): Application {
  return new Application(options);
}
