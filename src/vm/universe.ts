/**
 * One Lua universe: a WebAssembly instance that runs any number of processes.
 *
 * Owns the memory views, native functions and the way in and out; which process runs is the kernel's business, what a process
 * means to the rest belongs to `src/lua`.
 *
 * U1. Host callbacks and native functions run inside `run`; they may call anything here but `run`.
 * U2. Views of memory are taken anew after every call that may allocate.
 */
import { Failure } from "../core/mod.ts";
import { Reader, Writer } from "./codec.ts";
import { instantiate, type VmExports } from "./instance.ts";
import { CallFrame } from "./native_call.ts";
import {
  ArgumentError,
  type CodeRef,
  Encoded,
  type Exit,
  type GlobalsRef,
  LuaChannel,
  LuaError,
  LuaHandle,
  LuaSyntaxError,
  type LuaValue,
  type ModuleMember,
  type ModuleRef,
  type NativeCall,
  type NativeResult,
  PENDING,
  type ProgramRef,
  Raised,
  RaisedFailure,
  Values,
} from "./value.ts";

/** What a universe tells its owner. */
export interface UniverseHost {
  /** A process ended, or a worker's call did. */
  exited(slot: number, exit: Exit): void;
  /** Lua has dropped an object, or its process ended. */
  released(classId: number, id: number): void;
  /** A native function threw something unexpected. */
  failed?(slot: number, error: unknown): void;
}

/** How to make a universe. */
export interface UniverseOptions {
  readonly host: UniverseHost;
  /** A clock in milliseconds for slices. */
  readonly now: () => number;
  /** Unix seconds for events that the VM makes. */
  readonly nowSeconds?: () => number;
  /** String hash seed; must be random unless runs are to repeat. */
  readonly hashSeed: number;
  /** Seed of what `math.random` draws without a seed of its own. */
  readonly randomSeed: number;
  /** Seed of the order of ready processes; 0 is first in, first out. */
  readonly orderSeed?: number;
  /** Most bytes of Lua heap. */
  readonly heapBytesMax?: number;
}

/** A process that was started inside the VM, when it becomes known outside. */
export interface Adopted {
  readonly pid: number;
  /** Number of the process that watches it, 0 for none. */
  readonly watcher: number;
  readonly frame: number;
  readonly startedSeconds: number;
  readonly program: ProgramRef;
  readonly host: string;
  /** Pid text of its parent. */
  readonly parent: string;
}

/** State of a process as the kernel sees it. */
export interface SlotInfo {
  state: "ready" | "running" | "blocked" | "idle" | "complete";
  mailbox: number;
  fibers: number;
  channels: number;
  /** Topics, inbox and events that are listened to. */
  subscriptions: number;
}

const STATES: readonly SlotInfo["state"][] = ["complete", "ready", "running", "blocked", "idle", "complete"];
/** Turns between two looks at the clock. */
const TURNS_PER_LOOK = 16;
/** WebAssembly's 4 GiB less room for what is not Lua heap. */
const HEAP_BYTES_MAX = 3.5 * 1024 ** 3;
/** Largest pause the collector of Lua takes, in percent. */
const GARBAGE_PAUSE_MAX = 1000;
/** Size of the exchange buffer to begin with; as in C. */
const IO_BYTES = 65_536;
const NOTHING = new Uint8Array([0, 0]);

/** A universe. */
export class Universe {
  readonly #host: UniverseHost;
  readonly #now: () => number;
  readonly #nowSeconds: () => number;
  readonly #vm: VmExports;
  readonly #writer = new Writer();
  readonly #reader = new Reader();
  readonly #natives: ((call: NativeCall) => NativeResult)[] = [];
  readonly #frames: CallFrame[] = [];
  #depth = 0;
  #bytes = new Uint8Array(0);
  /** The exchange buffer: address and size. */
  #io = 0;
  #ioBytes = 0;

  private constructor(options: UniverseOptions) {
    this.#host = options.host;
    this.#now = options.now;
    this.#nowSeconds = options.nowSeconds ?? (() => 0);
    this.#vm = instantiate({
      native: (index, args, count, tag) => this.#callNative(index, args, count, tag),
      exited: (slot, ok, at, length) => this.#exited(slot, ok, at, length),
      released: (classId, id) => this.#host.released(classId, id),
      exceeded: () => {},
    });
    const { hashSeed, orderSeed = 0, randomSeed, heapBytesMax = HEAP_BYTES_MAX } = options;
    if (this.#vm.create(hashSeed >>> 0, orderSeed, randomSeed, heapBytesMax) === 0) {
      throw new Error("no memory for a Lua universe");
    }
    this.#refresh();
    this.#room(IO_BYTES);
  }

  /** A new universe. */
  static create(options: UniverseOptions): Universe {
    return new Universe(options);
  }

  // --- Memory -----------------------------------------------------------------------------------------------------------

  #refresh(): Uint8Array {
    // Growing detaches the buffer, which leaves its views empty; asking the memory each time is slow.
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.#vm.memory.buffer);
    return this.#bytes;
  }

  /** Writes byte runs one after the other into the exchange buffer. */
  #fill(...parts: Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    let at = this.#room(length);
    const bytes = this.#refresh();
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
  }

  /** Address of the exchange buffer once it holds `length` bytes. */
  #room(length: number): number {
    if (length > this.#ioBytes) {
      const at = this.#vm.io(length) >>> 0;
      if (at === 0) throw new Failure("LimitExceeded", `no memory for ${length} bytes`);
      this.#io = at;
      this.#ioBytes = length;
    }
    return this.#io;
  }

  /** Writes a list into the exchange buffer; returns its length. */
  #put(values: readonly LuaValue[]): number {
    const length = this.#writer.into(this.#refresh(), this.#io, this.#io + this.#ioBytes, values);
    const { spilled } = this.#writer;
    if (spilled !== undefined) this.#fill(spilled);
    return length;
  }

  /** What the VM put out; a view. */
  #out(): Uint8Array {
    const at = this.#vm.out() >>> 0;
    return this.#refresh().subarray(at, at + this.#vm.out_size());
  }

  // --- Values -----------------------------------------------------------------------------------------------------------

  /** `values` as an encoded list, in bytes of their own. */
  encode(values: readonly LuaValue[]): Uint8Array {
    return this.#writer.list(values).slice();
  }

  /** The values of an encoded list. With `exact`, floats that are whole come as `LuaFloat`. */
  decode(bytes: Uint8Array, exact = false): LuaValue[] {
    return this.#reader.list(bytes, exact);
  }

  /** JSON of a value, by the rules of the `json` module. Fails with Internal for what has no JSON. */
  encodeJson(value: LuaValue): Uint8Array {
    return this.#json(this.#writer.list([value]), this.#vm.json_encode);
  }

  /** The value of a JSON text as an encoded list of one. Fails with Internal when it is malformed. */
  decodeJson(text: Uint8Array): Uint8Array {
    return this.#json(text, this.#vm.json_decode);
  }

  #json(input: Uint8Array, convert: (length: number) => number): Uint8Array {
    this.#fill(input);
    const status = convert(input.length);
    const output = this.#out().slice();
    if (status === 0) return output;
    throw new Failure("Internal", new TextDecoder().decode(output), { retryable: false });
  }

  /** Number of values in an encoded list. */
  countOf(bytes: Uint8Array): number {
    return this.#reader.open(bytes);
  }

  /** The list of only the first value of a list. */
  firstOf(bytes: Uint8Array): Uint8Array {
    const count = this.#reader.open(bytes);
    if (count <= 1) return bytes;
    const [start, end] = this.#reader.span();
    const first = new Uint8Array(end - start + 2);
    first[0] = bytes[0]!;
    first[1] = 1;
    first.set(bytes.subarray(start, end), 2);
    return first;
  }

  // --- Definitions ------------------------------------------------------------------------------------------------------

  /** Registers a native function; returns its index. */
  native(fn: (call: NativeCall) => NativeResult): number {
    return this.#natives.push(fn) - 1;
  }

  #define(define: (length: number) => number, value: LuaValue): number {
    const bytes = this.#writer.list([value]);
    this.#fill(bytes);
    const ref = define(bytes.length);
    if (ref < 0) {
      throw new Error(
        `definition refused: ${
          String((this.#reader.first(this.#out()) as LuaError)?.message ?? this.#reader.first(this.#out()))
        }`,
      );
    }
    return ref;
  }

  /** A class of userdata; operators by their name without underscores. Returns its id. */
  defineClass(
    definition: { name: string; methods: Record<string, number> } & { [operator: string]: unknown },
  ): number {
    const { name, methods, ...operators } = definition;
    const meta: Record<string, number> = {};
    for (const [key, index] of Object.entries(operators)) if (typeof index === "number") meta[key] = index;
    return this.#define(this.#vm.define_class, { name, methods, meta });
  }

  /** A frozen module table (or any other member). */
  defineModule(definition: { name: string; members: ModuleMember }): ModuleRef {
    return this.#define(this.#vm.define_module, definition as unknown as LuaValue);
  }

  /** Globals: the base library plus these modules by name. */
  defineGlobals(modules: Record<string, ModuleRef>): GlobalsRef {
    return this.#define(this.#vm.define_globals, modules);
  }

  /** Compiles a chunk. Throws `LuaSyntaxError`. */
  compile(source: string | Uint8Array, chunk: string): CodeRef {
    const encoder = new TextEncoder();
    const text = typeof source === "string" ? encoder.encode(source) : source;
    const name = encoder.encode(chunk);
    this.#fill(text, name);
    const ref = this.#vm.compile(text.length, name.length);
    if (ref >= 0) return ref;
    if (ref === -2) throw new Failure("LimitExceeded", `no memory to compile ${chunk}`);
    const message = String(this.#reader.first(this.#out()));
    const match = /^(.*):(\d+): ([\s\S]*)$/.exec(message);
    if (match === null) throw new LuaSyntaxError(chunk, 1, message);
    throw new LuaSyntaxError(chunk, Number(match[2]), match[3]!);
  }

  /** Forgets a chunk; programs that use it keep it. */
  releaseCode(ref: CodeRef): void {
    this.#vm.unref(ref);
  }

  /** A program: units in dependency order, the last one's `method` is called. Import units count from 0. */
  defineProgram(definition: {
    units: { code: CodeRef; globals: GlobalsRef; imports: { alias: string; unit: number }[] }[];
    method: string;
  }): ProgramRef {
    const bytes = this.#writer.list([definition]);
    this.#fill(bytes);
    const ref = this.#vm.define_program(bytes.length);
    if (ref === 0) throw new Failure("LimitExceeded", "no memory for a program");
    return ref;
  }

  /** Forgets a program; running processes keep it. */
  releaseProgram(ref: ProgramRef): void {
    this.#vm.release_program(ref);
  }

  /** Names a host object for Lua. */
  handle(classId: number, id: number): LuaHandle {
    return new LuaHandle(classId, id);
  }

  // --- Processes --------------------------------------------------------------------------------------------------------

  /** Starts a process; it is ready. Returns its slot. */
  spawn(options: {
    program: ProgramRef;
    pid: number;
    host: string;
    node: string;
    guarded: boolean;
    memoryBytesMax: number;
    args: Uint8Array;
  }): number {
    const host = text(options.host);
    const node = text(options.node);
    const { args, guarded, memoryBytesMax, pid, program } = options;
    this.#fill(host, node, args);
    const slot = this.#vm.spawn(
      program,
      pid,
      host.length,
      node.length,
      args.length,
      guarded ? 1 : 0,
      memoryBytesMax,
    );
    if (slot < 0) throw new Failure("LimitExceeded", "no memory for another process");
    return slot;
  }

  /** The next process number. */
  nextPid(): number {
    return this.#vm.next_pid();
  }

  /** Numbers the frame that children started by this process inherit. `released(0, frame)` tells when none has it any more. */
  setFrame(slot: number, frame: number): void {
    this.#vm.set_frame(slot, frame);
  }

  /** Lets processes of this entry be started inside the VM; without a program no longer. */
  openProgram(id: string, program: ProgramRef | undefined): void {
    const name = text(id);
    this.#fill(name);
    this.#vm.open_program(program ?? 0, name.length);
  }

  /** Lets processes be started on this host inside the VM, or no longer. */
  openHost(id: string, open: boolean): void {
    const name = text(id);
    this.#fill(name);
    this.#vm.open_host(open ? 1 : 0, name.length);
  }

  /** Makes a process that was started inside the VM known; undefined when there is none to adopt at this slot. */
  adopt(slot: number): Adopted | undefined {
    if (this.#vm.adopt(slot) === 0) return undefined;
    const out = this.#out().slice();
    const numbers = new Float64Array(out.buffer, 0, 7);
    const texts = out.subarray(56);
    const decoder = new TextDecoder();
    const [pid, watcher, frame, startedSeconds, program, hostLength, parentLength] =
      numbers as unknown as number[];
    return {
      pid: pid!,
      watcher: watcher!,
      frame: frame!,
      startedSeconds: startedSeconds!,
      program: program!,
      host: decoder.decode(texts.subarray(0, hostLength)),
      parent: decoder.decode(texts.subarray(hostLength!, hostLength! + parentLength!)),
    };
  }

  /** Slot of a live process by its number; -1 when there is none. */
  slotOf(pid: number): number {
    return this.#vm.slot_of(pid);
  }

  /** One more than the highest slot in use. */
  get slots(): number {
    return this.#vm.slots();
  }

  /** A worker that loads the program and waits for calls. */
  newWorker(
    options: { program: ProgramRef; host: string; node: string; guarded: boolean; memoryBytesMax: number },
  ): number {
    return this.spawn({ ...options, pid: 0, args: NOTHING.subarray(0, 0) });
  }

  /** Gives an idle worker a call. */
  callWorker(slot: number, call: { pid: number; host: string; guarded: boolean; args: Uint8Array }): void {
    const host = text(call.host);
    this.#fill(host, call.args);
    if (this.#vm.call_worker(slot, call.pid, host.length, call.args.length, call.guarded ? 1 : 0) === 0) {
      throw new Error(`worker ${slot} can't take a call`);
    }
  }

  /** Ends a process by force. With an error it is reported through `exited`. */
  kill(slot: number, error: LuaError | null): void {
    const bytes = error === null ? NOTHING : this.#writer.list([error]);
    this.#fill(bytes);
    this.#vm.kill(slot, error === null ? 0 : bytes.length);
  }

  /** Replaces the program of a process; its mailbox stays. */
  replace(slot: number, program: ProgramRef, args: Uint8Array): void {
    this.#fill(args);
    this.#vm.replace(slot, program, args.length);
  }

  /** Completes a pending native call. */
  complete(slot: number, tag: number, values: readonly LuaValue[] | Encoded): void {
    if (values instanceof Encoded) {
      this.#fill(values.bytes);
      this.#vm.complete(slot, tag, values.bytes.length, 0);
    } else this.#vm.complete(slot, tag, this.#put(values), 0);
  }

  /** Completes a pending native call by raising an error in it. */
  completeRaise(slot: number, tag: number, error: LuaError): void {
    const bytes = this.#writer.list([error]);
    this.#fill(bytes);
    this.#vm.complete(slot, tag, bytes.length, 1);
  }

  /** Puts a message into a mailbox; false when the process is closing. */
  deliver(slot: number, topic: string, from: string, values: Uint8Array): boolean {
    const name = text(topic);
    const sender = text(from);
    this.#fill(name, sender, values);
    return this.#vm.deliver(slot, name.length, sender.length, values.length) !== 0;
  }

  /** Puts an event into the events channel. With `key`, it replaces an unread event of that key. */
  deliverEvent(slot: number, from: string, event: { [key: string]: LuaValue }, key = ""): boolean {
    return this.deliver(slot, `@${key}`, from, this.#writer.list([event]).slice());
  }

  /** Whether an event of that key is unread. */
  hasEvent(slot: number, key: string): boolean {
    const name = text(`@${key}`);
    this.#fill(name);
    return this.#vm.has_event(slot, name.length) !== 0;
  }

  /** A channel that the host feeds. */
  openChannel(slot: number, capacity: number): LuaChannel {
    const id = this.#vm.open_channel(slot, capacity);
    if (id === 0) throw new Failure("LimitExceeded", "no memory for a channel");
    return new LuaChannel(id);
  }

  /** Feeds a channel; with "drop" a full one refuses. */
  channelSend(slot: number, channel: LuaChannel, value: LuaValue, mode: "queue" | "drop" = "queue"): boolean {
    const bytes = this.#writer.list([value]);
    this.#fill(bytes);
    return this.#vm.channel_send(slot, channel.id, bytes.length, mode === "drop" ? 1 : 0) !== 0;
  }

  /** Closes a channel after what is queued. */
  channelClose(slot: number, channel: LuaChannel): void {
    this.#vm.channel_close(slot, channel.id);
  }

  /** Drops unreceived values of a channel. */
  channelClear(slot: number, channel: LuaChannel): void {
    this.#vm.channel_clear(slot, channel.id);
  }

  /** Leaves a channel to Lua: it can't be named any more, and goes when Lua drops it. */
  channelRelease(slot: number, channel: LuaChannel): void {
    this.#vm.channel_release(slot, channel.id);
  }

  // --- Running ----------------------------------------------------------------------------------------------------------

  /** Runs ready processes for at most `turns` turns and about `sliceMs`; returns how many are ready still. */
  run(turns: number, sliceMs: number): number {
    const end = this.#now() + sliceMs;
    this.#vm.set_now(this.#nowSeconds());
    let ready = 1;
    while (turns > 0 && ready > 0) {
      ready = this.#vm.run(Math.min(turns, TURNS_PER_LOOK));
      turns -= TURNS_PER_LOOK;
      if (ready > 0 && this.#now() >= end) break;
    }
    return ready;
  }

  /** Processes that could run now. */
  get ready(): number {
    return this.#vm.ready();
  }

  /** Checks a process may take in one turn. */
  setBudget(checks: number): void {
    this.#vm.set_budget(checks);
  }

  // --- Observing --------------------------------------------------------------------------------------------------------

  /** Facts of a slot. */
  info(slot: number): SlotInfo {
    const state = STATES[this.#vm.info(slot)] ?? "complete";
    const out = this.#out();
    const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
    return {
      state,
      mailbox: view.getUint32(0, true),
      fibers: view.getUint32(4, true),
      channels: view.getUint32(8, true),
      subscriptions: view.getUint32(12, true),
    };
  }

  /** Bytes a process holds. */
  memoryOf(slot: number): number {
    return this.#vm.memory_of(slot);
  }

  /** Turns a process has taken; also answered inside `exited`. */
  turnsOf(slot: number): number {
    return this.#vm.turns_of(slot) >>> 0;
  }

  /** Growth of the heap, in percent, before a collection begins. */
  setGarbagePercent(percent: number): void {
    this.#vm.collector(Math.min(GARBAGE_PAUSE_MAX, 100 + percent), 0, 0);
  }

  /** Bytes of the whole Lua heap. */
  get heapBytes(): number {
    return this.#vm.heap();
  }

  /** Processes and workers alive. */
  get live(): number {
    return this.#vm.live();
  }

  /** A full collection. */
  collect(): void {
    this.#vm.gc();
  }

  // --- Called by the VM -------------------------------------------------------------------------------------------------

  #exited(slot: number, ok: number, at: number, length: number): void {
    const results = this.#refresh().slice(at >>> 0, (at >>> 0) + length);
    if (ok !== 0) {
      this.#host.exited(slot, { ok: true, results, error: undefined });
      return;
    }
    const raised = this.#reader.first(results);
    const error = raised instanceof LuaError ? raised : new LuaError("process terminated", "Internal", false);
    this.#host.exited(slot, { ok: false, results, error });
  }

  #callNative(index: number, args: number, count: number, tag: number): number {
    const depth = this.#depth++;
    let frame = this.#frames[depth];
    if (frame === undefined) this.#frames[depth] = frame = new CallFrame(this.#vm, this.#reader);
    frame.open(args >>> 0, count, tag);
    try {
      return this.#result(this.#natives[index]!(frame));
    } catch (error) {
      return this.#thrown(frame.slot, error);
    } finally {
      this.#depth--;
    }
  }

  #result(result: NativeResult): number {
    if (typeof result === "object" && result !== null) {
      if (result instanceof Values) return this.#reply(result.items, 0);
      if (result instanceof Raised) return this.#reply([result.error], 2);
      if (result instanceof Encoded) {
        this.#fill(result.bytes);
        return result.bytes.length << 3;
      }
    } else if (result === PENDING) return 1;
    return this.#reply([result], 0);
  }

  #reply(values: readonly LuaValue[], code: number): number {
    return (this.#put(values) << 3) | code;
  }

  #thrown(slot: number, error: unknown): number {
    if (error instanceof Failure) {
      const object = new LuaError(
        error.message,
        error.kind,
        error.retryable ?? null,
        (error.details ?? null) as LuaValue,
      );
      return this.#reply([null, object], 0);
    }
    if (error instanceof ArgumentError) return this.#reply([error.index, error.message], 4);
    if (error instanceof RaisedFailure) return this.#reply([error.luaError], 2);
    this.#host.failed?.(slot, error);
    const message = error instanceof Error ? error.message : String(error);
    return this.#reply([new LuaError(message, "Internal", false)], 2);
  }
}

const NO_TEXT = new Uint8Array(0);
const encoder = new TextEncoder();
const texts = new Map<string, Uint8Array>();
const TEXTS_CACHED_MAX = 1024;

/** UTF-8 of a host, node or topic; these repeat. */
function text(value: string): Uint8Array {
  if (value === "") return NO_TEXT;
  let bytes = texts.get(value);
  if (bytes === undefined) {
    bytes = encoder.encode(value);
    if (texts.size >= TEXTS_CACHED_MAX) texts.clear();
    texts.set(value, bytes);
  }
  return bytes;
}
