/**
 * Lua as processes and functions of one node: the universe, its processes, and the way between them and everything else.
 *
 * Owns the slices in which Lua runs, spawning, ending and messaging. Relations between processes (links, monitors, names)
 * belong to `src/process`; pools to `FunctionTable`; code to `ProgramTable`.
 *
 * R1. Lua runs only inside `#slice`: at most one process of a universe runs at any moment.
 * R2. What happens during a slice and would change the running process (its own end, its upgrade) waits until the slice is over.
 * R3. Every process that was started is reported to `ProcessTable` exactly once when it ends.
 */
import {
  Failure,
  parsePid,
  printPid,
  PROCESS_MEMORY_BYTES_MAX,
  PROCESSES_MAX,
  SLICE_MS,
  TURNS_PER_SLICE,
  type Value,
  type ValueMap,
} from "../core/mod.ts";
import {
  type ByteStream,
  type CallOutcome,
  EMPTY_FRAME,
  type Frame,
  type NativeReceiver,
  type ProcessExit,
  type Runtime,
  type SpawnOptions,
} from "../ports/mod.ts";
import { type LifecycleEvent, NameRegistry, ProcessTable } from "../process/mod.ts";
import {
  Encoded,
  type Exit,
  LuaError,
  type LuaValue,
  type NativeResult,
  PENDING,
  Raised,
  Universe,
  Values,
} from "../vm/mod.ts";
import type { LuaDefinition } from "./definition.ts";
import { type ActiveCall, type CallResult, callResult, FunctionTable } from "./function_table.ts";
import { HostTable } from "./host_table.ts";
import { LuaProcess } from "./lua_process.ts";
import type { FedChannel, ModuleDefinition, ModuleServices, ObjectDefinition } from "./module.ts";
import { failureOf, luaErrorOf } from "./lua_failure.ts";
import { ModuleTable, resultValues } from "./module_table.ts";
import { ProgramTable } from "./program_table.ts";

/** What a runtime is made of. */
export interface LuaRuntimeOptions {
  readonly services: ModuleServices;
  readonly modules: readonly ModuleDefinition[];
  readonly streamObject?: ObjectDefinition<ByteStream>;
  /** Name of this node, `""` or "local" when it is left out of pids. */
  readonly node?: string;
  /** Fixed string hash seed, for replay and simulation; random otherwise. */
  readonly hashSeed?: number;
  /** Seed of the order in which ready processes run; 0 is first in, first out. */
  readonly orderSeed?: number;
  readonly processMemoryBytesMax?: number;
}

/** Relations and extras of a spawn from Lua. */
export interface SpawnRelations {
  readonly frame: Frame;
  readonly monitored: boolean;
  readonly linked: boolean;
  readonly name: string;
  readonly messages: readonly { topic: string; values: Uint8Array }[];
}

interface NativeProcess {
  readonly id: number;
  readonly pid: string;
  readonly host: string;
  readonly receiver: NativeReceiver;
}

type ExitListener = (exit: Exit) => void;

/** Facts of a live process, for listings. */
export interface ProcessFacts {
  pid: string;
  entry: string;
  host: string;
  state: string;
  memoryBytes: number;
  mailbox: number;
  coroutines: number;
  channels: number;
  subscriptions: number;
  names: string[];
  /** Turns taken so far. */
  turns: number;
  /** Milliseconds since the Unix epoch. */
  startedMs: number;
  /** Pid of the process that spawned it; "" when it came from outside. */
  parent: string;
  /** Actor it runs under; "" without one. */
  actor: string;
}

/** The Lua side of a node. */
export class LuaRuntime implements Runtime {
  readonly services: ModuleServices;
  readonly universe: Universe;
  readonly modules: ModuleTable;
  readonly programs: ProgramTable;
  readonly functions: FunctionTable;
  readonly hosts: HostTable;
  readonly table: ProcessTable;
  readonly names: NameRegistry;
  readonly #node: string;
  readonly #memoryMax: number;
  readonly #noArgs: Uint8Array;
  readonly #bySlot: (LuaProcess | undefined)[] = [];
  readonly #serials: number[] = [];
  readonly #calls = new Map<LuaProcess, ActiveCall>();
  readonly #byId = new Map<number, LuaProcess>();
  readonly #natives = new Map<number, NativeProcess>();
  readonly #exitListeners = new Map<number, Set<ExitListener>>();
  #deferred: (() => void)[] = [];
  /** Frames that processes started inside the VM inherit, by number and back. */
  readonly #frames: (Frame | undefined)[] = [undefined];
  readonly #frameNumbers = new Map<Frame, number>();
  readonly #freeFrames: number[] = [];
  #scheduled = false;
  #inside = false;

  constructor(options: LuaRuntimeOptions) {
    this.services = options.services;
    this.#node = options.node === "local" ? "" : options.node ?? "";
    this.#memoryMax = options.processMemoryBytesMax ?? PROCESS_MEMORY_BYTES_MAX;
    this.universe = Universe.create({
      host: {
        exited: (slot, exit) => this.#exited(slot, exit),
        released: (classId, id) => {
          if (classId === 0) this.#forgetFrame(id);
          else this.modules.released(classId, id);
        },
        failed: (slot, error) => {
          const pid = this.#bySlot[slot]?.pid ?? "";
          this.services.log.named("lua").error("module failed", {
            pid,
            error: String((error as Error)?.stack ?? error),
          });
        },
      },
      now: () => options.services.ports.clock.monotonicMs(),
      nowSeconds: () => this.#nowSeconds(),
      hashSeed: options.hashSeed ?? options.services.ports.random.stream("lua.hash").below(2 ** 32),
      randomSeed: options.services.ports.random.stream("lua.random").below(2 ** 48),
      orderSeed: options.orderSeed,
    });
    this.#noArgs = this.universe.encode([]);
    this.modules = new ModuleTable(this, this.universe, options.modules, options.streamObject);
    this.programs = new ProgramTable(this.universe, this.modules);
    this.functions = new FunctionTable(this);
    this.hosts = new HostTable(this);
    this.names = new NameRegistry();
    this.table = new ProcessTable({
      event: (id, event) => this.#deliverEvent(id, event),
      fail: (id, failure) => this.#failProcess(id, failure),
      nowSeconds: () => Math.floor(this.services.ports.clock.nowMs() / 1000),
    });
  }

  // --- Slices ---------------------------------------------------------------------------------------------------------

  /** Makes sure that a slice runs soon. */
  wake(): void {
    if (this.#scheduled || this.#inside) return;
    this.#scheduled = true;
    this.services.ports.clock.soon(() => {
      this.#scheduled = false;
      this.runNow();
    });
  }

  /** Runs one slice at once, unless one is in progress. */
  runNow(): void {
    if (this.#inside) return;
    this.#inside = true;
    let ready: number;
    try {
      ready = this.universe.run(TURNS_PER_SLICE, SLICE_MS);
    } finally {
      this.#inside = false;
    }
    while (this.#deferred.length > 0) {
      const actions = this.#deferred;
      this.#deferred = [];
      for (const action of actions) action();
      ready = 1;
    }
    if (ready > 0) this.wake();
  }

  /** Runs `action` when no Lua is running: now, or right after the slice in progress. */
  defer(action: () => void): void {
    if (this.#inside) this.#deferred.push(action);
    else {
      action();
      this.wake();
    }
  }

  // --- What modules need ----------------------------------------------------------------------------------------------

  /** The process or call at a slot. */
  processAt(slot: number): LuaProcess | undefined {
    return this.#bySlot[slot] ?? this.#adopt(slot);
  }

  /** Changes whenever a slot gets another process, so that late completions can be told apart. */
  serialOf(slot: number): number {
    return this.#serials[slot] ?? 0;
  }

  /** Completes a suspended command unless its process is gone. */
  completeCommand(slot: number, serial: number, tag: number, result: NativeResult): void {
    if (this.serialOf(slot) !== serial || this.#bySlot[slot] === undefined) return;
    const values = resultValues(result);
    if (values !== undefined) this.universe.complete(slot, tag, values);
    else if (result instanceof Raised) this.universe.completeRaise(slot, tag, raisedError(result));
    else this.failCommand(slot, serial, tag, new Error("a command's promise resolved to PENDING"));
    this.wake();
  }

  /** Completes a suspended command with a failure; anything but a Failure ends the process. */
  failCommand(slot: number, serial: number, tag: number, error: unknown): void {
    const process = this.#bySlot[slot];
    if (this.serialOf(slot) !== serial || process === undefined) return;
    if (error instanceof Failure || error instanceof LuaError) {
      this.universe.complete(slot, tag, [null, luaErrorOf(error)]);
    } else if (isRaisedFailure(error)) {
      this.universe.completeRaise(slot, tag, error.luaError);
    } else {
      this.services.log.named("lua").error("module failed", {
        pid: process.pid,
        error: String((error as Error)?.stack ?? error),
      });
      this.universe.completeRaise(slot, tag, luaErrorOf(error));
    }
    this.wake();
  }

  /** A channel fed by the runtime, owned by the process at `slot`. */
  openChannel(slot: number, capacity: number): FedChannel {
    const channel = this.universe.openChannel(slot, capacity);
    const serial = this.serialOf(slot);
    const alive = (): boolean => this.serialOf(slot) === serial && this.#bySlot[slot] !== undefined;
    return {
      channel,
      send: (value, mode) => {
        if (!alive()) return false;
        const sent = this.universe.channelSend(slot, channel, value, mode);
        this.wake();
        return sent;
      },
      close: () => {
        if (!alive()) return;
        this.universe.channelClose(slot, channel);
        this.wake();
      },
      clear: () => {
        if (alive()) this.universe.channelClear(slot, channel);
      },
      release: () => {
        if (alive()) this.universe.channelRelease(slot, channel);
      },
    };
  }

  /** Whether a process may do `action` on `resource`. */
  allowed(
    process: LuaProcess,
    action: string,
    resource: string,
    attributes?: Record<string, Value>,
  ): boolean {
    const { actor, scope } = process.frame;
    if (actor === null || scope === null) return !this.services.strictSecurity;
    return scope.evaluate(actor, { action, resource, attributes: { pid: process.pid, ...attributes } }) ===
      "allow";
  }

  // --- Calls ----------------------------------------------------------------------------------------------------------

  /** A call made by a command of a Lua process; completes it with the result. */
  callFrom(
    call: { process: LuaProcess; slot: number; tag: number },
    target: string,
    args: Uint8Array,
    frame: Frame,
    options: ValueMap | undefined,
  ): NativeResult {
    const { slot, tag, process } = call;
    const serial = this.serialOf(slot);
    this.startCallFrom(process, target, args, frame, options, (result) => {
      if (this.serialOf(slot) !== serial || this.#bySlot[slot] === undefined) return;
      this.universe.complete(slot, tag, result.ok ? new Encoded(result.results) : [null, result.error]);
      this.wake();
    });
    return PENDING;
  }

  /** A call that is cancelled when `caller` ends. */
  startCallFrom(
    caller: LuaProcess,
    target: string,
    args: Uint8Array,
    frame: Frame,
    options: ValueMap | undefined,
    done: (result: CallResult) => void,
  ): ActiveCall {
    let early: CallResult | undefined;
    let settled: ((result: CallResult) => void) | undefined = undefined;
    const active = this.functions.invoke({
      target,
      args,
      frame,
      options,
      done: (result) => settled === undefined ? early = result : settled(result),
    });
    if (early !== undefined) {
      // Failed before it began: still after this native call, so that the caller is suspended by then.
      const result = early;
      this.defer(() => done(result));
      return active;
    }
    caller.calls.add(active);
    settled = (result) => {
      caller.calls.delete(active);
      done(result);
    };
    this.wake();
    return active;
  }

  /** Cancels a call in progress. */
  cancelCall(call: ActiveCall, failure: Failure): void {
    this.defer(() => this.functions.cancel(call, failure));
  }

  call(
    target: string,
    args: Value[],
    options: { frame?: Frame; signal?: AbortSignal; options?: Record<string, Value> } = {},
  ): CallOutcome | Promise<CallOutcome> {
    let outcome: CallOutcome | undefined;
    let resolve: ((outcome: CallOutcome) => void) | undefined;
    const active = this.functions.invoke({
      target,
      args: args.length === 0 ? this.#noArgs : this.universe.encode(args as LuaValue[]),
      frame: options.frame ?? EMPTY_FRAME,
      options: options.options,
      done: (result) => {
        const end = this.#outcome(result);
        if (resolve === undefined) outcome = end;
        else resolve(end);
      },
    });
    if (outcome === undefined) this.runNow();
    if (outcome !== undefined) return outcome;
    const signal = options.signal;
    return new Promise((settle) => {
      if (signal === undefined) {
        resolve = settle;
        return;
      }
      const abort = (): void => this.cancelCall(active, new Failure("Canceled", "context canceled"));
      resolve = (end) => {
        signal.removeEventListener("abort", abort);
        settle(end);
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
    });
  }

  #outcome(result: CallResult): CallOutcome {
    if (!result.ok) return { ok: false, failure: failureOf(result.error) };
    const values = this.universe.countOf(result.results) === 0
      ? undefined
      : this.universe.decode(result.results)[0];
    return { ok: true, value: values as Value };
  }

  /** Runs a call on a worker. */
  startCall(slot: number, program: LuaProcess["program"], call: ActiveCall): LuaProcess {
    const { request } = call;
    const process = new LuaProcess(
      this.universe.nextPid(),
      this.#node,
      request.target,
      program,
      request.frame,
      true,
    );
    this.#attach(process, slot);
    this.#calls.set(process, call);
    this.universe.callWorker(slot, {
      pid: process.id,
      host: request.target,
      guarded: this.#guarded(request.frame),
      args: request.args,
    });
    return process;
  }

  /** A worker for calls of a function. */
  newWorker(program: LuaProcess["program"]): number {
    const slot = this.universe.newWorker({
      program: program.ref,
      host: program.definition.id,
      node: this.#node,
      guarded: false,
      memoryBytesMax: this.#memoryMax,
    });
    this.wake();
    return slot;
  }

  /** Ends an idle worker. */
  dropWorker(slot: number): void {
    this.defer(() => this.universe.kill(slot, null));
  }

  // --- Processes ------------------------------------------------------------------------------------------------------

  /** Starts a process; its frame is inherited without attachments unless `inherit` is set. */
  spawnProcess(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    options: { frame: Frame; inherit?: boolean; parent?: string },
  ): LuaProcess {
    const host = this.hosts.admit(hostId);
    const program = this.#processProgram(entryId);
    if (this.#byId.size >= PROCESSES_MAX) throw new Failure("LimitExceeded", "max processes limit exceeded");
    const { frame: given } = options;
    const frame = options.inherit || given.attachments.size === 0
      ? given
      : { ...given, attachments: EMPTY_FRAME.attachments };
    const process = new LuaProcess(this.universe.nextPid(), this.#node, hostId, program, frame, false);
    const slot = this.universe.spawn({
      program: program.ref,
      pid: process.id,
      host: hostId,
      node: this.#node,
      guarded: this.#guarded(frame),
      memoryBytesMax: this.#memoryMax,
      args,
    });
    this.#attach(process, slot);
    process.startedMs = this.services.ports.clock.nowMs();
    if (options.parent !== undefined) process.parent = options.parent;
    host.processes.add(process);
    this.wake();
    return process;
  }

  #processProgram(entryId: string): LuaProcess["program"] {
    const definition = this.programs.definition(entryId);
    if (definition?.kind !== "process.lua") {
      throw new Failure("NotFound", "factory not found", { retryable: false, details: { id: entryId } });
    }
    return this.programs.program(entryId)!;
  }

  #attach(process: LuaProcess, slot: number): void {
    process.slot = slot;
    this.#bySlot[slot] = process;
    this.#serials[slot] = (this.#serials[slot] ?? 0) + 1;
    this.#byId.set(process.id, process);
  }

  #guarded(frame: Frame): boolean {
    return this.services.strictSecurity || (frame.actor !== null && frame.scope !== null);
  }

  // --- Processes started inside the VM --------------------------------------------------------------------------------

  /** The live process with this number. */
  #find(id: number): LuaProcess | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const slot = this.universe.slotOf(id);
    return slot < 0 ? undefined : this.#adopt(slot);
  }

  /** Takes a process that the VM started into the books: its record, its host and who watches it. */
  #adopt(slot: number): LuaProcess | undefined {
    const adopted = this.universe.adopt(slot);
    if (adopted === undefined) return undefined;
    const program = this.programs.byRef(adopted.program);
    const frame = this.#frames[adopted.frame];
    if (program === undefined || frame === undefined) {
      throw new Error(`process ${adopted.pid} has no program or frame`);
    }
    const process = new LuaProcess(adopted.pid, this.#node, adopted.host, program, frame, false);
    this.#attach(process, slot);
    process.startedMs = adopted.startedSeconds * 1000;
    process.parent = adopted.parent;
    this.hosts.get(adopted.host)?.processes.add(process);
    if (adopted.watcher !== 0 && this.#find(adopted.watcher) !== undefined) {
      this.table.monitor(adopted.watcher, adopted.pid);
    }
    return process;
  }

  /** Takes every process that the VM started into the books, before something is asked of all or code changes. */
  adoptAll(): void {
    const { slots } = this.universe;
    for (let slot = 0; slot < slots; slot++) if (this.#bySlot[slot] === undefined) this.#adopt(slot);
  }

  /** Lets later spawns like this one stay inside the VM: same parent, its frame, an unlimited host. */
  #openSpawn(parent: LuaProcess, child: LuaProcess): void {
    if (this.#guarded(parent.frame) || child.frame.attachments.size > 0) return;
    const host = this.hosts.get(child.host);
    if (host === undefined) return;
    this.hosts.open(host);
    if (!host.open) return;
    this.universe.openProgram(child.entryId, child.program.ref);
    let number = this.#frameNumbers.get(child.frame);
    if (number === undefined) {
      number = this.#freeFrames.pop() ?? this.#frames.length;
      this.#frames[number] = child.frame;
      this.#frameNumbers.set(child.frame, number);
    }
    this.universe.setFrame(parent.slot, number);
  }

  #forgetFrame(number: number): void {
    const frame = this.#frames[number];
    if (frame === undefined) return;
    this.#frames[number] = undefined;
    this.#frameNumbers.delete(frame);
    this.#freeFrames.push(number);
  }

  /** Spawns for a Lua process, with relations, name and first messages. Returns the pid. */
  spawnFrom(
    parent: LuaProcess,
    entryId: string,
    hostId: string,
    args: Uint8Array,
    relations: SpawnRelations,
  ): string {
    if (relations.name !== "") {
      const existing = this.names.lookup(relations.name);
      if (existing !== undefined) {
        this.#sendAll(existing, relations);
        return existing;
      }
    }
    const child = this.spawnProcess(entryId, hostId, args, { frame: relations.frame, parent: parent.pid });
    if (relations.name !== "") this.names.register(relations.name, child.pid, child.id, 0);
    if (relations.monitored) this.table.monitor(parent.id, child.id);
    if (relations.linked) this.table.link(parent.id, child.id);
    this.#sendAll(child.pid, relations);
    if (relations.frame === parent.frame && !relations.linked) this.#openSpawn(parent, child);
    return child.pid;
  }

  #sendAll(pid: string, relations: SpawnRelations): void {
    for (const { topic, values } of relations.messages) this.#sendTo(pid, topic, values, "");
  }

  /** Runs a process to its end for a Lua process. */
  execFrom(
    caller: LuaProcess,
    entryId: string,
    hostId: string,
    args: Uint8Array,
    frame: Frame,
  ): Promise<NativeResult> {
    const process = this.spawnProcess(entryId, hostId, args, { frame, parent: caller.pid });
    return new Promise((resolve) => {
      const forget = caller.onEnd(() => stop());
      const stop = this.onExit(process, (exit) => {
        forget();
        const result = callResult(this, exit);
        resolve(result.ok ? new Encoded(result.results) : new Values([null, result.error]));
      });
    });
  }

  /** Calls `listener` when the process ends; returns a function that forgets it. */
  onExit(process: LuaProcess, listener: ExitListener): () => void {
    let listeners = this.#exitListeners.get(process.id);
    if (listeners === undefined) this.#exitListeners.set(process.id, listeners = new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Ends a process or call by force with an error. */
  killProcess(process: LuaProcess, error: LuaError): void {
    this.defer(() => {
      if (this.#bySlot[process.slot] !== process) return;
      process.killed = true;
      this.universe.kill(process.slot, error);
    });
  }

  #exited(slot: number, exit: Exit): void {
    const process = this.processAt(slot);
    if (process === undefined) return;
    this.#bySlot[slot] = undefined;
    this.#byId.delete(process.id);
    if (process.hasCalls) {
      for (const call of process.calls) {
        this.cancelCall(call, new Failure("Canceled", "caller context canceled"));
      }
    }
    process.end();
    if (process.isCall) {
      const call = this.#calls.get(process)!;
      this.#calls.delete(process);
      this.#announce(process, exit);
      this.functions.exited(process, call, exit);
      return;
    }
    this.hosts.left(process);
    this.#announce(process, exit);
  }

  #announce(process: LuaProcess, exit: Exit): void {
    this.names.release(process.id);
    const listeners = this.#exitListeners.get(process.id);
    if (this.table.involved(process.id)) {
      const result = callResult(this, exit);
      const value = result.ok && this.universe.countOf(result.results) > 0
        ? this.universe.decode(result.results)[0]
        : null;
      const error = result.ok ? null : result.error;
      // A returned error is the value of a clean end for the scheduler, yet a failure for those who watch.
      this.table.exited(process.id, process.pid, value as Value, error === null ? null : failureOf(error));
    }
    if (listeners !== undefined) {
      this.#exitListeners.delete(process.id);
      for (const listener of listeners) listener(exit);
    }
  }

  // --- Messages, names, relations ---------------------------------------------------------------------------------------

  /** True for the text form of a pid. */
  isPid(text: string): boolean {
    return parsePid(text) !== undefined;
  }

  /** The pid text of a destination: itself, or what the name stands for. */
  resolve(destination: string): string {
    if (this.isPid(destination)) return destination;
    const pid = this.names.lookup(destination);
    if (pid === undefined) {
      throw new Failure("NotFound", `could not resolve '${destination}' as PID or registered name`, {
        retryable: false,
      });
    }
    return pid;
  }

  /** Sends for a Lua process. */
  sendFrom(sender: LuaProcess, pid: string, topic: string, values: Uint8Array): void {
    this.#sendTo(pid, topic, values, sender.pid);
  }

  send(destination: string, topic: string, values: Value[], from = ""): void {
    this.#sendTo(this.resolve(destination), topic, this.universe.encode(values as LuaValue[]), from);
  }

  #sendTo(pid: string, topic: string, values: Uint8Array, from: string): void {
    const target = parsePid(pid);
    const process = target === undefined ? undefined : this.#find(target.id);
    if (process !== undefined && process.host === target!.host) {
      if (!this.universe.deliver(process.slot, topic, from, values)) {
        throw new Failure("NotFound", "process closed");
      }
      this.wake();
      return;
    }
    const native = target === undefined ? undefined : this.#natives.get(target.id);
    if (native !== undefined) {
      native.receiver.message(topic, this.universe.decode(values) as Value[], from);
      return;
    }
    if (
      target !== undefined && !this.hosts.known(target.host) &&
      this.programs.definition(target.host) === undefined
    ) {
      throw new Failure("NotFound", "host not found", { retryable: false });
    }
    throw new Failure("NotFound", "process not found", { retryable: false });
  }

  /** The live process behind a pid text. */
  liveProcess(pid: string): LuaProcess | undefined {
    const target = parsePid(pid);
    const process = target === undefined ? undefined : this.#find(target.id);
    return process !== undefined && process.host === target!.host ? process : undefined;
  }

  #idOf(pid: string): number | undefined {
    const target = parsePid(pid);
    if (target === undefined) return undefined;
    return this.liveProcess(pid)?.id ?? (this.#natives.has(target.id) ? target.id : undefined);
  }

  #liveId(pid: string, message: string): number {
    const id = this.#idOf(pid);
    if (id !== undefined) return id;
    const host = parsePid(pid)?.host ?? "";
    const unknown = !this.hosts.known(host) && this.programs.definition(host) === undefined;
    throw new Failure("Internal", unknown ? "host not found" : message);
  }

  cancel(destination: string, reason: string, from = ""): void {
    const id = this.#liveId(this.resolve(destination), "process not found");
    this.#deliverEvent(id, { kind: "pid.cancel", from, at: this.#nowSeconds(), reason });
  }

  terminate(destination: string): void {
    const pid = this.resolve(destination);
    this.#liveId(pid, "process not found");
    const process = this.liveProcess(pid);
    if (process !== undefined) {
      this.killProcess(process, new LuaError("process terminated", "Internal", false));
      return;
    }
    // A native process can't be killed from outside; it is asked, and has nothing to ask back.
    const native = this.#natives.get(parsePid(pid)!.id);
    native?.receiver.event({ kind: "pid.cancel", from: "", reason: "process terminated" });
  }

  /** Ends a process for another one. */
  terminateFrom(_caller: LuaProcess, pid: string): void {
    this.terminate(pid);
  }

  /** Makes `watcher` get an EXIT event when the process behind `pid` ends. */
  monitor(watcher: LuaProcess, pid: string): void {
    this.table.monitor(watcher.id, this.#liveId(pid, "pid not registered"));
  }

  /** Undoes `monitor`; an unknown pid is fine. */
  unmonitor(watcher: LuaProcess, pid: string): void {
    const target = parsePid(pid);
    if (target !== undefined) this.table.unmonitor(watcher.id, target.id);
  }

  /** Links two processes both ways. */
  link(process: LuaProcess, pid: string): void {
    this.table.link(process.id, this.#liveId(pid, "pid not registered"));
  }

  /** Undoes `link`; an unknown pid is fine. */
  unlink(process: LuaProcess, pid: string): void {
    const target = parsePid(pid);
    if (target !== undefined) this.table.unlink(process.id, target.id);
  }

  /** Registers a name; see `NameRegistry.register`. */
  registerName(name: string, pid: string, scope: number): void {
    const target = parsePid(pid);
    if (target === undefined) throw new Failure("Invalid", "invalid pid", { retryable: false });
    this.names.register(name, pid, target.id, scope);
  }

  /** The pid text behind a name. */
  lookupName(name: string): string | undefined {
    return this.names.lookup(name);
  }

  /** Releases a name; false when it was not there or is not the owner's to release. */
  unregisterName(name: string, scope: number, ownerPid: string): boolean {
    return this.names.unregister(name, scope, ownerPid);
  }

  /** Changes an option of a process. */
  setOption(process: LuaProcess, option: "trap_links" | "upgradable", value: boolean): void {
    if (option === "upgradable") process.upgradable = value;
    else {
      process.trapLinks = value;
      this.table.setTrapLinks(process.id, value);
    }
  }

  /** Replaces the code of the calling process when this slice is over. */
  upgradeSelf(process: LuaProcess, entryId: string, args: Uint8Array): NativeResult {
    this.defer(() => {
      if (this.#bySlot[process.slot] !== process) return;
      try {
        const program = this.#processProgram(entryId);
        process.program = program;
        process.outdated = null;
        this.universe.replace(process.slot, program.ref, args);
      } catch (error) {
        this.universe.kill(process.slot, luaErrorOf(error));
      }
    });
    return PENDING;
  }

  // --- Changed code -----------------------------------------------------------------------------------------------------

  /** Adds or replaces the code of an entry. Fails with Invalid and changes nothing when it does not compile. */
  define(definition: LuaDefinition): void {
    if (this.programs.definition(definition.id) !== undefined) this.adoptAll();
    this.programs.set(definition);
  }

  /** Forgets the code of an entry. */
  undefine(id: string): void {
    this.adoptAll();
    this.programs.delete(id);
  }

  /** Tells everything that runs code of `ids` that it changed: pools retire, upgradable processes get OUTDATED. */
  announceChanged(ids: readonly string[]): void {
    const affected = [...this.programs.definitions()]
      .filter((definition) => {
        const reach = this.programs.reach(definition.id);
        return ids.some((id) => reach.has(id));
      })
      .map((definition) => definition.id);
    this.functions.retire([...new Set([...affected, ...ids])]);
    for (const process of this.#byId.values()) {
      if (process.isCall || !process.upgradable) continue;
      const { sources } = process.program;
      const changed = [...new Set([...ids, ...affected])].filter((id) => sources.has(id));
      if (changed.length === 0) continue;
      const fresh = process.outdated === null || !this.universe.hasEvent(process.slot, "pid.outdated");
      process.outdated = new Set([...(fresh ? [] : process.outdated!), ...changed]);
      const event = {
        kind: "pid.outdated",
        from: process.pid,
        at: this.#nowSeconds(),
        sources: [...process.outdated].sort(),
      };
      this.universe.deliverEvent(process.slot, process.pid, event, "pid.outdated");
      this.wake();
    }
  }

  // --- The Runtime port -------------------------------------------------------------------------------------------------

  spawn(entryId: string, hostId: string, options: SpawnOptions = {}): string {
    const args = options.args === undefined ? this.#noArgs : this.universe.encode(options.args as LuaValue[]);
    const name = options.name ?? "";
    if (name !== "" && this.names.lookup(name) !== undefined) {
      throw new Failure("AlreadyExists", "name already registered", { retryable: false, details: { name } });
    }
    const process = this.spawnProcess(entryId, hostId, args, {
      frame: options.frame ?? EMPTY_FRAME,
      inherit: true,
    });
    if (name !== "") this.names.register(name, process.pid, process.id, 0);
    const { onExit } = options;
    if (onExit !== undefined) this.onExit(process, (exit) => onExit(this.#processExit(process.pid, exit)));
    return process.pid;
  }

  watch(pid: string, onExit: (exit: ProcessExit) => void): () => void {
    const process = this.liveProcess(pid);
    if (process === undefined) {
      onExit({ pid, value: null, failure: new Failure("NotFound", "process not found") });
      return () => {};
    }
    return this.onExit(process, (exit) => onExit(this.#processExit(pid, exit)));
  }

  #processExit(pid: string, exit: Exit): ProcessExit {
    const outcome = this.#outcome(callResult(this, exit));
    return outcome.ok
      ? { pid, value: outcome.value, failure: null }
      : { pid, value: null, failure: outcome.failure };
  }

  openNative(
    hostId: string,
    receiver: NativeReceiver,
  ): { pid: string; end(value: Value, failure: Failure | null): void } {
    const id = this.universe.nextPid();
    const pid = printPid({ node: this.#node, host: hostId, id });
    this.#natives.set(id, { id, pid, host: hostId, receiver });
    // Nothing can end it from here, so the failure of a linked peer is an event to it.
    this.table.setTrapLinks(id, true);
    return {
      pid,
      end: (value, failure) => {
        if (!this.#natives.delete(id)) return;
        this.names.release(id);
        this.table.exited(id, pid, value, failure);
      },
    };
  }

  // --- Events -----------------------------------------------------------------------------------------------------------

  #deliverEvent(id: number, event: LifecycleEvent): void {
    const process = this.#find(id);
    if (process !== undefined) {
      this.universe.deliverEvent(process.slot, event.from, eventTable(event));
      this.wake();
      return;
    }
    this.#natives.get(id)?.receiver.event(event);
  }

  #failProcess(id: number, failure: Failure): void {
    const process = this.#find(id);
    if (process !== undefined) this.killProcess(process, luaErrorOf(failure));
  }

  #nowSeconds(): number {
    return Math.floor(this.services.ports.clock.nowMs() / 1000);
  }

  // --- Inspection -------------------------------------------------------------------------------------------------------

  /** Facts of every live process. */
  processes(): ProcessFacts[] {
    this.adoptAll();
    const facts: ProcessFacts[] = [];
    for (const process of this.#byId.values()) {
      if (process.isCall) continue;
      const info = this.universe.info(process.slot);
      facts.push({
        pid: process.pid,
        entry: process.entryId,
        host: process.host,
        state: info.state,
        memoryBytes: this.universe.memoryOf(process.slot),
        mailbox: info.mailbox,
        coroutines: info.fibers,
        channels: info.channels,
        subscriptions: info.subscriptions,
        names: this.names.namesOf(process.id),
        turns: this.universe.turnsOf(process.slot),
        startedMs: process.startedMs,
        parent: process.parent,
        actor: process.frame.actor?.id ?? "",
      });
    }
    return facts;
  }

  /** Live processes, calls included. */
  get liveCount(): number {
    this.adoptAll();
    return this.#byId.size;
  }
}

/** The table that Lua gets for an event. */
function eventTable(event: LifecycleEvent): { [key: string]: LuaValue } {
  if (event.kind === "pid.cancel") return { ...event };
  const { value, error } = event.result;
  const failure = error === null ? null : error.cause instanceof LuaError ? error.cause : luaErrorOf(error);
  return { ...event, result: { value: value as LuaValue, error: failure } };
}

function raisedError(raised: Raised): LuaError {
  return typeof raised.error === "string" ? new LuaError(raised.error, "", null) : raised.error;
}

function isRaisedFailure(error: unknown): error is { luaError: LuaError } {
  return typeof error === "object" && error !== null && "luaError" in error;
}
