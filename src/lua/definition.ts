/**
 * What an entry of a Lua kind says: source, method, granted modules, imports, pool and preset options.
 *
 * Owns decoding and validation of those entries; compiling them belongs to `ProgramTable`.
 */
import { type Decoded, Failure, isValueMap, resolveEntryId, schema, type ValueMap } from "../core/mod.ts";
import { PACK_ID, type PackContents } from "../ports/mod.ts";
import { type Entry, moduleOf } from "../registry/mod.ts";
import { type CompiledChunk, decodeChunk, demandMachine } from "./compiled_chunk.ts";
import { type TemporalRoles, temporalRoles } from "./temporal_roles.ts";

/** Kinds whose entries hold Lua. */
export const LUA_KINDS = [
  "function.lua",
  "process.lua",
  "workflow.lua",
  "library.lua",
  "module.lua",
] as const;
/** One of the Lua kinds. */
export type LuaKind = (typeof LUA_KINDS)[number];

/** Kinds whose entries name Lua that was compiled when a pack was made. */
export const COMPILED_KINDS = [
  "function.lua.bc",
  "process.lua.bc",
  "workflow.lua.bc",
  "library.lua.bc",
] as const;

/** The kind with compiled code that stands for a kind with a source; undefined when it has none. */
export function compiledKindOf(kind: string): (typeof COMPILED_KINDS)[number] | undefined {
  return COMPILED_KINDS.find((compiled) => compiled === `${kind}.bc`);
}

/** Fields of a pool block, as written. */
export const POOL_FIELDS = {
  type: schema.optional(schema.string()),
  workers: schema.integer({ default: 0, min: 0, max: 10_000, doc: "Workers of a static pool." }),
  size: schema.integer({
    default: 0,
    min: 0,
    max: 10_000,
    doc: "Workers of a static pool when `workers` is unset.",
  }),
  buffer: schema.integer({ default: 0, min: 0, doc: "Calls a static pool lets wait." }),
  max_size: schema.integer({
    default: 0,
    min: 0,
    max: 100_000,
    doc: "Most workers of a lazy or adaptive pool.",
  }),
  warm_start: schema.boolean({ default: false, doc: "Start one worker before the first call." }),
};
const POOL = schema.object(POOL_FIELDS);

const FIELDS = {
  method: schema.string({ default: "", doc: "Member of the returned table to call." }),
  modules: schema.list(schema.string(), { doc: "Modules that the source may require." }),
  imports: schema.map(schema.string(), {
    doc: "Other Lua entries by the name under which they are required.",
  }),
  pool: schema.optional(POOL),
};

/** Configuration of every Lua kind with a source. */
export const LUA_CONFIG = schema.object({
  source: schema.string({ default: "", doc: "Lua source; `file://` paths are inlined at load." }),
  ...FIELDS,
});

/** Configuration of every Lua kind with compiled code. */
export const COMPILED_CONFIG = schema.object({
  fs: schema.string({ nonEmpty: true, doc: `Where the code is: \`${PACK_ID}\`, the pack.` }),
  path: schema.string({ default: "", doc: "The file it was compiled from, for people." }),
  hash: schema.string({ nonEmpty: true, doc: "SHA-256 of the code; what the pack finds it by." }),
  mentions: schema.list(schema.string(), {
    doc: "Ids that the source named, for runs that boot only what is needed.",
  }),
  ...FIELDS,
});

/** How a function's calls are spread over workers. */
export interface PoolPlan {
  readonly type: "inline" | "lazy" | "static" | "adaptive";
  /** Most workers at once. */
  readonly workersMax: number;
  /** Workers kept when idle. */
  readonly workersKept: number;
  /** Milliseconds after which an idle worker beyond those is dropped. */
  readonly idleMs: number;
  /** Calls that may wait in a static pool before callers feel back-pressure; Infinity elsewhere. */
  readonly buffer: number;
  readonly warmStart: boolean;
}

/** A decoded Lua entry. */
export interface LuaDefinition {
  readonly id: string;
  /** The module it came with; `""` for the application's own. */
  readonly module: string;
  readonly kind: LuaKind;
  /** `""` when there is `compiled`. */
  readonly source: string;
  /** Reads what a pack has instead of a source; fails with Invalid when the pack is damaged. */
  readonly compiled?: () => CompiledChunk;
  readonly method: string;
  /** Built-in modules by the name under which the code sees them. */
  readonly modules: ReadonlyMap<string, string>;
  /** Imported entries by alias. */
  readonly imports: ReadonlyMap<string, string>;
  readonly pool: PoolPlan;
  /** Preset call options (`meta.options`). */
  readonly options: ValueMap;
  /** Host on which a process is started when it is called like a function; "" when it can't be. */
  readonly defaultHost: string;
  /** What it is to workflows, when it is anything. */
  readonly temporal?: TemporalRoles;
}

const LAZY_IDLE_MS = 30_000;
const ADAPTIVE_IDLE_MS = 5_000;
const IMPLICIT_LAZY_MAX = 100;
const EXPLICIT_MAX = 16;
const STATIC_WORKERS = 8;

/** Chooses the pool of a function from its written block. */
export function planPool(pool: Decoded<typeof POOL> | undefined): PoolPlan {
  const warmStart = pool?.warm_start ?? false;
  const workers = pool?.workers ?? 0;
  const size = pool?.size ?? 0;
  const maxSize = pool?.max_size ?? 0;
  const type = pool?.type ?? (workers > 0 ? "static" : size > 0 && maxSize === 0 ? "inline" : "implicit");
  switch (type) {
    case "implicit": {
      const workersMax = maxSize || IMPLICIT_LAZY_MAX;
      return { type: "lazy", workersMax, workersKept: 0, idleMs: LAZY_IDLE_MS, buffer: Infinity, warmStart };
    }
    case "inline":
      return {
        type,
        workersMax: Infinity,
        workersKept: 1,
        idleMs: LAZY_IDLE_MS,
        buffer: Infinity,
        warmStart,
      };
    case "lazy":
      return {
        type,
        workersMax: maxSize || EXPLICIT_MAX,
        workersKept: 0,
        idleMs: LAZY_IDLE_MS,
        buffer: Infinity,
        warmStart,
      };
    case "adaptive":
      return {
        type,
        workersMax: maxSize || EXPLICIT_MAX,
        workersKept: 1,
        idleMs: ADAPTIVE_IDLE_MS,
        buffer: Infinity,
        warmStart,
      };
    case "static": {
      const count = workers || size || STATIC_WORKERS;
      return {
        type,
        workersMax: count,
        workersKept: count,
        idleMs: Infinity,
        buffer: pool?.buffer || count * 64,
        warmStart,
      };
    }
    default:
      throw new Failure("Invalid", `unknown pool type: ${type}`);
  }
}

/** Decodes and validates a Lua entry; every failure is Invalid and names the field. */
export function decodeDefinition(entry: Entry, config: Decoded<typeof LUA_CONFIG>): LuaDefinition {
  if (config.source === "") throw new Failure("Invalid", "source is required");
  return definitionOf(entry, entry.kind as LuaKind, config, { source: config.source });
}

/** Decodes and validates an entry with compiled code; its kind is that of the source it was made of. */
export function decodeCompiled(
  entry: Entry,
  config: Decoded<typeof COMPILED_CONFIG>,
  packs: PackContents | undefined,
): LuaDefinition {
  if (config.fs !== PACK_ID) {
    throw new Failure("Invalid", `fs: compiled code is taken from packs alone: ${PACK_ID}`, {
      retryable: false,
    });
  }
  const chunk = packs?.chunk(config.hash);
  if (chunk === undefined) {
    throw new Failure("NotFound", `hash: no pack of this application holds the code ${config.hash}`, {
      retryable: false,
    });
  }
  const kind = (entry.kind.endsWith(".bc") ? entry.kind.slice(0, -".bc".length) : entry.kind) as LuaKind;
  demandMachine(chunk.machine, entry.id);
  const compiled = (): CompiledChunk => decodeChunk(chunk.read(), entry.id);
  return definitionOf(entry, kind, config, { source: "", compiled });
}

function definitionOf(
  entry: Entry,
  kind: LuaKind,
  config: Omit<Decoded<typeof LUA_CONFIG>, "source">,
  code: Pick<LuaDefinition, "source" | "compiled">,
): LuaDefinition {
  const callable = kind === "function.lua" || kind === "workflow.lua";
  // Sources of migrations return a function (framework/migration.md).
  const isNamed = config.method !== "" || entry.meta["type"] === "migration";
  if (callable && !isNamed) throw new Failure("Invalid", "method is required");
  const ns = entry.id.slice(0, Math.max(0, entry.id.indexOf(":")));
  const modules = new Map<string, string>();
  for (const name of config.modules) {
    if (name.includes(":")) throw new Failure("Invalid", `module cannot have a namespace: ${name}`);
    modules.set(name, name);
  }
  const imports = new Map<string, string>();
  for (const alias of Object.keys(config.imports)) {
    const target = config.imports[alias]!;
    if (target.startsWith(":")) {
      const builtin = target.slice(1);
      if (builtin === "") throw new Failure("Invalid", "import :name cannot be empty");
      modules.set(alias, builtin);
    } else {
      imports.set(alias, resolveEntryId(target, ns));
    }
  }
  const options = entry.meta["options"];
  return {
    id: entry.id,
    module: moduleOf(entry),
    kind,
    ...code,
    method: config.method === "" ? "main" : config.method,
    modules,
    imports,
    pool: planPool(config.pool),
    options: isValueMap(options) ? options : {},
    defaultHost: hostOf(entry, ns),
    temporal: temporalRoles(entry, kind, ns),
  };
}

/** A program that a kind outside of this folder brings, for the entry that it stands for. */
export function luaDefinition(
  entry: Entry,
  program: Pick<LuaDefinition, "kind" | "source" | "modules" | "pool">,
): LuaDefinition {
  const ns = entry.id.slice(0, Math.max(0, entry.id.indexOf(":")));
  const options = entry.meta["options"];
  return {
    id: entry.id,
    module: moduleOf(entry),
    ...program,
    method: "main",
    imports: new Map(),
    options: isValueMap(options) ? options : {},
    defaultHost: hostOf(entry, ns),
  };
}

function hostOf(entry: Entry, ns: string): string {
  const options = entry.meta["options"];
  const host = entry.meta["default_host"] ?? (isValueMap(options) ? options["default_host"] : undefined);
  return typeof host === "string" && host !== "" ? resolveEntryId(host, ns) : "";
}
