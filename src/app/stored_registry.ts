/**
 * Where versions are kept between runs, and the registry of an application that does not run.
 *
 * Entries made or changed at run time are in the history alone, so whoever wants to know what an application consists of has
 * to ask it: the files are one author among others.
 */
import { asFailure, Failure, schema } from "../core/mod.ts";
import { ContractDirectory, type Log, type Ports, type Runtime } from "../ports/mod.ts";
import { EventBus, Supervisor } from "../process/mod.ts";
import {
  defineKind,
  type Entry,
  type History,
  type HistoryRecord,
  KindTable,
  type LoadedEntries,
  MemoryHistory,
  type ModuleGraph,
  type Operation,
  PostgresHistory,
  Registry,
  SqliteHistory,
  type StoredHistory,
} from "../registry/mod.ts";
import { SecurityTable } from "../security/mod.ts";
import { type Configuration, isHistoryKept } from "./config/mod.ts";
import { VariableTable } from "./environment.ts";
import type { Project } from "./project.ts";
import { ResourceTable } from "./resources.ts";

/** The history that a configuration asks for; undefined when versions are kept in memory as usual. */
export function historyOf(configuration: Configuration, ports: Ports): History | undefined {
  const { registry } = configuration.settings;
  if (!registry.enable_history || registry.history_type === "nil") return new MemoryHistory(1);
  if (!isHistoryKept(configuration)) return undefined;
  if (registry.history_type === "postgres") return postgresHistory(configuration, ports);
  const path = ports.files.resolve(configuration.baseDirectory, registry.history_path);
  try {
    ports.files.makeDirectory(ports.files.directory(path), { recursive: true });
  } catch (error) {
    const { kind, message } = asFailure(error);
    throw new Failure(
      kind,
      `registry.history_path: no directory for ${registry.history_path}: ${message}; name another path in .wippy.yaml`,
      { retryable: false, cause: error },
    );
  }
  return new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path, name: registry.history_path });
}

function postgresHistory({ settings: { registry }, baseDirectory }: Configuration, ports: Ports): History {
  const { history_dsn, history_schema } = registry;
  if (history_dsn === "") {
    throw new Failure(
      "Invalid",
      "registry.history_dsn: history_type postgres needs the DSN of a database, as postgres://USER:PASSWORD@HOST:PORT/NAME",
      { retryable: false },
    );
  }
  return new PostgresHistory({
    clock: ports.clock,
    schema: history_schema,
    connect: async () => {
      const { openSharedPostgres } = await import("../kinds/mod.ts");
      const { files } = ports;
      try {
        return openSharedPostgres(
          history_dsn,
          ports.clock,
          (path) => files.readFile(files.resolve(baseDirectory, path)),
        );
      } catch (error) {
        const { kind, message } = asFailure(error);
        throw new Failure(kind, `registry.history_dsn: ${message}`, { retryable: false });
      }
    },
  });
}

/** What a stored registry is opened with. */
export interface StoredRegistryOptions {
  readonly project: Project;
  readonly loaded: LoadedEntries;
  readonly ports: Ports;
  readonly log: Log;
  /** Lets changes reach the history; without it they are made in memory only. */
  readonly canWrite: boolean;
}

/**
 * The registry as the application would have it after a start, without starting anything: entries are not brought to life.
 * Fails with Unavailable when another program has the history open, or when there is none.
 */
export async function openStoredRegistry(options: StoredRegistryOptions): Promise<Registry> {
  const { project, loaded, ports, log, canWrite } = options;
  const isKept = isHistoryKept(project.configuration);
  const history = isKept ? historyOf(project.configuration, ports) : undefined;
  if (!isKept && canWrite) {
    const { history_type } = project.configuration.settings.registry;
    throw new Failure(
      "Unavailable",
      `the application does not run, and registry.history_type is ${history_type}: no versions are kept; ` +
        "set it to sqlite or postgres in .wippy.yaml",
    );
  }
  const { clock, random } = ports;
  const bus = new EventBus({ clock, log });
  const resources = new ResourceTable(bus);
  const services = {
    ports,
    log,
    bus,
    resources,
    runtime: IDLE,
    services: new Supervisor({ clock, random, log, bus }),
    environment: new VariableTable(resources),
    contracts: new ContractDirectory(),
    security: new SecurityTable(),
    baseDirectory: project.configuration.baseDirectory,
  };
  const registry = new Registry({
    kinds: new KindTable([ANY_KIND]),
    services: () => services,
    history: history === undefined || canWrite ? history : new ReadOnlyHistory(history),
  });
  await registry.load(loaded);
  return registry;
}

/** The entries an application would have after a start: those of files, and what was changed at run time. */
export async function currentEntries(
  options: Omit<StoredRegistryOptions, "canWrite">,
): Promise<LoadedEntries> {
  if (!isHistoryKept(options.project.configuration)) return options.loaded;
  const registry = await openStoredRegistry({ ...options, canWrite: false });
  try {
    return { ...options.loaded, entries: [...registry.state.all()] };
  } finally {
    await registry.close();
  }
}

/** Takes every entry as it is. */
const ANY_KIND = defineKind({ name: "**", config: schema.any(), open: () => ({}) });

function idle(): never {
  throw new Failure("Unavailable", "the application does not run");
}

/** Nothing can be called where nothing runs. */
const IDLE: Runtime = {
  call: idle,
  spawn: idle,
  send: idle,
  deliver: idle,
  cancel: idle,
  terminate: idle,
  watch: idle,
  openNative: idle,
  permits: idle,
};

/** A history that can be read; what is added stays in memory and is gone with it. */
class ReadOnlyHistory implements History {
  readonly #stored: History;
  readonly #added = new Map<number, HistoryRecord>();

  constructor(stored: History) {
    this.#stored = stored;
  }

  open(): StoredHistory | Promise<StoredHistory> {
    return this.#stored.open();
  }

  operations(version: number): readonly Operation[] | Promise<readonly Operation[]> {
    return this.#added.get(version)?.operations ?? this.#stored.operations(version);
  }

  checkpoint(version: number): readonly Entry[] | undefined | Promise<readonly Entry[] | undefined> {
    return this.#added.has(version) ? undefined : this.#stored.checkpoint(version);
  }

  graph(version: number): ModuleGraph | undefined | Promise<ModuleGraph | undefined> {
    return this.#added.get(version)?.graph ?? this.#stored.graph(version);
  }

  append(record: HistoryRecord): void {
    this.#added.set(record.version.id, record);
  }

  moveHead(): void {
    // The head is that of the registry that was opened with this.
  }

  setFiles(): void {
    // Nothing is written.
  }

  setGraph(): void {
    // Nothing is written.
  }

  forgotten(): readonly number[] {
    return [];
  }

  close(): void | Promise<void> {
    return this.#stored.close();
  }
}
