/**
 * The object a module function works with: the VM's native call plus the calling process and the runtime's services.
 *
 * C1. One `LuaCall` is reused for all functions and brief commands; every other command gets its own, so `process`, `create` and
 *     channels stay valid across an `await`. Arguments never do.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { ByteStream } from "../ports/mod.ts";
import {
  CallFrame,
  type FrameSource,
  type LuaError,
  type LuaHandle,
  type LuaValue,
  RaisedFailure,
} from "../vm/mod.ts";
import type {
  Call,
  DemandOptions,
  FedChannel,
  ModuleServices,
  ObjectDefinition,
  ProcessContext,
} from "./module.ts";
import { openFedChannel } from "./command_completion.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** A call bound to its process. */
export class LuaCall extends CallFrame implements Call {
  readonly runtime: LuaRuntime;
  readonly #source: FrameSource;
  #process: LuaProcess | undefined;

  constructor(source: FrameSource, runtime: LuaRuntime) {
    super(source);
    this.#source = source;
    this.runtime = runtime;
  }

  protected override opened(): void {
    this.#process = this.runtime.book.at(this.slot);
  }

  /** The same call as an object of its own. */
  own(): LuaCall {
    const call = new LuaCall(this.#source, this.runtime);
    call.openAs(this);
    return call;
  }

  get process(): LuaProcess {
    if (this.#process === undefined) throw new Error(`no process at slot ${this.slot}`);
    return this.#process;
  }

  get services(): ModuleServices {
    return this.runtime.services;
  }

  self<T>(definition: ObjectDefinition<T>): T {
    return this.runtime.modules.self(this, 1, definition);
  }

  object<T>(i: number, definition: ObjectDefinition<T>): T | undefined {
    return this.runtime.modules.object(this, i, definition);
  }

  unwrap<T>(value: LuaValue, definition: ObjectDefinition<T>): T | undefined {
    return this.runtime.modules.unwrap(value, definition);
  }

  create<T>(definition: ObjectDefinition<T>, value: T): LuaHandle {
    return this.runtime.modules.create(definition, value);
  }

  stream(i: number): ByteStream | undefined {
    return this.type(i) === "handle" ? this.streamOf(this.value(i)) : undefined;
  }

  takeStream(i: number): ByteStream | undefined {
    return this.type(i) === "handle" ? this.runtime.modules.takeStream(this.value(i)) : undefined;
  }

  streamOf(value: LuaValue): ByteStream | undefined {
    return this.runtime.modules.streamOf(value);
  }

  createStream(stream: ByteStream): LuaHandle {
    return this.runtime.modules.createStream(stream);
  }

  openChannel(capacity: number): FedChannel {
    return openFedChannel(this.runtime, this.slot, capacity);
  }

  allowed(action: string, resource: string, attributes?: Record<string, Value>): boolean {
    return this.runtime.allowed(this.process, action, resource, attributes);
  }

  demand(action: string, resource: string, message: string, options?: DemandOptions): void {
    if (this.allowed(action, resource, options?.attributes)) return;
    const failure = new Failure(options?.kind ?? "PermissionDenied", message, { retryable: false });
    if (options?.raise) throw new RaisedFailure(luaErrorOf(failure));
    throw failure;
  }

  error(failure: Failure): LuaError {
    return luaErrorOf(failure);
  }
}

/** What of a process modules may see. */
export type { ProcessContext };
