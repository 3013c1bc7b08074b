/**
 * Boots applications inside a test: real runtime, real or simulated ports, a folder of its own.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Application, type ApplicationOptions, createApplication } from "../src/app/application.ts";
import type { Component } from "../src/app/components.ts";
import { composeConfiguration, CONFIG_FILE, type Configuration, NO_LOCK } from "../src/app/config/mod.ts";
import { LogHub } from "../src/app/logging/mod.ts";
import { PackShelf } from "../src/pack/mod.ts";
import { expansionOf, loadProject, optionsOf, type Project } from "../src/app/project.ts";
import { COMPONENTS } from "../src/app/standard_components.ts";
import type { Value } from "../src/core/mod.ts";
import type { ModuleDefinition } from "../src/lua/mod.ts";
import { createPorts } from "../src/platform/mod.ts";
import { type SimulatedPorts, simulatedPorts } from "../src/platform/simulated/mod.ts";
import type { LogRecord, NodeNetwork, Ports, Threads } from "../src/ports/mod.ts";
import { kinds } from "../src/kinds/index.gen.ts";
import type { KindDefinition, LoadedEntries } from "../src/registry/mod.ts";
import { modules } from "../std/index.gen.ts";

// Simulated time goes on while something real is waited for, and a file that is read for the first time is that.
await Promise.all([
  ...[...kinds, ...modules].map((source) => source.load()),
  import("../src/wasm/mod.ts"),
  import("../src/workflow/mod.ts"),
  import("../std/declarations.gen.ts"),
]);

/** How an application is booted for a test. */
export interface ApplicationTestOptions {
  /** Configuration beside that of a `.wippy.yaml` among the files. */
  readonly config?: Record<string, Value>;
  /** Virtual time, files, network and randomness. */
  readonly simulated?: boolean;
  /** Seed of a simulation. */
  readonly seed?: number;
  /** Seed of the order in which ready processes run; absent: first in, first out. */
  readonly orderSeed?: number;
  /** Checks a process may take in one turn; 1 interrupts it everywhere. */
  readonly budget?: number;
  /** False leaves services stopped. */
  readonly autoStart?: boolean;
  readonly components?: readonly Component[];
  /** Lua modules beside the standard ones. */
  readonly modules?: readonly ModuleDefinition[];
  /** Entry kinds beside the standard ones. */
  readonly kinds?: readonly KindDefinition[];
  /** Processors that the program believes to have. */
  readonly cpus?: number;
  /** Stands in front of the network to other nodes. */
  readonly nodeNetwork?: (real: NodeNetwork) => NodeNetwork;
  /** Stands in front of the threads of the machine. */
  readonly threads?: (real: Threads) => Threads;
  /** Counts how often each line of Lua runs. */
  readonly countLines?: boolean;
}

/** A booted application. */
export interface TestApplication {
  /** Calls a function; rejects with its failure. */
  call(target: string, ...args: Value[]): Promise<Value>;
  readonly application: Application;
  readonly logs: LogRecord[];
  /** The project's folder: on disk, or in the simulated file system. */
  readonly folder: string;
  /** Polls `probe` until it gives something; fails after 10 s and names `what`. */
  until<T>(probe: () => T | undefined | false | Promise<T | undefined | false>, what: string): Promise<T>;
  /** Simulated ports, when the test asked for them. */
  readonly world: SimulatedPorts | undefined;
}

const UNTIL_MS = 10_000;
const PROBE_EVERY_MS = 1;
const SIMULATED_FOLDER = "/project";

/** Boots `files`, runs `body`, stops. A text is the content of `src/_index.yaml`. */
export async function withApplication(
  files: string | Record<string, string>,
  body: (app: TestApplication) => Promise<void>,
  options: ApplicationTestOptions = {},
): Promise<void> {
  const started = await startApplication(files, options);
  try {
    await started.app.drive(body(started.app));
  } finally {
    await started.stop();
  }
}

/** Boots without a body; the caller stops it. */
export async function startApplication(
  files: string | Record<string, string>,
  options: ApplicationTestOptions = {},
): Promise<{ app: TestApplication & { drive<T>(work: Promise<T>): Promise<T> }; stop(): Promise<void> }> {
  const all = typeof files === "string" ? { "src/_index.yaml": files } : files;
  const world = options.simulated
    ? simulatedPorts({ seed: options.seed ?? 1, workingDirectory: SIMULATED_FOLDER })
    : undefined;
  const drive = <T>(work: Promise<T>): Promise<T> => world === undefined ? work : world.clock.drive(work);
  const folder = world === undefined
    ? realpathSync(mkdtempSync(join(tmpdir(), "wippy-app-")))
    : SIMULATED_FOLDER;
  const ports = world ?? machinePorts(options);
  place(all, folder, ports, world !== undefined);
  const configuration = configurationOf(folder, ports, options.config);
  const logs: LogRecord[] = [];
  const log = new LogHub({
    clock: ports.clock,
    routing: { propagate_downstream: true, stream_to_events: false, min_level: -1 },
  });
  log.listen((record) => logs.push(record));
  const project = projectIn(folder, ports, configuration);
  const application = createApplication({
    ports,
    log,
    ...optionsOf(configuration, ports, () => "tests"),
    // The limit is one program's, and this one runs thousands of applications: past it each would collect all of its garbage every second.
    memoryBytesMax: Infinity,
    ...expansionOf(project, ports, log),
    history: await historyFrom(configuration, ports),
    baseDirectory: folder,
    hashSeed: world === undefined ? undefined : options.seed ?? 1,
    orderSeed: options.orderSeed,
    modules: options.modules,
    kinds: options.kinds,
    countLines: options.countLines,
    components: [
      ...options.budget === undefined ? [] : [budgetComponent(options.budget)],
      ...options.components ?? [],
    ],
  });
  const stop = async (): Promise<void> => {
    await drive(application.stop());
    if (world === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await drive(boot(application, loadProject(project, ports).loaded, options));
  } catch (error) {
    await stop();
    throw error;
  }
  const call = (target: string, ...args: Value[]): Promise<Value> => application.call(target, args);
  return { app: { call, application, logs, folder, until: untilOn(ports), world, drive }, stop };
}

function machinePorts({ cpus, nodeNetwork, threads }: ApplicationTestOptions): Ports {
  const ports = createPorts();
  if (cpus === undefined && nodeNetwork === undefined && threads === undefined) return ports;
  const network = nodeNetwork?.(ports.nodeNetwork) ?? ports.nodeNetwork;
  const own = { ...ports, cpus: cpus ?? ports.cpus, nodeNetwork: network };
  return threads === undefined ? own : { ...own, threads: threads(ports.threads!) };
}

async function boot(
  application: Application,
  loaded: LoadedEntries,
  options: ApplicationTestOptions,
): Promise<void> {
  if (options.autoStart !== false) {
    await application.boot(loaded);
    return;
  }
  await application.assemble();
  await application.registry.load(loaded);
}

function place(files: Record<string, string>, folder: string, ports: Ports, inMemory: boolean): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    if (inMemory) {
      ports.files.makeDirectory(dirname(file), { recursive: true });
      ports.files.writeFile(file, text);
    } else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

/** The configuration among the files, with that of the options over it. */
function configurationOf(
  folder: string,
  ports: Ports,
  config: ApplicationTestOptions["config"],
): Configuration {
  const named = [join(folder, CONFIG_FILE)];
  if (ports.files.stat(named[0]!) === undefined) ports.files.writeFile(named[0]!, "{}");
  if (config !== undefined) {
    named.push(join(folder, "test.yaml"));
    ports.files.writeFile(named[1]!, JSON.stringify(config));
  }
  return composeConfiguration({ files: named }, ports);
}

function projectIn(folder: string, ports: Ports, configuration: Configuration): Project {
  const sourceDirectory = join(folder, "src");
  if (ports.files.stat(sourceDirectory) === undefined) ports.files.makeDirectory(sourceDirectory);
  return {
    configuration,
    lock: NO_LOCK,
    root: folder,
    sourceDirectory,
    modulesDirectory: join(folder, ".wippy"),
    warnings: [],
    packs: new PackShelf(ports),
  };
}

/** Loaded only when it is asked for. */
async function historyFrom(
  configuration: Configuration,
  ports: Ports,
): Promise<ApplicationOptions["history"]> {
  const { enable_history, history_type } = configuration.settings.registry;
  if (enable_history && history_type === "memory") return undefined;
  const { historyOf } = await import("../src/app/stored_registry.ts");
  return historyOf(configuration, ports);
}

function budgetComponent(budget: number): Component {
  const { runtime } = COMPONENTS;
  return {
    name: "turn budget",
    requires: [runtime.name],
    start: (context) => context.get(runtime).universe.setBudget(budget),
  };
}

function untilOn(ports: Ports): TestApplication["until"] {
  return async (probe, what) => {
    const endMs = ports.clock.monotonicMs() + UNTIL_MS;
    for (;;) {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      if (ports.clock.monotonicMs() > endMs) throw new Error(`waited ${UNTIL_MS} ms for ${what}`);
      await new Promise<void>((resolve) => ports.clock.timer(PROBE_EVERY_MS, resolve));
    }
  };
}
