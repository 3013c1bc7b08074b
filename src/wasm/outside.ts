/**
 * What a guest asks of the main thread, and how its thread waits for the answer.
 *
 * OU1. A thread asks one thing at a time. It posts the question, and waits on shared memory until the answer is there.
 * OU2. An answer that is longer than the shared memory comes in pieces; the thread asks for each.
 * OU3. Who is told to end stops waiting, with Canceled.
 */
import { Failure, GUEST_ANSWER_BYTES } from "../core/mod.ts";
import type { Outside, OutsideReply, OutsideRequest } from "./wasi/host.ts";

/** Places of the numbers in `state`. */
const STATE = 0;
const LENGTH = 1;
/** Values of the first. */
const WAITING = 0;
const ANSWERED = 1;
const ENDING = 2;
/** A sleep is cut into parts that the engine takes as a time. */
const SLEEP_MS_MAX = 2 ** 31;

/** What a thread of guests and the main one share. */
export interface SharedAnswer {
  readonly state: Int32Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

/** Memory for the answers to one thread. */
export function sharedAnswer(): SharedAnswer {
  return {
    state: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
    bytes: new Uint8Array(new SharedArrayBuffer(GUEST_ANSWER_BYTES)),
  };
}

/** What a thread posts besides the ends of calls. */
export type OutsideMessage =
  | { readonly kind: "ask"; readonly request: OutsideRequest }
  | { readonly kind: "more" }
  | { readonly kind: "write"; readonly stream: "out" | "error"; readonly data: Uint8Array };

/** The thread's end. */
export class ThreadOutside implements Outside {
  readonly #shared: SharedAnswer;
  readonly #post: (message: OutsideMessage) => void;

  constructor(shared: SharedAnswer, post: (message: OutsideMessage) => void) {
    this.#shared = shared;
    this.#post = post;
  }

  ask(request: OutsideRequest): OutsideReply {
    const parts = [this.#exchange({ kind: "ask", request })];
    const total = Atomics.load(this.#shared.state, LENGTH);
    for (let got = parts[0]!.length; got < total;) {
      const part = this.#exchange({ kind: "more" });
      parts.push(part);
      got += part.length;
    }
    return decoded(parts.length === 1 ? parts[0]! : joined(parts, total));
  }

  write(stream: "out" | "error", data: Uint8Array): void {
    this.#post({ kind: "write", stream, data });
  }

  sleep(ms: number): void {
    const { state } = this.#shared;
    Atomics.compareExchange(state, STATE, ANSWERED, WAITING);
    Atomics.wait(state, STATE, WAITING, Math.min(ms, SLEEP_MS_MAX));
    this.#demandLife();
  }

  /** Posts a message and waits for a piece of an answer. */
  #exchange(message: OutsideMessage): Uint8Array {
    const { bytes, state } = this.#shared;
    if (Atomics.compareExchange(state, STATE, ANSWERED, WAITING) === ENDING) this.#demandLife();
    this.#post(message);
    Atomics.wait(state, STATE, WAITING);
    this.#demandLife();
    const total = Atomics.load(state, LENGTH);
    return bytes.slice(0, Math.min(total, bytes.length));
  }

  #demandLife(): void {
    if (Atomics.load(this.#shared.state, STATE) === ENDING) {
      throw new Failure("Canceled", "it was ended while it waited");
    }
  }
}

/** The main thread's end. */
export class OutsideAnswers {
  readonly shared: SharedAnswer = sharedAnswer();
  /** What of an answer the thread has not got yet. */
  #rest = new Uint8Array();

  /** Hands an answer over. */
  give(reply: OutsideReply): void {
    const all = encoded(reply);
    Atomics.store(this.shared.state, LENGTH, all.length);
    this.#rest = all;
    this.more();
  }

  /** Hands over the next piece. */
  more(): void {
    const { bytes, state } = this.shared;
    const part = this.#rest.subarray(0, bytes.length);
    bytes.set(part);
    this.#rest = this.#rest.subarray(part.length);
    Atomics.compareExchange(state, STATE, WAITING, ANSWERED);
    Atomics.notify(state, STATE);
  }

  /** Has whoever waits end. */
  end(): void {
    Atomics.store(this.shared.state, STATE, ENDING);
    Atomics.notify(this.shared.state, STATE);
  }
}

/** Length of the JSON in four bytes, the JSON, and the bytes that belong to it. */
function encoded(reply: OutsideReply): Uint8Array<ArrayBuffer> {
  const bytes = "ok" in reply ? reply.bytes : undefined;
  const value = "ok" in reply ? { ok: reply.ok ?? null, hasBytes: bytes !== undefined } : reply;
  const text = new TextEncoder().encode(JSON.stringify(value));
  const all = new Uint8Array(4 + text.length + (bytes?.length ?? 0));
  new DataView(all.buffer).setUint32(0, text.length, true);
  all.set(text, 4);
  if (bytes !== undefined) all.set(bytes, 4 + text.length);
  return all;
}

function decoded(all: Uint8Array): OutsideReply {
  const length = new DataView(all.buffer, all.byteOffset).getUint32(0, true);
  const value = JSON.parse(new TextDecoder().decode(all.slice(4, 4 + length)));
  if ("error" in value) return value as OutsideReply;
  return { ok: value.ok, bytes: value.hasBytes ? all.slice(4 + length) : undefined };
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array {
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part.subarray(0, total - at), at);
    at += part.length;
  }
  return all;
}
