/**
 * The entry kinds that a Lua runtime brings: Lua entries and the hosts that run their processes.
 *
 * They are made for one runtime, since they reach into it; every other kind stands under `src/kinds`.
 */
import { asFailure, type Decoded, Failure, type Field, isValueMap, schema } from "../core/mod.ts";
import { type Log, PACK_ID, PackResource, type Service } from "../ports/mod.ts";
import {
  type Announcement,
  defineKind,
  type Entry,
  type KindContext,
  type KindDefinition,
  type KindServices,
} from "../registry/mod.ts";
import {
  COMPILED_CONFIG,
  COMPILED_KINDS,
  decodeCompiled,
  decodeDefinition,
  LUA_CONFIG,
  LUA_KINDS,
  type LuaDefinition,
} from "./definition.ts";
import type { Host } from "./host_table.ts";
import { needsParser, readParser } from "./plain_source.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Gives the runtime; it need not be there before the first entry is opened. */
export type RuntimeOf = () => LuaRuntime;

/** Decides which Lua entries are let in. */
export interface LuaGate {
  /** Lets an entry in; fails with Invalid, and with what is wrong with it, when it is not. */
  admit(entry: Entry, entries: KindServices["entries"], log: Log, isChange: boolean): Promise<void>;
}

/**
 * Definitions of `function.lua`, `process.lua`, ..., `process.host`, `terminal.host` for this runtime. With a `gate` the types of
 * entries are checked before they are let in.
 */
export function luaKinds(runtime: RuntimeOf, gate?: LuaGate): KindDefinition[] {
  return [
    ...LUA_KINDS.map((name) => luaKind(runtime, name, sourceCode(gate))),
    ...COMPILED_KINDS.map((name) => luaKind(runtime, name, COMPILED)),
    processHost(runtime),
    terminalHost(runtime),
  ];
}

/** What the bus is told of functions. */
export const FUNCTION_ANNOUNCEMENT: Announcement = {
  system: "function",
  register: "function.register",
  remove: "function.delete",
  accept: "function.accept",
  reject: "function.reject",
};

/** What the bus is told of what processes are made of. */
export const FACTORY_ANNOUNCEMENT: Announcement = {
  system: "process",
  register: "factory.register",
  remove: "factory.delete",
  accept: "factory.accept",
  reject: "factory.reject",
};

const HOST: Announcement = {
  system: "relay",
  register: "host.register",
  remove: "host.delete",
  accept: "host.accept",
  reject: "host.reject",
};

/** What is told of Lua entries; libraries are nobody's business but their importers'. */
const ANNOUNCEMENTS: Readonly<Record<string, Announcement>> = {
  "function.lua": FUNCTION_ANNOUNCEMENT,
  "process.lua": FACTORY_ANNOUNCEMENT,
  "function.lua.bc": FUNCTION_ANNOUNCEMENT,
  "process.lua.bc": FACTORY_ANNOUNCEMENT,
};

type Name = (typeof LUA_KINDS)[number] | (typeof COMPILED_KINDS)[number];

const DOCS: Readonly<Record<Name, string>> = {
  "function.lua": "A function: stateless, called by others, run in its caller's context.",
  "library.lua": "Code for other entries to import.",
  "process.lua": "A process: an actor with its own state, mailbox and lifetime.",
  "module.lua": "A library with several methods.",
  "workflow.lua": "A workflow: a process whose steps are recorded and survive a restart.",
  "function.lua.bc": "A function compiled into a pack (`wippy pack --bytecode`).",
  "library.lua.bc": "Code for other entries to import, compiled into a pack.",
  "process.lua.bc": "A process compiled into a pack.",
  "workflow.lua.bc": "A workflow compiled into a pack.",
};

/** How the code of an entry is had. */
interface CodeForm<F extends Field<unknown>> {
  readonly config: F;
  /** The definition of an entry that is created or changed; fails when it may not be. */
  admit(context: KindContext<Decoded<F>>, isChange: boolean): LuaDefinition | Promise<LuaDefinition>;
}

/** From a source, whose types are checked where that is wanted. */
function sourceCode(gate: LuaGate | undefined): CodeForm<typeof LUA_CONFIG> {
  return {
    config: LUA_CONFIG,
    async admit({ entry, config, entries, log }, isChange) {
      const definition = decodeDefinition(entry, config);
      await gate?.admit(entry, entries, log, isChange);
      return definition;
    },
  };
}

/** From a pack, where it was checked when the pack was made; for those who import it it has the type `any`. */
const COMPILED: CodeForm<typeof COMPILED_CONFIG> = {
  config: COMPILED_CONFIG,
  admit: ({ entry, config, resources }) =>
    decodeCompiled(entry, config, resources.find(PackResource, PACK_ID)),
};

function luaKind<F extends Field<unknown>>(
  runtime: RuntimeOf,
  name: Name,
  code: CodeForm<F>,
): KindDefinition {
  const isFunction = name === "function.lua" || name === "function.lua.bc";
  return defineKind({
    name,
    doc: DOCS[name],
    config: code.config,
    references: ["imports.*", "meta.default_host", "meta.options.default_host"],
    verbatim: ["source"],
    announces: ANNOUNCEMENTS[name],
    endsWithRegistry: true,
    async open(context) {
      const { entry } = context;
      const definition = await code.admit(context, false);
      if (definition.kind === "process.lua") warnOfLifecycle(context);
      await define(runtime(), definition);
      if (isFunction && definition.pool.warmStart) runtime().functions.warm(entry.id);
      return {};
    },
    async change(current, context) {
      const { bus, entry } = context;
      const tell = (kind: string, data?: string): void =>
        bus.send({ system: "lua", kind, path: entry.id, ...(data === undefined ? {} : { data }) });
      tell("lua.reset_code");
      try {
        const definition = await code.admit(context, true);
        await define(runtime(), definition);
      } catch (error) {
        tell("lua.reset_code.reject", asFailure(error).message);
        throw error;
      }
      runtime().changes.announce([entry.id]);
      tell("lua.reset_code.accept");
      return current;
    },
    close(_current, { id }) {
      runtime().changes.undefine(id);
      runtime().changes.announce([id]);
    },
  });
}

/** Adds the code of an entry once all has been read that it takes. */
async function define(runtime: LuaRuntime, definition: LuaDefinition): Promise<void> {
  const { changes, modules } = runtime;
  await modules.catalog.load(definition.modules.values());
  if (definition.compiled === undefined && needsParser(definition.source)) await readParser();
  try {
    changes.define(definition);
  } catch (error) {
    // The parser tells better what is wrong with a source.
    if (!await readParser()) throw error;
    changes.define(definition);
  }
}

/** Says of a process that asks to be started by itself that nothing comes of it. */
function warnOfLifecycle({ entry, log }: KindContext<unknown>): void {
  const { lifecycle } = entry.data;
  if (!isValueMap(lifecycle) || lifecycle["auto_start"] !== true) return;
  const message = "lifecycle has no effect on a process.lua; a process.service that names it starts it";
  log.named("lua").warn(message, { id: entry.id });
}

/** Runs while the host's processes may run; stopping it ends them. */
function hostService(runtime: RuntimeOf, id: string, describe: (host: Host) => string): Service {
  return {
    start() {
      const host = runtime().hosts.get(id);
      if (host === undefined) throw new Failure("NotFound", `host not found: ${id}`);
      host.state = "running";
      return Promise.resolve({
        get details() {
          return describe(host);
        },
        ended: new Promise<null>(() => {}),
        stop: (_reason: string, signal: AbortSignal) => runtime().hosts.stop(id, "host stopping", signal),
      });
    },
  };
}

/** Threads beside the main one. More workers than processors share them; a host that names no number keeps to the main thread. */
async function threadsOf(runtime: LuaRuntime, workers: number, processors: number): Promise<number> {
  const threads = Math.max(0, Math.min(workers, processors) - 1);
  return threads > 0 && await runtime.openBoard() ? threads : 0;
}

const WORKERS_DOC =
  "Scheduler workers; 0 means the number of processors. A host that says 2 or more runs processes on " +
  "threads, no more than there are processors; one that says nothing keeps them on the main thread.";
const QUEUE_DEFAULT = 1024;
const LOCAL_QUEUE_DEFAULT = 256;

function processHost(runtime: RuntimeOf): KindDefinition {
  return defineKind({
    name: "process.host",
    doc: "Runs processes.",
    announces: HOST,
    config: schema.object({
      host: schema.object({
        workers: schema.integer({ default: 0, doc: WORKERS_DOC }),
        queue_size: schema.integer({ default: QUEUE_DEFAULT, min: 1, doc: "Capacity of the shared queue." }),
        local_queue_size: schema.integer({
          default: LOCAL_QUEUE_DEFAULT,
          min: 1,
          doc: "Capacity of each worker's queue.",
        }),
        max_processes: schema.integer({
          default: 0,
          min: 0,
          doc: "Most live processes; 0 means no limit of its own.",
        }),
      }),
      lifecycle: schema.any(),
    }),
    async open({ id, config, ports }) {
      if (config.host.workers < 0) throw new Failure("Invalid", "workers must be greater than 0");
      const threadsMax = await threadsOf(runtime(), config.host.workers, ports.cpus);
      runtime().hosts.add(id, {
        type: "process",
        processesMax: config.host.max_processes || Infinity,
        workers: config.host.workers || ports.cpus,
        threadsMax,
        queueMax: config.host.queue_size,
        localMax: config.host.local_queue_size,
      });
      return { service: hostService(runtime, id, (host) => `process host with ${host.workers} workers`) };
    },
    async change(current, { id, config, entry, ports }, previous) {
      if (config.host.workers < 0) throw new Failure("Invalid", "workers must be greater than 0");
      const before = previous.data["host"] as Record<string, unknown> | undefined;
      for (
        const [key, fallback] of [["queue_size", QUEUE_DEFAULT], [
          "local_queue_size",
          LOCAL_QUEUE_DEFAULT,
        ]] as const
      ) {
        if ((before?.[key] ?? fallback) !== config.host[key]) {
          throw new Failure(
            "Invalid",
            `${id}: host.${key} is fixed while the host runs; delete the host and create it anew`,
          );
        }
      }
      if (JSON.stringify(previous.data["lifecycle"]) !== JSON.stringify(entry.data["lifecycle"])) {
        throw new Failure(
          "Invalid",
          `${id}: lifecycle is fixed while the host runs; delete the host and create it anew`,
        );
      }
      const threadsMax = await threadsOf(runtime(), config.host.workers, ports.cpus);
      const { board, hosts } = runtime();
      hosts.close(id);
      const host = hosts.get(id)!;
      host.processesMax = config.host.max_processes || Infinity;
      host.workers = config.host.workers || ports.cpus;
      host.threadsMax = threadsMax;
      board?.rescale(host);
      return current;
    },
    close(_current, { id }) {
      runtime().hosts.remove(id);
    },
  });
}

function terminalHost(runtime: RuntimeOf): KindDefinition {
  return defineKind({
    name: "terminal.host",
    doc: "Runs one process at a time on the terminal that the program was started on.",
    announces: HOST,
    config: schema.object({
      hide_logs: schema.boolean({ default: false, doc: "Suppress log output while a process runs." }),
      lifecycle: schema.any(),
    }),
    open({ id, config }) {
      runtime().hosts.add(id, { type: "terminal", processesMax: 1, hideLogs: config.hide_logs });
      return { service: hostService(runtime, id, () => "terminal host") };
    },
    close(_current, { id }) {
      runtime().hosts.remove(id);
    },
  });
}
