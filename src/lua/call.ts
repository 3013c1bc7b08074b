/**
 * The object a module function works with: the VM's native call plus the calling process and the runtime's services.
 *
 * C1. One `LuaCall` is reused for all functions and brief commands; every other command gets its own, so `process`, `create` and channels stay
 *     valid across an `await`. Arguments never do.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { ByteStream } from "../ports/mod.ts";
import { type LuaError, type LuaHandle, type LuaValue, type NativeCall, RaisedFailure } from "../vm/mod.ts";
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
import type { ModuleTable } from "./module_table.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** A call bound to its process. */
export class LuaCall implements Call {
  readonly runtime: LuaRuntime;
  readonly #modules: ModuleTable;
  #native!: NativeCall;
  #slot = 0;
  #process: LuaProcess | undefined;

  constructor(runtime: LuaRuntime, modules: ModuleTable) {
    this.runtime = runtime;
    this.#modules = modules;
  }

  /** Points this object at the call in progress. */
  bind(native: NativeCall): void {
    this.#native = native;
    this.#slot = native.slot;
    this.#process = this.runtime.book.at(native.slot);
  }

  get slot(): number {
    return this.#slot;
  }

  get tag(): number {
    return this.#native.tag;
  }

  get selfClass(): number {
    return this.#native.selfClass;
  }

  get selfId(): number {
    return this.#native.selfId;
  }

  get count(): number {
    return this.#native.count;
  }

  get process(): LuaProcess {
    if (this.#process === undefined) throw new Error(`no process at slot ${this.#slot}`);
    return this.#process;
  }

  get services(): ModuleServices {
    return this.runtime.services;
  }

  type(i: number): ReturnType<NativeCall["type"]> {
    return this.#native.type(i);
  }

  value(i: number, exact = false): LuaValue {
    return this.#native.value(i, exact);
  }

  list(i: number, exact = false): LuaValue[] | undefined {
    return this.#native.list(i, exact);
  }

  string(i: number): string {
    return this.#native.string(i);
  }

  bytes(i: number): Uint8Array {
    return this.#native.bytes(i);
  }

  view(i: number): Uint8Array {
    return this.#native.view(i);
  }

  number(i: number): number {
    return this.#native.number(i);
  }

  boolean(i: number): boolean {
    return this.#native.boolean(i);
  }

  truthy(i: number): boolean {
    return this.#native.truthy(i);
  }

  handle(i: number, classId: number): number {
    return this.#native.handle(i, classId);
  }

  handleOf(i: number, classId: number): number {
    return this.#native.handleOf(i, classId);
  }

  json(i: number): Uint8Array {
    return this.#native.json(i);
  }

  raw(from: number): Uint8Array {
    return this.#native.raw(from);
  }

  location(): { source: string; line: number } {
    return this.#native.location();
  }

  self<T>(definition: ObjectDefinition<T>): T {
    return this.#modules.self(this.#native, 1, definition);
  }

  object<T>(i: number, definition: ObjectDefinition<T>): T | undefined {
    return this.#modules.object(this.#native, i, definition);
  }

  unwrap<T>(value: LuaValue, definition: ObjectDefinition<T>): T | undefined {
    return this.#modules.unwrap(value, definition);
  }

  create<T>(definition: ObjectDefinition<T>, value: T): LuaHandle {
    return this.#modules.create(definition, value);
  }

  stream(i: number): ByteStream | undefined {
    return this.#native.type(i) === "handle" ? this.#modules.streamOf(this.#native.value(i)) : undefined;
  }

  takeStream(i: number): ByteStream | undefined {
    return this.#native.type(i) === "handle" ? this.#modules.takeStream(this.#native.value(i)) : undefined;
  }

  streamOf(value: LuaValue): ByteStream | undefined {
    return this.#modules.streamOf(value);
  }

  createStream(stream: ByteStream): LuaHandle {
    return this.#modules.createStream(stream);
  }

  openChannel(capacity: number): FedChannel {
    return openFedChannel(this.runtime, this.#slot, capacity);
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
