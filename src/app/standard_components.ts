/**
 * The components every application has, and the keys under which they are found.
 */
import { Failure } from "../core/mod.ts";
import type { KindDefinition, KindServices, KindSource, RegistryOptions } from "../registry/mod.ts";
import { KindTable, Registry, REGISTRY_ID, RegistryResource } from "../registry/mod.ts";
import { kinds } from "../kinds/index.gen.ts";
import {
  type CallObserver,
  type EvaluationCacheOptions,
  type LuaCache,
  type LuaGate,
  luaKinds,
  LuaRuntime,
  type LuaRuntimeOptions,
  ModuleCatalog,
  type ModuleDefinition,
  type ModuleServices,
  type ModuleSource,
} from "../lua/mod.ts";
import {
  type Bus,
  ContractDirectory,
  type Environment,
  METRICS_ID,
  MetricsResource,
  type Ports,
  type Resources,
  type SecurityDirectory,
  SYSTEM_CONTROL_ID,
  SystemControlResource,
  TRACING_ID,
  TracingResource,
} from "../ports/mod.ts";
import { Supervisor } from "../process/mod.ts";
import { SecurityTable } from "../security/mod.ts";
import { modules } from "../../std/index.gen.ts";
import { soonDone } from "../platform/running.ts";
import { compiledModule, precompile } from "../vm/mod.ts";
import type { Component } from "./components.ts";
import { type ApplicationContext, type ContextKey, defineContextKey } from "./context.ts";
import { VariableTable } from "./environment.ts";
import type { LogHub } from "./logging/mod.ts";
import { saveCache } from "./lua_cache.ts";
import { ProgramControl } from "./system_control.ts";

/** Keys of what is there before any component is loaded. */
export const INFRASTRUCTURE = {
  ports: defineContextKey<Ports>("ports"),
  log: defineContextKey<LogHub>("log"),
  bus: defineContextKey<Bus>("bus"),
  resources: defineContextKey<Resources>("resources"),
} as const;

/** Keys of the standard components. */
export const COMPONENTS = {
  security: defineContextKey<SecurityDirectory>("security"),
  contracts: defineContextKey<ContractDirectory>("contracts"),
  environment: defineContextKey<Environment>("environment"),
  supervisor: defineContextKey<Supervisor>("supervisor"),
  runtime: defineContextKey<LuaRuntime>("lua"),
  registry: defineContextKey<Registry>("registry"),
  control: defineContextKey<ProgramControl>("system"),
} as const;

/** Whether types are checked when entries are created or changed, and whether what does not check is refused. */
export interface TypeSystemOptions {
  readonly enabled: boolean;
  readonly strict: boolean;
}

/** What the standard components are told. */
export interface StandardOptions {
  /** Name of this node inside pids; "" leaves it out. */
  readonly pidNode: string;
  /** Gives the name of this node. */
  readonly node: () => string;
  /** How many services start at the same time; default: what a supervisor does by itself. */
  readonly startsAtOnceMax: number | undefined;
  readonly strictSecurity: boolean;
  readonly defaultNetwork: string;
  readonly baseDirectory: string;
  readonly memoryBytesMax: number;
  readonly operationTimeoutMs: number;
  readonly history: RegistryOptions["history"];
  readonly prepare: RegistryOptions["prepare"];
  readonly resolveGraph: RegistryOptions["resolveGraph"];
  readonly finder: RegistryOptions["finder"];
  readonly evaluations: EvaluationCacheOptions | undefined;
  readonly programs: LuaRuntimeOptions["programs"];
  readonly luaCache: LuaCache | undefined;
  readonly measureCalls: boolean;
  /** Provides what traces; the runtime and all that runs in it want it from the start. */
  readonly telemetry: Component | undefined;
  readonly moduleRoot: KindServices["moduleRoot"];
  /** Fixed for simulation and replay, random otherwise. */
  readonly hashSeed: number | undefined;
  readonly orderSeed: number | undefined;
  readonly countLines: boolean | undefined;
  readonly modules: readonly ModuleDefinition[];
  readonly kinds: KindTable;
  readonly exit: (code: number) => void;
}

/**
 * All kinds: those of Lua, which reach into the runtime of `context`, the standard ones, and `more`. `guestCores` processors are kept for
 * guests of WebAssembly with workers of their own.
 */
export function kindTable(
  context: ApplicationContext,
  more: readonly KindDefinition[],
  gate?: LuaGate,
  guestCores = 0,
): KindTable {
  const runtime = () => context.get(COMPONENTS.runtime);
  return new KindTable([
    ...luaKinds(runtime, gate),
    ...workflowKinds(runtime),
    ...wasmKinds(runtime, guestCores),
    ...kinds,
    ...more,
  ]);
}

/** The kinds of workflows, read when there are any. */
function workflowKinds(runtime: () => LuaRuntime): KindSource[] {
  const load = async (wanted: string): Promise<KindDefinition> => {
    const { workflowKinds } = await import("../workflow/mod.ts");
    return workflowKinds(runtime).find(({ name }) => name === wanted)!;
  };
  return ["temporal.client", "temporal.worker"].map((name) => ({ name, load: () => load(name) }));
}

/** The kinds of WebAssembly entries, read when there are any. */
function wasmKinds(runtime: () => LuaRuntime, cores: number): KindSource[] {
  let all: Promise<KindDefinition[]> | undefined;
  const load = async (wanted: string): Promise<KindDefinition> => {
    // They share what they know of processors.
    const made = await (all ??= import("../wasm/mod.ts").then(({ wasmKinds }) => wasmKinds(runtime, cores)));
    return made.find(({ name }) => name === wanted)!;
  };
  return ["function.wat", "function.wasm", "process.wasm"].map((name) => ({ name, load: () => load(name) }));
}

/** The module of their programs. */
const GUEST_MODULE: ModuleSource = {
  name: "wasm:guest",
  classes: [],
  load: async () => (await import("../wasm/mod.ts")).guestModule,
};

/** Checks types as the configuration wants it; undefined when it does not. `more` are modules beside the standard ones. */
export function typeGate(
  { enabled, strict }: TypeSystemOptions,
  more: readonly ModuleDefinition[],
  cache?: LuaCache,
): LuaGate | undefined {
  if (!enabled) return undefined;
  let opened: Promise<LuaGate> | undefined;
  const open = async (): Promise<LuaGate> => {
    const [{ libraryOf, TypeGate }, { declarations }] = await Promise.all([
      import("../lua/checking.ts"),
      import("../../std/declarations.gen.ts"),
    ]);
    return new TypeGate({ library: () => libraryOf([...declarations, ...more]), isStrict: strict, cache });
  };
  return { admit: async (...entry) => await (await (opened ??= open())).admit(...entry) };
}

/** A component that makes one thing and provides it. */
function maker<T>(
  key: ContextKey<T>,
  requires: readonly { readonly name: string }[],
  make: (context: ApplicationContext) => T,
): Component {
  return {
    name: key.name,
    requires: requires.map(({ name }) => name),
    load: (context) => context.provide(key, make(context)),
  };
}

/** The standard components. */
export function standardComponents(options: StandardOptions): Component[] {
  const { control, contracts, environment, registry, runtime, security, supervisor } = COMPONENTS;
  const { telemetry } = options;
  const watching = telemetry === undefined ? [] : [telemetry];
  return [
    ...watching,
    maker(security, [], () => new SecurityTable()),
    maker(contracts, [], () => new ContractDirectory()),
    maker(environment, [], (context) => {
      const written = (id: string): void => void context.find(registry)?.variableChanged(id);
      return new VariableTable(context.get(INFRASTRUCTURE.resources), written);
    }),
    maker(supervisor, [], (context) => {
      const { clock, random } = context.get(INFRASTRUCTURE.ports);
      return new Supervisor({
        clock,
        random,
        log: context.get(INFRASTRUCTURE.log),
        bus: context.get(INFRASTRUCTURE.bus),
        startsAtOnceMax: options.startsAtOnceMax,
      });
    }),
    {
      ...maker(
        runtime,
        [security, contracts, environment, supervisor, ...watching],
        (context) => createRuntime(context, options),
      ),
      // All that needs no machine, of this component and the others, is made while it is compiled.
      async start(context) {
        await soonDone(precompile());
        context.get(runtime).begin();
      },
      stop: (context) => context.get(runtime).board?.close(),
    },
    {
      ...maker(registry, [runtime], (context) => createRegistry(context, options)),
      stop: async (context) => {
        // Before their code goes: a call that waits would be told that there is no such function.
        context.get(runtime).calls.close();
        await context.get(registry).close();
        saveCache(options.luaCache, context.get(INFRASTRUCTURE.log));
      },
    },
    {
      ...maker(control, [runtime], (context) => createControl(context, options)),
      start: (context) => context.get(control).watch(),
      stop: (context) => context.get(control).stop(),
    },
  ];
}

function shared(
  context: ApplicationContext,
): Omit<KindServices, "runtime" | "entries" | "baseDirectory" | "moduleRoot"> {
  return {
    ports: context.get(INFRASTRUCTURE.ports),
    log: context.get(INFRASTRUCTURE.log),
    bus: context.get(INFRASTRUCTURE.bus),
    resources: context.get(INFRASTRUCTURE.resources),
    services: context.get(COMPONENTS.supervisor),
    environment: context.get(COMPONENTS.environment),
    contracts: context.get(COMPONENTS.contracts),
    security: context.get(COMPONENTS.security),
    tracing: context.get(INFRASTRUCTURE.resources).find(TracingResource, TRACING_ID),
  };
}

function createRuntime(context: ApplicationContext, options: StandardOptions): LuaRuntime {
  const services: ModuleServices = {
    ...shared(context),
    strictSecurity: options.strictSecurity,
    defaultNetwork: options.defaultNetwork,
  };
  return new LuaRuntime({
    services,
    modules: new ModuleCatalog([...modules, GUEST_MODULE, ...options.modules]),
    node: options.pidNode,
    hashSeed: options.hashSeed,
    orderSeed: options.orderSeed,
    evaluations: options.evaluations,
    programs: options.programs,
    cache: options.luaCache,
    observeCall: options.measureCalls ? callMetrics(services.resources) : undefined,
    countLines: options.countLines,
    workers: workerOptions(services, options),
  });
}

/**
 * What other workers are made of; undefined where every process must share the universe: to count lines, to be traced, or to repeat
 * a run.
 */
function workerOptions(
  services: ModuleServices,
  options: StandardOptions,
): LuaRuntimeOptions["workers"] {
  const { threads } = services.ports;
  const isWatched = options.countLines || services.tracing !== undefined;
  if (threads === undefined || isWatched || options.orderSeed !== undefined) return undefined;
  const { defaultNetwork, measureCalls, strictSecurity } = options;
  return {
    threads,
    get portableModules() {
      return new Set(modules.filter(({ portable }) => portable === true).map(({ name }) => name));
    },
    boot: {
      get module() {
        return compiledModule();
      },
      strictSecurity,
      defaultNetwork,
      measureCalls,
    },
    observeCall: measureCalls ? callMetrics(services.resources) : undefined,
  };
}

/** Counts and times calls by function; past the limit of series only the functions that are known already. */
function callMetrics(resources: Resources): CallObserver {
  return (target, ms, isOk) => {
    const metrics = resources.find(MetricsResource, METRICS_ID);
    const labels = { function: target, status: isOk ? "ok" : "error" };
    try {
      metrics?.counterAdd("wippy_function_calls_total", 1, labels);
      metrics?.observe("wippy_function_call_duration_seconds", ms / 1000, labels);
    } catch (error) {
      if (!(error instanceof Failure && error.kind === "LimitExceeded")) throw error;
    }
  };
}

function createRegistry(context: ApplicationContext, options: StandardOptions): Registry {
  const runtime = context.get(COMPONENTS.runtime);
  const { baseDirectory, moduleRoot } = options;
  const services = { ...shared(context), runtime, baseDirectory, moduleRoot };
  const made = new Registry({
    kinds: options.kinds,
    services: () => services,
    history: options.history,
    operationTimeoutMs: options.operationTimeoutMs,
    prepare: options.prepare,
    resolveGraph: options.resolveGraph,
    finder: options.finder,
  });
  context.get(INFRASTRUCTURE.resources).provide(RegistryResource, REGISTRY_ID, made);
  return made;
}

function createControl(context: ApplicationContext, options: StandardOptions): ProgramControl {
  const control = new ProgramControl({
    ports: context.get(INFRASTRUCTURE.ports),
    log: context.get(INFRASTRUCTURE.log),
    runtime: context.get(COMPONENTS.runtime),
    node: options.node,
    memoryBytesMax: options.memoryBytesMax,
    exit: options.exit,
  });
  context.get(INFRASTRUCTURE.resources).provide(SystemControlResource, SYSTEM_CONTROL_ID, control);
  return control;
}
