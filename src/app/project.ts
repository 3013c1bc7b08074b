/**
 * A project, on disk or in a pack: its configuration, its lock file, its entries, and the options of the application they make.
 *
 * J1. Reading a project starts nothing. What can be wrong with it is found here, with file and line.
 * J2. Entries are overridden first and disabled then, before anything looks at them.
 */
import { Failure, nearestName } from "../core/mod.ts";
import { bundledModules } from "../framework/mod.ts";
import type { Log, Ports } from "../ports/mod.ts";
import { PackShelf } from "../pack/mod.ts";
import {
  type Entry,
  type LoadedEntries,
  loadEntries,
  moduleExpansion,
  ModuleShelf,
  type PackedModule,
  type ProjectSources,
} from "../registry/mod.ts";
import type { ApplicationOptions } from "./application.ts";
import { clusterComponent } from "./cluster/mod.ts";
import {
  composeConfiguration,
  type Configuration,
  type ConfigurationRequest,
  defaultNodeName,
  flagFailure,
  inertSettings,
  isDisabled,
  LOCK_FILE,
  type LockFile,
  NO_LOCK,
  overrideEntries,
  parseLockFile,
  sectionIn,
} from "./config/mod.ts";
import { luaCacheOf } from "./lua_cache.ts";
import type { TelemetryOptions } from "./telemetry/mod.ts";

/** What a project is opened with. */
export interface ProjectRequest extends ConfigurationRequest {
  /** Lock file as typed; default `wippy.lock`, which may be absent. */
  readonly lockFile?: string;
  /** A pack, as typed, instead of files. */
  readonly pack?: string;
}

/** Configuration and lock file of a project. */
export interface Project {
  readonly configuration: Configuration;
  readonly lock: LockFile;
  /** What paths in messages are relative to, and what file references may not leave. */
  readonly root: string;
  /** Where definition files are, absolute. */
  readonly sourceDirectory: string;
  /** Where modules are installed, absolute. */
  readonly modulesDirectory: string;
  /** What the user should know though nothing is wrong. */
  readonly warnings: readonly string[];
  /** Packs that its entries come from. */
  readonly packs: PackShelf;
  /** The pack that it is, instead of files. */
  readonly pack?: ProjectPack;
}

/** An application that is a pack. */
export interface ProjectPack {
  /** As it was named. */
  readonly name: string;
  readonly parts: ReadonlyMap<string, PackedModule>;
}

/**
 * Reads configuration and lock file, or opens the pack that was named. Fails with NotFound when a lock file or a pack that was named is
 * not there.
 */
export function openProject(request: ProjectRequest, ports: Ports): Project {
  const { files } = ports;
  if (request.pack !== undefined) return openPackProject(request, request.pack, ports);
  const configuration = composeConfiguration(request, ports);
  const path = lockPath(request.lockFile, configuration, ports);
  const lock = path === undefined
    ? NO_LOCK
    : parseLockFile(files.readText(path), request.lockFile ?? LOCK_FILE, ports.yaml);
  const root = path === undefined ? configuration.baseDirectory : files.directory(path);
  const sourceDirectory = files.resolve(root, lock.directories.src);
  if (files.stat(sourceDirectory)?.isDirectory !== true) {
    throw new Failure(
      "NotFound",
      `${request.lockFile ?? LOCK_FILE}: source directory ${lock.directories.src} is not there; ` +
        "create it, or name another one with wippy init --src-dir",
    );
  }
  return {
    configuration,
    lock,
    root,
    sourceDirectory,
    modulesDirectory: files.resolve(root, lock.directories.modules),
    warnings: [
      ...lock.replacements === undefined || lock.replacements === null ? [] : [
        `${LOCK_FILE}: replacements are deprecated; move them to workspace.replacements of a configuration file`,
      ],
      ...inertSettings(configuration.settings, configuration.values),
    ],
    packs: new PackShelf(ports),
  };
}

/** The application in a pack; of the files around it only the configuration counts. */
function openPackProject(request: ProjectRequest, name: string, ports: Ports): Project {
  const { files } = ports;
  if (request.lockFile !== undefined) {
    throw flagFailure("Invalid", "--lock-file", `${name} holds its modules; a lock file has no say in it`);
  }
  if (files.stat(files.resolve(name)) === undefined) {
    throw new Failure("NotFound", `${name}: no such file`, { retryable: false, details: { flag: "pack" } });
  }
  const packs = new PackShelf(ports);
  const pack = packs.open(files.resolve(name), name);
  const configuration = composeConfiguration({ ...request, packed: pack.runtime }, ports);
  const root = configuration.baseDirectory;
  return {
    configuration,
    lock: NO_LOCK,
    root,
    sourceDirectory: root,
    modulesDirectory: files.resolve(root, NO_LOCK.directories.modules),
    warnings: inertSettings(configuration.settings, configuration.values),
    packs,
    pack: { name, parts: pack.parts() },
  };
}

/** The lock file: the one that was named, else that of the working directory, else that beside the configuration. */
function lockPath(
  named: string | undefined,
  configuration: Configuration,
  { files }: Ports,
): string | undefined {
  if (named !== undefined) {
    const path = files.resolve(named);
    if (files.stat(path) === undefined) {
      throw flagFailure("NotFound", "--lock-file", `${named}: no such file`);
    }
    return path;
  }
  return [files.resolve(LOCK_FILE), files.resolve(configuration.baseDirectory, LOCK_FILE)]
    .find((path) => files.stat(path) !== undefined);
}

/** What else a project is to be loaded with. */
export interface LoadWish {
  /** Modules that are read though nothing depends on them. */
  readonly mounted?: readonly string[];
  /** Files that entries refer to are read when their fields are looked at: for who looks at few entries. */
  readonly isDeferred?: boolean;
  /** Told of modules that are missing; without it they are a failure. */
  readonly missing?: (failure: Failure) => void;
  /** Told of the entries, overridden and disabled, before they are linked. */
  readonly edited?: (entries: readonly Entry[]) => void;
}

/**
 * The entries of a project as its application is to see them, and what is odd but no mistake.
 */
export function loadProject(
  project: Project,
  { files, yaml }: Pick<Ports, "files" | "yaml">,
  wish: LoadWish = {},
): { loaded: LoadedEntries; warnings: string[] } {
  const { configuration } = project;
  const warnings: string[] = [];
  const loaded = loadEntries({
    ...sourcesOf(project, { files, yaml }),
    ...wish,
    edit: (read) => editEntries(read, configuration, (message) => warnings.push(message)),
    warn: (message) => warnings.push(message),
  });
  return { loaded, warnings };
}

/** Where the entries of a project and its modules are. */
export function sourcesOf(project: Project, { files, yaml }: Pick<Ports, "files" | "yaml">): ProjectSources {
  const { configuration, lock, modulesDirectory, pack, packs, root, sourceDirectory } = project;
  const { baseDirectory, replacements } = configuration;
  const bundled = () => bundledModules(yaml);
  return {
    files,
    yaml,
    root,
    sourceDirectory,
    modulesDirectory,
    lock,
    replacements,
    baseDirectory,
    bundled,
    packs,
    packed: pack?.parts,
  };
}

/** Lets a running application mount and dismount modules of this project, and find their files and what packs hold of them. */
export function expansionOf(
  project: Project,
  ports: Pick<Ports, "files" | "yaml">,
  log: Log,
): ReturnType<typeof moduleExpansion> & Required<Pick<ApplicationOptions, "moduleRoot" | "packs">> {
  const warn = (message: string): void => log.named("registry").warn(message);
  const sources = sourcesOf(project, ports);
  return {
    ...moduleExpansion({ ...sources, warn }),
    packs: project.packs,
    moduleRoot: (module) => new ModuleShelf(sources, warn).treeOf(module),
  };
}

/** Overrides and disables; an override from the command line must match an entry, any other is worth a warning. */
function editEntries(
  loaded: LoadedEntries,
  configuration: Configuration,
  warn: (message: string) => void,
): LoadedEntries {
  const { overrides, disabled } = configuration;
  if (overrides.length === 0 && disabled.namespaces.length === 0 && disabled.entries.length === 0) {
    return loaded;
  }
  const { entries, unmatched } = overrideEntries(loaded.entries, overrides);
  for (const override of unmatched) {
    const near = nearestName(override.id, loaded.entries.map(({ id }) => id));
    const message = `${override.origin()}: there is no entry ${override.id}` +
      (near === undefined ? "" : `; did you mean ${near}?`);
    if (override.isStrict) throw new Failure("NotFound", message, { details: { flag: "--override" } });
    warn(message);
  }
  return { ...loaded, entries: entries.filter(({ id }) => !isDisabled(id, disabled)) };
}

/**
 * The options of an application that a configuration decides; what nobody has written is left to its defaults, which are the
 * settings' own. `edition` names this program for what is kept between runs.
 */
export function optionsOf(
  configuration: Configuration,
  ports: Ports,
  edition: () => string,
): Pick<
  ApplicationOptions,
  | "baseDirectory"
  | "nodeName"
  | "defaultNodeName"
  | "cluster"
  | "startsAtOnceMax"
  | "guestCores"
  | "strictSecurity"
  | "typeSystem"
  | "defaultNetwork"
  | "memoryBytesMax"
  | "shutdownTimeoutMs"
  | "operationTimeoutMs"
  | "metricsAddress"
  | "outgoing"
  | "profiler"
  | "finder"
  | "evaluations"
  | "programs"
  | "luaCache"
  | "measureCalls"
  | "telemetry"
> {
  const cluster = sectionIn(configuration, "cluster");
  const dispatcher = sectionIn(configuration, "dispatcher");
  const finder = sectionIn(configuration, "finder");
  const lua = sectionIn(configuration, "lua");
  const profiler = sectionIn(configuration, "profiler");
  const prometheus = sectionIn(configuration, "prometheus");
  const isolation = sectionIn(configuration, "scheduler")?.wasm_isolation;
  const isClustered = cluster?.enabled === true;
  const name = sectionIn(configuration, "relay")?.node_name ||
    (isClustered ? cluster.name || ports.hostname : "");
  return {
    cluster: isClustered
      ? clusterComponent({ node: name, section: cluster, baseDirectory: configuration.baseDirectory })
      : undefined,
    baseDirectory: configuration.baseDirectory,
    nodeName: name === "" ? undefined : name,
    defaultNodeName: name === "" ? () => defaultNodeName(ports) : undefined,
    startsAtOnceMax: sectionIn(configuration, "supervisor")?.host.worker_count,
    guestCores: isolation?.enabled ? isolation.reserved_cores : undefined,
    strictSecurity: sectionIn(configuration, "security")?.strict_mode,
    typeSystem: lua?.type_system,
    defaultNetwork: sectionIn(configuration, "network_service")?.default_network,
    memoryBytesMax: configuration.memoryBytesMax,
    shutdownTimeoutMs: sectionIn(configuration, "shutdown")?.timeout,
    operationTimeoutMs: sectionIn(configuration, "registry")?.event_wait_timeout,
    profiler: profiler?.enabled
      ? {
        address: profiler.address,
        writeTimeoutMs: profiler.write_timeout,
        idleTimeoutMs: profiler.idle_timeout,
      }
      : undefined,
    metricsAddress: prometheus?.enabled ? prometheus.address : "",
    outgoing: dispatcher === undefined ? undefined : {
      timeoutMs: dispatcher.http.timeout,
      idleMax: dispatcher.http.max_idle_conns,
      idlePerHostMax: dispatcher.http.max_idle_per_host,
    },
    measureCalls: sectionIn(configuration, "metrics")?.interceptor.enabled ?? false,
    telemetry: telemetryOf(sectionIn(configuration, "otel")),
    evaluations: lua && { sizeMax: lua.eval.cache_size, lifetimeMs: lua.eval.cache_ttl },
    programs: lua && { sourcesMax: lua.proto_cache_size, programsMax: lua.main_cache_size },
    luaCache: luaCacheOf(configuration, ports, edition),
    finder: finder && { queriesMax: finder.query_cache_size, expressionsMax: finder.regex_cache_size },
  };
}

/** Undefined when nothing is traced and nothing sent. */
function telemetryOf(
  otel: Configuration["settings"]["otel"] | undefined,
): TelemetryOptions | undefined {
  if (otel === undefined) return undefined;
  const { http, interceptor, metrics_enabled, process, queue, temporal, traces_enabled } = otel;
  if (!otel.enabled || !(traces_enabled || metrics_enabled)) return undefined;
  return {
    endpoint: otel.endpoint,
    protocol: otel.protocol,
    serviceName: otel.service_name,
    serviceVersion: otel.service_version,
    isInsecure: otel.insecure,
    sampleRate: otel.sample_rate,
    propagators: otel.propagators,
    sendsMetrics: metrics_enabled,
    tracing: traces_enabled
      ? {
        http: { enabled: http.enabled, extracts: http.extract_headers, injects: http.inject_headers },
        calls: interceptor.enabled,
        processes: { enabled: process.enabled, lifecycle: process.trace_lifecycle },
        queues: queue.enabled,
        workflows: temporal.enabled,
      }
      : undefined,
  };
}
