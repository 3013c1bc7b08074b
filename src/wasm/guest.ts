/**
 * The end of a thread on which guests run: their modules, their instances, and calls of them.
 *
 * A thread runs one call at a time; who must be stopped is stopped together with its thread (`interruptible.ts`).
 *
 * G1. An instance that has failed is not used again.
 * G2. Every failure of a guest is told in one message with its kind; nothing a guest does ends the thread.
 */
import { asFailure, Failure, type FailureKind, GUEST_MEMORY_BYTES_MAX } from "../core/mod.ts";
import type { ThreadInlet } from "../ports/mod.ts";
import { aligned, alignOf, type CoreValue, flatTypes, type GuestMemory, sizeOf } from "./abi_layout.ts";
import { GuestError, lift, load } from "./abi_lift.ts";
import { lower, store } from "./abi_lower.ts";
import type { CoreRef, GuestPlan, HostImport } from "./guest_plan.ts";
import { emptyFunction, hostFunction } from "./host_functions.ts";
import { START_FUNCTION, TURN_TABLE } from "./interruptible.ts";
import { type OutsideMessage, type SharedAnswer, ThreadOutside } from "./outside.ts";
import { FLAT_PARAMS_MAX, FLAT_RESULTS_MAX } from "./signature.ts";
import { GuestExit } from "./wasi/cli.ts";
import { Handles } from "./wasi/handles.ts";
import type { GuestSurroundings, Host, HostPorts, Outside } from "./wasi/host.ts";
import type { WitFunction, WitType } from "./wit_type.ts";

/** One call of a guest. */
export interface GuestCall {
  readonly kind: "call";
  /** Names the guest; how it is made comes with the first call on a thread. */
  readonly module: number;
  readonly plan: GuestPlan | undefined;
  readonly signature: WitFunction;
  /** Whether it wants an instance of its own. */
  readonly isFresh: boolean;
  readonly args: readonly unknown[];
  /** What its entry gives it. */
  readonly around: GuestSurroundings;
}

/** What a thread is asked for: first to begin; what it has of a dropped module goes. */
export type GuestRequest =
  | GuestCall
  | {
    readonly kind: "begin";
    /** Not 0 once the thread is to end: what runs on it traps soon. */
    readonly stop: Int32Array<SharedArrayBuffer>;
    /** Where answers to what guests ask come. */
    readonly answers: SharedAnswer;
    /** Processors that the thread runs on; absent for any. */
    readonly processors: readonly number[] | undefined;
  }
  | { readonly kind: "drop"; readonly module: number };

/** How a call of a guest went; with `isError` the value is the error that it returned. */
export type GuestReply =
  | { readonly ok: true; readonly value: unknown; readonly isError: boolean }
  | { readonly ok: false; readonly kind: FailureKind; readonly message: string };

type Export = (...args: CoreValue[]) => CoreValue | undefined;

/** A plan and its modules, compiled. */
class Compiled {
  readonly plan: GuestPlan;
  readonly modules: readonly WebAssembly.Module[];

  constructor(plan: GuestPlan) {
    this.plan = plan;
    this.modules = plan.modules.map((bytes) => new WebAssembly.Module(bytes));
  }
}

/** What all guests of a thread have. */
interface GuestThread {
  readonly ports: HostPorts;
  readonly outside: Outside;
  /** Asked by guests now and then: whether they have to end. */
  readonly turn: WebAssembly.ExportValue;
}

/** (module (import "h" "f" (func (result i32))) (export "f" (func 0))): tables take functions of modules only. */
const WRAPPER = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f],
  ...[2, 7, 1, 1, 0x68, 1, 0x66, 0, 0, 7, 5, 1, 1, 0x66, 0, 0],
]);

/** The function that guests ask. */
function turnOf(stop: Int32Array<SharedArrayBuffer>): WebAssembly.ExportValue {
  const f = (): number => Atomics.load(stop, 0);
  return new WebAssembly.Instance(new WebAssembly.Module(WRAPPER), { h: { f } }).exports["f"]!;
}

/** A live guest. */
class Guest implements GuestMemory {
  readonly #instances: WebAssembly.Exports[] = [];
  readonly #target: Export;
  readonly #memory: WebAssembly.Memory | undefined;
  readonly #realloc: Export | undefined;
  readonly #after: Export | undefined;

  readonly #host: { -readonly [Key in keyof Host]: Host[Key] };

  /** What it begins with it may ask for before it is called. */
  constructor({ modules, plan }: Compiled, { outside, ports, turn }: GuestThread, around: GuestSurroundings) {
    this.#host = { ports, outside, handles: new Handles(), around };
    for (const one of plan.instances) {
      if (one.kind === "missing") {
        const { kind, message } = one.failure;
        const call = (): never => {
          throw new Failure(kind, message);
        };
        this.#instances.push({ call });
        continue;
      }
      if (one.kind === "host") {
        this.#instances.push({ call: this.#hostCall(one) });
        continue;
      }
      if (one.kind === "drop") {
        this.#instances.push({ call: (handle: number) => this.#host.handles.drop(handle >>> 0) });
        continue;
      }
      if (one.kind === "bundle") {
        this.#instances.push(Object.fromEntries(one.exports.map(({ name, ref }) => [name, this.#at(ref)!])));
        continue;
      }
      const imports = one.imports.map(({ instance, name }) => [name, this.#instances[instance]!]);
      const instance = new WebAssembly.Instance(modules[one.module]!, Object.fromEntries(imports));
      this.#instances.push(instance.exports);
      (instance.exports[TURN_TABLE] as WebAssembly.Table).set(0, turn);
      (instance.exports[START_FUNCTION] as Export | undefined)?.();
      // A library without a start function has this in its place.
      if (one.initializes) (instance.exports["_initialize"] as Export | undefined)?.();
    }
    this.#target = this.#at(plan.target) as Export;
    this.#memory = this.#at(plan.memory) as WebAssembly.Memory | undefined;
    this.#realloc = this.#at(plan.realloc) as Export | undefined;
    this.#after = this.#at(plan.after) as Export | undefined;
  }

  #at(ref: CoreRef | undefined): WebAssembly.ExportValue | undefined {
    return ref === undefined ? undefined : this.#instances[ref.instance]![ref.name];
  }

  /** A function of the host for the guest. */
  #hostCall({ isDeclared, memory, name, realloc, signature }: HostImport): Export {
    const { params, result } = signature;
    const run = isDeclared ? hostFunction(name)! : emptyFunction(name)!;
    const isInMemory = result !== undefined && flatTypes(result).length > FLAT_RESULTS_MAX;
    const guest: GuestMemory = {
      givesBytes: true,
      bytes: () => new DataView((this.#at(memory) as WebAssembly.Memory).buffer as ArrayBuffer),
      allocate: (align, size) => Number((this.#at(realloc) as Export)(0, 0, align, size)) >>> 0,
    };
    return (...given) => {
      const args = params.map(({ type }) => lift(guest, type, given));
      const value = run(args, this.#host);
      if (result === undefined) return undefined;
      if (!isInMemory) return lower(guest, result, value, name)[0];
      store(guest, result, value, Number(given[0]) >>> 0, name);
      return undefined;
    };
  }

  /** Bytes of its memory. */
  get memoryBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  bytes(): DataView<ArrayBuffer> {
    return new DataView(this.#memory!.buffer as ArrayBuffer);
  }

  allocate(align: number, size: number): number {
    return Number(this.#realloc!(0, 0, align, size)) >>> 0;
  }

  /** Whether its environment is the same: libraries read that once. */
  fits({ env }: GuestSurroundings): boolean {
    const own = this.#host.around.env;
    return own.length === env.length &&
      env.every(([name, value], i) => own[i]![0] === name && own[i]![1] === value);
  }

  call({ args, around, signature }: GuestCall): unknown {
    this.#host.around = around;
    const { params, result } = signature;
    const results = result === undefined ? [] : flatTypes(result);
    const raw = this.#target(...this.#lowered(params, args));
    if (result === undefined) {
      this.#after?.();
      return null;
    }
    const value = results.length > FLAT_RESULTS_MAX
      ? load(this, result, Number(raw) >>> 0)
      : lift(this, result, raw === undefined ? [] : [raw]);
    this.#after?.(raw!);
    return value;
  }

  #lowered(params: WitFunction["params"], args: readonly unknown[]): CoreValue[] {
    const place = (i: number): string => `argument ${i + 1} (${params[i]!.name})`;
    const types = params.map(({ type }) => type);
    if (types.flatMap(flatTypes).length <= FLAT_PARAMS_MAX) {
      return types.flatMap((type, i) => lower(this, type, args[i], place(i)));
    }
    const all: WitType = { kind: "tuple", items: types };
    const at = this.allocate(alignOf(all), sizeOf(all));
    let offset = at;
    for (const [i, type] of types.entries()) {
      offset = aligned(offset, alignOf(type));
      store(this, type, args[i], offset, place(i));
      offset += sizeOf(type);
    }
    return [at];
  }
}

/** The guests of one thread. */
class Guests {
  readonly #compiled = new Map<number, Compiled>();
  readonly #idle = new Map<number, Guest>();
  readonly #ports: HostPorts;
  readonly #post: (message: OutsideMessage) => void;
  #thread: GuestThread | undefined;

  constructor(ports: HostPorts, post: (message: OutsideMessage) => void) {
    this.#ports = ports;
    this.#post = post;
  }

  take(request: GuestRequest): GuestReply | undefined {
    if (request.kind === "call") return this.#call(request);
    if (request.kind === "begin") {
      if (request.processors !== undefined) this.#ports.processors?.confineThread(request.processors);
      const outside = new ThreadOutside(request.answers, this.#post);
      this.#thread = { ports: this.#ports, outside, turn: turnOf(request.stop) };
      return undefined;
    }
    const { module } = request;
    this.#compiled.delete(module);
    this.#idle.delete(module);
    return undefined;
  }

  #call(call: GuestCall): GuestReply {
    const { isFresh, module, plan } = call;
    let guest = isFresh ? undefined : this.#idle.get(module);
    this.#idle.delete(module);
    try {
      if (plan !== undefined) this.#compiled.set(module, new Compiled(plan));
      if (guest?.fits(call.around) === false) guest = undefined;
      guest ??= new Guest(this.#compiled.get(module)!, this.#thread!, call.around);
      const value = guest.call(call);
      if (!isFresh) this.#idle.set(module, guest);
      return value instanceof GuestError
        ? { ok: true, value: value.value, isError: true }
        : { ok: true, value, isError: false };
    } catch (error) {
      if (error instanceof GuestExit && !error.isFailure) return { ok: true, value: null, isError: false };
      const { kind, message } = failureOfGuest(error, guest);
      return { ok: false, kind, message };
    }
  }
}

/** What went wrong, by whose fault. */
function failureOfGuest(error: unknown, guest: Guest | undefined): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof GuestExit) return new Failure("Exited", "it has ended itself as failed");
  const message = error instanceof Error ? error.message : String(error);
  // An allocator that gets no more memory traps, and says nothing of the reason.
  const used = guest?.memoryBytes ?? 0;
  if (used > GUEST_MEMORY_BYTES_MAX * 3 / 4) {
    const amount = `${used} of the ${GUEST_MEMORY_BYTES_MAX} bytes that a guest may`;
    return new Failure("LimitExceeded", `out of memory: it uses ${amount} (${message})`);
  }
  if (error instanceof RangeError && /stack/i.test(message)) {
    return new Failure("LimitExceeded", "stack overflow: its calls are nested too deep");
  }
  if (error instanceof RangeError && /memory/i.test(message)) {
    return new Failure("LimitExceeded", `out of memory: ${message}`);
  }
  if (error instanceof WebAssembly.RuntimeError) {
    // Engines word the same trap in their own ways, and some add where they evaluated it.
    return new Failure("Internal", `trap: ${message.replace(/ \(evaluating .*$/s, "").replace(/\.$/, "")}`);
  }
  return asFailure(error);
}

/** Runs the guests that `inlet` brings. */
export function serveGuests(inlet: ThreadInlet, ports: HostPorts): void {
  const guests = new Guests(ports, (message) => inlet.post(message));
  inlet.receive((message) => {
    const reply = guests.take(message as GuestRequest);
    if (reply !== undefined) inlet.post(reply);
  });
}
