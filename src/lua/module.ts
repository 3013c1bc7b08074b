/**
 * The contract of modules that Lua can `require`.
 *
 * A definition is data: names, permission classes, typed signatures (`.d.lua`), functions. One definition serves every
 * process; what differs per process is reached through `call.process`.
 *
 * M1. `functions` return at once. `commands` may return a promise; the calling process is suspended until it settles.
 * M2. A thrown Failure reaches Lua as `nil, err`; `Raised` and argument errors are raised; anything else ends the process.
 * M3. Arguments must be read before the first `await`: a call object is reused.
 */
import type { Failure, FailureKind, Value } from "../core/mod.ts";
import type {
  Bus,
  ByteStream,
  ContractDirectory,
  Environment,
  Frame,
  Log,
  Ports,
  Resources,
  SecurityDirectory,
  ServiceRegistry,
  Tracing,
} from "../ports/mod.ts";
import type { LuaChannel, LuaHandle, LuaValue, NativeCall, NativeResult } from "../vm/mod.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Decides which compute units may require a module. */
export type ModuleClass =
  | "deterministic"
  | "nondeterministic"
  | "encoding"
  | "time"
  | "security"
  | "io"
  | "network"
  | "storage"
  | "process"
  | "workflow";

/** A function that returns at once. */
export type ModuleFunction = (call: Call) => NativeResult;
/** A function that may suspend its process. */
export type ModuleCommand = ((call: Call) => NativeResult | Promise<NativeResult>) & { isBrief?: true };

/** Marks a command that does not touch its call once it has returned, not even for a promise: it needs none of its own. */
export function brief(command: ModuleCommand): ModuleCommand {
  return Object.assign(command, { isBrief: true as const });
}

/** Constant members; nested records become nested tables. */
export type ModuleConstants = { [name: string]: LuaValue | ModuleConstants };

/** A module that is read when a program first lists it. */
export interface ModuleSource {
  readonly name: string;
  readonly classes: readonly ModuleClass[];
  /** See `ModuleDefinition`. */
  readonly portable?: boolean;
  /** See `ModuleDeclaration`. */
  readonly isAbsent?: boolean;
  load(): Promise<ModuleDefinition>;
}

/** What a module says of itself: enough for whoever reads programs and runs none. */
export interface ModuleDeclaration {
  readonly name: string;
  /** Text of the module's `.d.lua`. */
  readonly types: string;
  readonly classes: readonly ModuleClass[];
  /** Whether it was left out of this build: its types are known, and nothing can list it. */
  readonly isAbsent?: boolean;
}

/** A module. Dotted names (`registry.lookup`) make nested tables. */
export interface ModuleDefinition extends ModuleDeclaration {
  readonly constants?: ModuleConstants;
  readonly functions?: Readonly<Record<string, ModuleFunction>>;
  readonly commands?: Readonly<Record<string, ModuleCommand>>;
  /** Members the VM implements itself, by builtin name; a function or command of the same name is the fallback. */
  readonly builtins?: Readonly<Record<string, string>>;
  readonly objects?: readonly ObjectDefinition<never>[];
  /**
   * Whether it works in every worker of a host, because it needs nothing but clock, randomness, log and the runtime. A process whose
   * code lists any other module runs on the main worker.
   */
  readonly portable?: boolean;
  /** Numbers of its members, `Class:method` for methods of its classes; see `CommandNumbers`. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** Whether programs that list it get copies of all module tables, to be changed by it alone. */
  readonly copiesModules?: boolean;
  /** Members that are objects, the same for every process; made once, from what the runtime offers. */
  readonly instances?: Readonly<Record<string, ModuleInstance>>;
}

/** A member that is an object. */
export interface ModuleInstance {
  readonly definition: ObjectDefinition<never>;
  create(services: ModuleServices): unknown;
}

/** Declares a module. */
export function defineModule(definition: ModuleDefinition): ModuleDefinition {
  return definition;
}

/** A class of userdata. Method calls get the object as `call.self(definition)`. */
export interface ObjectDefinition<T> {
  /** Type name, e.g. `sql.DB`. */
  readonly name: string;
  readonly methods?: Readonly<Record<string, ModuleFunction>>;
  readonly commands?: Readonly<Record<string, ModuleCommand>>;
  /** Methods that are called through a function of the VM, by its builtin name. */
  readonly wrapped?: Readonly<Record<string, string>>;
  /** Text of `tostring(object)`; default is the name. */
  readonly tostring?: (value: T) => string;
  /** The bytes of an object that may be handed over wherever a stream is read. */
  readonly reader?: (value: T) => ByteStream | undefined;
  /** Called once when Lua has dropped the object or its process ended. */
  readonly release?: (value: T) => void;
  /** Operators; arguments 1 and 2 as in Lua. `index` answers members that `methods` and `commands` lack. */
  readonly operators?: Readonly<
    Partial<Record<"eq" | "lt" | "le" | "add" | "sub" | "concat" | "len" | "index", ModuleFunction>>
  >;
  /** Makes objects callable; argument 1 is the object. */
  readonly invoke?: ModuleCommand;
}

/** Declares a class of userdata. */
export function defineObject<T>(definition: ObjectDefinition<T>): ObjectDefinition<T> {
  return definition;
}

/** A channel that the runtime feeds and Lua receives from. */
export interface FedChannel {
  /** The value to hand to Lua; the same object every time. */
  readonly channel: LuaChannel;
  /** Queues a value. With "drop" it is dropped when the channel is full. Returns false when dropped or closed. */
  send(value: LuaValue, mode?: "queue" | "drop"): boolean;
  close(): void;
  /** How many values nobody has received yet; undefined once the process has ended. */
  unread(): number | undefined;
  /** Drops what nobody has received yet. */
  clear(): void;
  /** Leaves the channel to Lua, which must have it by now: nothing can be sent any more, and it goes when Lua drops it. */
  release(): void;
}

/** The process (or function call) that a native call comes from. */
export interface ProcessContext {
  readonly pid: string;
  /** Entry being run. */
  readonly entryId: string;
  readonly hostId: string;
  readonly frame: Frame;
  /** Aborts when the process or call is cancelled by its caller or ends. */
  readonly signal: AbortSignal;
  /** Runs when the process or call ends; returns a function that forgets it. */
  onEnd(cleanup: () => void): () => void;
}

/** Everything modules may use. */
export interface ModuleServices {
  readonly ports: Ports;
  readonly log: Log;
  readonly bus: Bus;
  readonly resources: Resources;
  readonly services: ServiceRegistry;
  readonly environment: Environment;
  readonly contracts: ContractDirectory;
  readonly security: SecurityDirectory;
  readonly strictSecurity: boolean;
  /** Id of the overlay that work goes through which chooses none; `""` for none. */
  readonly defaultNetwork: string;
  /** Absent when nothing is traced. */
  readonly tracing?: Tracing;
}

/** A native call with its process. Valid until the first `await`; `process`, `services` and channels stay valid. */
export interface Call extends NativeCall {
  readonly process: LuaProcess;
  readonly runtime: LuaRuntime;
  readonly services: ModuleServices;
  /** The object this method was called on (argument 1). Raises an argument error for anything else. */
  self<T>(definition: ObjectDefinition<T>): T;
  /** Argument `i` as an object of that class; undefined when it is something else. */
  object<T>(i: number, definition: ObjectDefinition<T>): T | undefined;
  /** The object behind a handle found inside a table; undefined when it is something else. */
  unwrap<T>(value: LuaValue, definition: ObjectDefinition<T>): T | undefined;
  /** A new Lua object holding `value`. */
  create<T>(definition: ObjectDefinition<T>, value: T): LuaHandle;
  /** The bytes behind argument `i`, a stream or another object that can be read; undefined when it is something else. */
  stream(i: number): ByteStream | undefined;
  /** As `stream`, to be closed by the caller from now on: Lua dropping the object does not. */
  takeStream(i: number): ByteStream | undefined;
  /** The bytes behind a handle found inside a table. */
  streamOf(value: LuaValue): ByteStream | undefined;
  /** A Lua stream object over `stream`. */
  createStream(stream: ByteStream): LuaHandle;
  /** A channel fed from outside, owned by this process. */
  openChannel(capacity: number): FedChannel;
  /** Whether the policy allows it; also true when actor or scope is missing and strict mode is off. */
  allowed(action: string, resource: string, attributes?: Record<string, Value>): boolean;
  /** Throws (or, with `raise`, raises) `message` with `kind` (default PermissionDenied) unless allowed. */
  demand(action: string, resource: string, message: string, options?: DemandOptions): void;
  /** A Lua error object for a failure, to be placed among several results. */
  error(failure: Failure): LuaValue;
}

/** How a refusal is reported. */
export interface DemandOptions {
  kind?: FailureKind;
  raise?: boolean;
  attributes?: Record<string, Value>;
}
