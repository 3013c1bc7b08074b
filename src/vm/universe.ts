/**
 * One Lua universe: a WebAssembly instance that runs any number of processes.
 *
 * Owns the memory views, native functions and the way in and out; which process runs is the kernel's business, what a process
 * means to the rest belongs to `src/lua`.
 *
 * U1. Host callbacks and native functions run inside `run`; they may call anything here but `run`.
 */
import { Failure } from "../core/mod.ts";
import { type Adopted, decodeAdopted } from "./adopted.ts";
import { Code } from "./code.ts";
import { Exchange } from "./exchange.ts";
import { FedChannels } from "./fed_channels.ts";
import { instantiate, type VmExports } from "./instance.ts";
import { Looks } from "./looks.ts";
import { NativeTable } from "./native_table.ts";
import { shortBytes } from "./text.ts";
import { decodeUnread, type Unread } from "./unread.ts";
import {
  Encoded,
  type Exit,
  type Given,
  LuaError,
  LuaHandle,
  type LuaValue,
  type ProgramRef,
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
  /** What the numbers of processes are counted from; 0 by default. */
  readonly pidBase?: number;
  /** Most bytes of Lua heap. */
  readonly heapBytesMax?: number;
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
/** WebAssembly's 4 GiB less room for what is not Lua heap. */
const HEAP_BYTES_MAX = 3.5 * 1024 ** 3;
/** Largest pause the collector of Lua takes, in percent. */
const GARBAGE_PAUSE_MAX = 1000;
const NOTHING = new Uint8Array(2);
/** Answer to a completion that has taken the exchange buffer along. */
const BUFFER_TAKEN = 2;
/** Checks of one turn as the kernel starts out (`vm_budget_turn`). */
const TURN_CHECKS = 4000;

/** A universe. */
export class Universe {
  readonly #host: UniverseHost;
  readonly #looks: Looks;
  readonly #nowSeconds: () => number;
  readonly #pidBase: number;
  readonly #vm: VmExports;
  readonly #exchange: Exchange;
  /** Checks a process may take in one turn. */
  budget = TURN_CHECKS;
  readonly code: Code;
  readonly natives: NativeTable;
  readonly channels: FedChannels;

  private constructor(options: UniverseOptions) {
    this.#host = options.host;
    this.#looks = new Looks(options.now);
    this.#nowSeconds = options.nowSeconds ?? (() => 0);
    this.#pidBase = options.pidBase ?? 0;
    const natives = this.natives = new NativeTable((slot, error) => this.#host.failed?.(slot, error));
    this.#vm = instantiate({
      native: natives.call,
      exited: (slot, ok, at, length) => this.#exited(slot, ok, at, length),
      released: (classId, id) => this.#host.released(classId, id),
      exceeded: () => {},
    });
    const { hashSeed, orderSeed = 0, randomSeed, heapBytesMax = HEAP_BYTES_MAX } = options;
    if (this.#vm.create(hashSeed >>> 0, orderSeed, randomSeed, heapBytesMax) === 0) {
      throw new Error("no memory for a Lua universe");
    }
    this.#exchange = new Exchange(this.#vm);
    natives.bind(this.#exchange);
    this.code = new Code(this.#exchange);
    this.channels = new FedChannels(this.#exchange);
  }

  /** A new universe. */
  static create(options: UniverseOptions): Universe {
    return new Universe(options);
  }

  // --- Values -----------------------------------------------------------------------------------------------------------

  /** `values` as an encoded list, in bytes of their own. */
  encode(values: readonly LuaValue[]): Uint8Array {
    return this.#exchange.writer.list(values).slice();
  }

  /** The values of an encoded list. With `exact`, floats that are whole come as `LuaFloat`. */
  decode(bytes: Uint8Array, exact = false): LuaValue[] {
    return this.#exchange.reader.list(bytes, exact);
  }

  /** JSON of a value, by the rules of the `json` module. Fails with Internal for what has no JSON. */
  encodeJson(value: LuaValue): Uint8Array {
    return this.#json(this.#exchange.writer.list([value]), this.#vm.json_encode);
  }

  /** The value of a JSON text as an encoded list of one. Fails with Internal when it is malformed. */
  decodeJson(text: Uint8Array): Uint8Array {
    return this.#json(text, this.#vm.json_decode);
  }

  #json(input: Uint8Array, convert: (length: number) => number): Uint8Array {
    this.#exchange.fill(input);
    const status = convert(input.length);
    const output = this.#exchange.out().slice();
    if (status === 0) return output;
    throw new Failure("Internal", new TextDecoder().decode(output), { retryable: false });
  }

  /** Number of values in an encoded list. */
  countOf(bytes: Uint8Array): number {
    return this.#exchange.reader.open(bytes);
  }

  /** The list of only the first value of a list. */
  firstOf(bytes: Uint8Array): Uint8Array {
    const count = this.#exchange.reader.open(bytes);
    if (count <= 1) return bytes;
    const [start, end] = this.#exchange.reader.span();
    const first = new Uint8Array(end - start + 2);
    first[0] = bytes[0]!;
    first[1] = 1;
    first.set(bytes.subarray(start, end), 2);
    return first;
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
    const host = shortBytes(options.host);
    const node = shortBytes(options.node);
    const { args, guarded, memoryBytesMax, pid, program } = options;
    this.#exchange.fill(host, node, args);
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
    return this.#pidBase + this.#vm.next_pid();
  }

  /** Numbers the frame that children started by this process inherit. `released(0, frame)` tells when none has it any more. */
  setFrame(slot: number, frame: number): void {
    this.#vm.set_frame(slot, frame);
  }

  /** Lets processes of this entry be started inside the VM; without a program no longer. */
  openProgram(id: string, program: ProgramRef | undefined): void {
    const name = shortBytes(id);
    this.#exchange.fill(name);
    this.#vm.open_program(program ?? 0, name.length);
  }

  /** Lets processes be started on this host inside the VM, or no longer. */
  openHost(id: string, open: boolean): void {
    const name = shortBytes(id);
    this.#exchange.fill(name);
    this.#vm.open_host(open ? 1 : 0, name.length);
  }

  /** Makes a process that was started inside the VM known; undefined when there is none to adopt at this slot. */
  adopt(slot: number): Adopted | undefined {
    if (this.#vm.adopt(slot) === 0) return undefined;
    return decodeAdopted(this.#exchange.out().slice());
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
    const host = shortBytes(call.host);
    this.#exchange.fill(host, call.args);
    if (this.#vm.call_worker(slot, call.pid, host.length, call.args.length, call.guarded ? 1 : 0) === 0) {
      throw new Error(`worker ${slot} can't take a call`);
    }
  }

  /** Ends a process by force. With an error it is reported through `exited`. */
  kill(slot: number, error: LuaError | null): void {
    const bytes = error === null ? NOTHING : this.#exchange.writer.list([error]);
    this.#exchange.fill(bytes);
    this.#vm.kill(slot, error === null ? 0 : bytes.length);
  }

  /** Ends the evaluations of an interactive session, not the session; how many there were. */
  endEvaluations(slot: number): number {
    return this.#vm.end_evaluations(slot);
  }

  /** Replaces the program of a process; its mailbox stays. */
  replace(slot: number, program: ProgramRef, args: Uint8Array): void {
    this.#exchange.fill(args);
    this.#vm.replace(slot, program, args.length);
  }

  /** Takes the oldest message or event that a process has not received; it must be ended then. */
  takeUnread(slot: number): Unread | undefined {
    return this.#vm.mailbox_take(slot) === 0 ? undefined : decodeUnread(this.#exchange.out().slice());
  }

  /** Completes a pending native call. */
  complete(slot: number, tag: number, values: readonly Given[] | Encoded): void {
    const isEncoded = values instanceof Encoded;
    if (isEncoded) this.#exchange.fill(values.bytes);
    const length = isEncoded ? values.bytes.length : this.#exchange.putLong(values);
    if (this.#vm.complete(slot, tag, length, 0) === BUFFER_TAKEN) this.#exchange.renew();
  }

  /** Completes a pending native call by raising an error in it. */
  completeRaise(slot: number, tag: number, error: LuaError): void {
    const taken = this.#vm.complete(slot, tag, this.#exchange.put([error]), 1);
    if (taken === BUFFER_TAKEN) this.#exchange.renew();
  }

  /** Puts a message into a mailbox; false when the process is closing. */
  deliver(slot: number, topic: string, from: string, values: Uint8Array): boolean {
    const name = shortBytes(topic);
    const sender = shortBytes(from);
    this.#exchange.fill(name, sender, values);
    return this.#vm.deliver(slot, name.length, sender.length, values.length) !== 0;
  }

  /** Puts an event into the events channel. With `key`, it replaces an unread event of that key. */
  deliverEvent(slot: number, from: string, event: { [key: string]: LuaValue }, key = ""): boolean {
    return this.deliver(slot, `@${key}`, from, this.#exchange.writer.list([event]).slice());
  }

  /** Whether an event of that key is unread. */
  hasEvent(slot: number, key: string): boolean {
    const name = shortBytes(`@${key}`);
    this.#exchange.fill(name);
    return this.#vm.has_event(slot, name.length) !== 0;
  }

  // --- Running ----------------------------------------------------------------------------------------------------------

  /** Runs ready processes for at most `turns` turns and about `sliceMs`; returns how many are ready still. */
  run(turns: number, sliceMs: number): number {
    this.#vm.set_now(this.#nowSeconds());
    return this.#looks.run(this.#vm, turns, sliceMs);
  }

  /** Processes that could run now. */
  get ready(): number {
    return this.#vm.ready();
  }

  /** Changes how many checks a process may take in one turn. */
  setBudget(checks: number): void {
    this.budget = checks;
    this.#vm.set_budget(checks);
  }

  // --- Observing --------------------------------------------------------------------------------------------------------

  /** Facts of a slot. */
  info(slot: number): SlotInfo {
    const state = STATES[this.#vm.info(slot)] ?? "complete";
    const out = this.#exchange.out();
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
    const results = this.#exchange.memory().slice(at >>> 0, (at >>> 0) + length);
    if (ok !== 0) {
      this.#host.exited(slot, { ok: true, results, error: undefined });
      return;
    }
    const raised = this.#exchange.reader.first(results);
    const error = raised instanceof LuaError ? raised : new LuaError("process terminated", "Internal", false);
    this.#host.exited(slot, { ok: false, results, error });
  }
}
