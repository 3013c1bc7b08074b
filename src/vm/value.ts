/**
 * Lua values as TypeScript sees them.
 *
 * nil is null (undefined is accepted), integers are numbers or, beyond 2^53, bigints; a float that happens to be whole reads
 * as a plain number, and `LuaFloat` writes one. Strings that are valid UTF-8 are text, others bytes. A table is an array when its keys are
 * 1..n, a plain object when all its keys are strings (also when it is empty but once had one), a Map otherwise. Rows of
 * queries (`Records`) go to Lua as a table of tables, `Fields` as one; nothing comes back as such.
 */
import type { Fields, Records } from "../core/mod.ts";

/** A value that can go to Lua or came from it. */
export type LuaValue =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | LuaFloat
  | LuaError
  | LuaHandle
  | LuaPayload
  | LuaChannel
  | LuaOpaque
  | Map<LuaValue, LuaValue>
  | LuaValue[]
  | { [key: string]: LuaValue };

/** A value that can go to Lua. */
export type Given = LuaValue | Records | Fields;

/** A number that is to be a float in Lua even when it is whole. */
export class LuaFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** One frame of an error's stack. A negative line marks added context. */
export interface LuaFrame {
  readonly source: string;
  readonly line: number;
  readonly name: string;
}

/** A structured error object. `retryable: null` means unknown, kind `""` UNKNOWN. */
export class LuaError {
  readonly message: string;
  readonly kind: string;
  readonly retryable: boolean | null;
  readonly details: LuaValue;
  readonly stack: readonly LuaFrame[];
  constructor(
    message: string,
    kind: string,
    retryable: boolean | null = null,
    details: LuaValue = null,
    stack: readonly LuaFrame[] = [],
  ) {
    this.message = message;
    this.kind = kind;
    this.retryable = retryable;
    this.details = details;
    this.stack = stack;
  }
}

/** Names an object of the host: class and id as the universe numbers them. */
export class LuaHandle {
  readonly classId: number;
  readonly id: number;
  constructor(classId: number, id: number) {
    this.classId = classId;
    this.id = id;
  }
}

/** A payload object: a value and the name of its format. */
export class LuaPayload {
  readonly format: string;
  readonly value: LuaValue;
  constructor(format: string, value: LuaValue) {
    this.format = format;
    this.value = value;
  }
}

/** A channel fed by the host; valid in the process that it was opened for. */
export class LuaChannel {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

/** Something that has no form outside Lua: a function, a thread, a foreign userdata, a channel made by Lua. */
export class LuaOpaque {
  readonly type: "function" | "userdata" | "thread" | "channel";
  constructor(type: LuaOpaque["type"]) {
    this.type = type;
  }
}

/** Several results of a native function. */
export class Values {
  readonly items: readonly Given[];
  constructor(items: readonly Given[]) {
    this.items = items;
  }
}

/** Results that are encoded already. */
export class Encoded {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** An error to be raised in Lua: an object, or a text that gets the caller's position. */
export class Raised {
  readonly error: LuaError | string;
  constructor(error: LuaError | string) {
    this.error = error;
  }
}

/** Returned by a native function that completes later through `Universe.complete`. */
export const PENDING = Symbol("pending");

/** What a native function returns: one value, several, encoded ones, an error to raise, or the promise of a completion. */
export type NativeResult = Given | Values | Encoded | Raised | typeof PENDING;

/** Thrown inside a native function: raises `bad argument #i to 'f' (...)` in Lua. */
export class ArgumentError extends Error {
  readonly index: number;
  /** `expected` alone is a whole message; with `got` it reads `<expected> expected, got <got>`. */
  constructor(index: number, expected: string, got?: string) {
    super(got === undefined ? expected : `${expected} expected, got ${got === "none" ? "no value" : got}`);
    this.name = "ArgumentError";
    this.index = index;
  }
}

/** Thrown inside a native function: raises this error object in Lua. */
export class RaisedFailure extends Error {
  readonly luaError: LuaError;
  constructor(luaError: LuaError) {
    super(luaError.message);
    this.name = "RaisedFailure";
    this.luaError = luaError;
  }
}

/** Source that does not compile. */
export class LuaSyntaxError extends Error {
  readonly chunk: string;
  readonly line: number;
  constructor(chunk: string, line: number, message: string) {
    super(message);
    this.name = "LuaSyntaxError";
    this.chunk = chunk;
    this.line = line;
  }
}

/** Type of an argument; "none" past the last one. Errors, channels, payloads and host objects are told apart. */
export type ArgumentType =
  | "none"
  | "nil"
  | "boolean"
  | "number"
  | "string"
  | "table"
  | "function"
  | "thread"
  | "userdata"
  | "error"
  | "channel"
  | "payload"
  | "handle";

/** A native function in progress. Arguments count from 1 and may be read only until the function returns or awaits. */
export interface NativeCall {
  /** Slot of the calling process. */
  readonly slot: number;
  /** Names this call for `Universe.complete`; asked for while it is in progress. */
  readonly tag: number;
  /** Number of arguments. */
  readonly count: number;
  type(i: number): ArgumentType;
  /** Class and id of the host object that argument 1 is; the class is 0 or a small number of the VM's own for anything else. */
  readonly selfClass: number;
  readonly selfId: number;
  /** Argument `i`, deeply converted; null past the last. With `exact`, floats that are whole come as `LuaFloat`. */
  value(i: number, exact?: boolean): LuaValue;
  /**
   * Argument `i`, the last, when it is a short table of plain values at 1..n, holes being null; undefined for any other, which `value` reads. With
   * `exact`, integers come as bigints, and floats that are whole as `LuaFloat`. The quick way to short lists.
   */
  list(i: number, exact?: boolean): LuaValue[] | undefined;
  /** Takes back what `list` gave, when nobody holds it any more: the next call may use it again. */
  giveBack(values: LuaValue[]): void;
  /** A string (numbers are converted, an error gives its message); raises an argument error for anything else. */
  string(i: number): string;
  /** A string as bytes. */
  bytes(i: number): Uint8Array;
  /** The same without a copy: valid until anything of Lua is called or returned to. */
  view(i: number): Uint8Array;
  /** A number (numeric strings are converted); raises an argument error for anything else. */
  number(i: number): number;
  /** A boolean; raises an argument error for anything else. */
  boolean(i: number): boolean;
  /** Lua's truth: everything but nil and false. */
  truthy(i: number): boolean;
  /** Id of the host object of that class; raises an argument error for anything else. */
  handle(i: number, classId: number): number;
  /** Id of the host object of that class, 0 for anything else. */
  handleOf(i: number, classId: number): number;
  /** Argument `i` as JSON, by the rules of the `json` module. Throws Internal for what has no JSON. */
  json(i: number): Uint8Array;
  /** Arguments from `i` on as an encoded list, as messages carry them. Throws Invalid when they can't be sent. */
  raw(i: number): Uint8Array;
  /** Where the calling Lua code stands. */
  location(): { source: string; line: number };
}

/** A member of a module table. */
export type ModuleMember =
  | { kind: "native"; index: number }
  | { kind: "builtin"; name: string; fallback?: number }
  | { kind: "value"; value: LuaValue }
  | { kind: "table"; members: Record<string, ModuleMember> };

/** A compiled chunk. */
export type CodeRef = number & { readonly brand?: "code" };
/** A frozen module table. */
export type ModuleRef = number & { readonly brand?: "module" };
/** What environments of one make see as globals. */
export type GlobalsRef = number & { readonly brand?: "globals" };
/** A program: chunks with their environments and imports. */
export type ProgramRef = number & { readonly brand?: "program" };

/** How a process or call ended: encoded results, or an error. `results` is a copy. */
export type Exit = { ok: true; results: Uint8Array; error: undefined } | {
  ok: false;
  results: Uint8Array;
  error: LuaError;
};
