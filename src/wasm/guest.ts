/**
 * The end of a thread on which guests run: their modules, their instances, and calls of them.
 *
 * A thread runs one call at a time and can't be interrupted; who must be stopped is stopped together with its thread.
 *
 * G1. An instance that has failed is not used again.
 * G2. Every failure of a guest is told in one message with its kind; nothing a guest does ends the thread.
 */
import { asFailure, Failure, type FailureKind, GUEST_MEMORY_BYTES_MAX } from "../core/mod.ts";
import type { ThreadInlet } from "../ports/mod.ts";
import { type CoreValue, flatTypes, type GuestMemory } from "./abi_layout.ts";
import { GuestError, lift, load } from "./abi_lift.ts";
import { lower } from "./abi_lower.ts";
import { FLAT_PARAMS_MAX, FLAT_RESULTS_MAX } from "./signature.ts";
import type { WitFunction } from "./wit_type.ts";

/** One call of a guest. */
export interface GuestCall {
  readonly kind: "call";
  /** Names the module; its bytes come with the first call on a thread. */
  readonly module: number;
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly method: string;
  readonly signature: WitFunction;
  /** Whether it wants an instance of its own. */
  readonly isFresh: boolean;
  readonly args: readonly unknown[];
}

/** What a thread is asked for; what it has of a dropped module goes. */
export type GuestRequest = GuestCall | { readonly kind: "drop"; readonly module: number };

/** How a call of a guest went; with `isError` the value is the error that it returned. */
export type GuestReply =
  | { readonly ok: true; readonly value: unknown; readonly isError: boolean }
  | { readonly ok: false; readonly kind: FailureKind; readonly message: string };

type Export = (...args: CoreValue[]) => CoreValue | undefined;

/** A live guest. */
class Guest implements GuestMemory {
  readonly #exports: WebAssembly.Exports;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module, {}).exports;
    // What a linker of components has to be called first.
    (this.#exports["_initialize"] as Export | undefined)?.();
  }

  get #memory(): WebAssembly.Memory | undefined {
    return this.#exports["memory"] as WebAssembly.Memory | undefined;
  }

  /** Bytes of its memory. */
  get memoryBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  bytes(): DataView<ArrayBuffer> {
    return new DataView(this.#memory!.buffer as ArrayBuffer);
  }

  allocate(align: number, size: number): number {
    return Number((this.#exports["cabi_realloc"] as Export)(0, 0, align, size)) >>> 0;
  }

  call({ args, method, signature }: GuestCall): unknown {
    const { params, result } = signature;
    const results = result === undefined ? [] : flatTypes(result);
    const raw = (this.#exports[method] as Export)(...this.#lowered(params, args));
    if (result === undefined) return null;
    const value = results.length > FLAT_RESULTS_MAX
      ? load(this, result, Number(raw) >>> 0)
      : lift(this, result, raw === undefined ? [] : Array.isArray(raw) ? raw : [raw]);
    (this.#exports[`cabi_post_${method}`] as Export | undefined)?.(raw!);
    return value;
  }

  #lowered(params: WitFunction["params"], args: readonly unknown[]): CoreValue[] {
    const place = (i: number): string => `argument ${i + 1} (${params[i]!.name})`;
    const flat = params.flatMap(({ type }) => flatTypes(type));
    if (flat.length <= FLAT_PARAMS_MAX) {
      return params.flatMap(({ type }, i) => lower(this, type, args[i], place(i)));
    }
    throw new Failure("Invalid", `arguments of more than ${FLAT_PARAMS_MAX} numbers are not supported`);
  }
}

/** The guests of one thread. */
class Guests {
  readonly #modules = new Map<number, WebAssembly.Module>();
  readonly #idle = new Map<number, Guest>();

  take(request: GuestRequest): GuestReply | undefined {
    const { module } = request;
    if (request.kind === "call") return this.#call(request);
    this.#modules.delete(module);
    this.#idle.delete(module);
    return undefined;
  }

  #call(call: GuestCall): GuestReply {
    const { bytes, isFresh, module } = call;
    let guest = isFresh ? undefined : this.#idle.get(module);
    this.#idle.delete(module);
    try {
      if (bytes !== undefined) this.#modules.set(module, new WebAssembly.Module(bytes));
      guest ??= new Guest(this.#modules.get(module)!);
      const value = guest.call(call);
      if (!isFresh) this.#idle.set(module, guest);
      return value instanceof GuestError
        ? { ok: true, value: value.value, isError: true }
        : { ok: true, value, isError: false };
    } catch (error) {
      const { kind, message } = failureOfGuest(error, guest);
      return { ok: false, kind, message };
    }
  }
}

/** What went wrong, by whose fault. */
function failureOfGuest(error: unknown, guest: Guest | undefined): Failure {
  if (error instanceof Failure) return error;
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
export function serveGuests(inlet: ThreadInlet): void {
  const guests = new Guests();
  inlet.receive((message) => {
    const reply = guests.take(message as GuestRequest);
    if (reply !== undefined) inlet.post(reply);
  });
}
