/**
 * Questions to other nodes and their answers, over the mesh.
 *
 * Q1. Each question ends: with the answer, with the failure that the other side sent, with Unavailable when its link breaks, or with
 *     Timeout.
 */
import { asFailure, Failure, type FailureKind, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Clock, TimerHandle } from "../ports/mod.ts";
import { Channel, type Mesh } from "./mesh.ts";
import { packMessage, unpackMessage } from "./wire.ts";

/** Answers questions of one kind. */
export type Answer = (body: ValueMap, from: string) => Value | Promise<Value>;

interface Waiting {
  readonly node: string;
  readonly resolve: (answer: Value) => void;
  readonly reject: (failure: Failure) => void;
  readonly timer: TimerHandle;
}

/** Questions and answers of one node. */
export class Requests {
  readonly #mesh: Mesh;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(mesh: Mesh, clock: Clock) {
    this.#mesh = mesh;
    this.#clock = clock;
    mesh.on(Channel.request, (node, body) => void this.#asked(node, unpackMessage(body)));
    mesh.on(Channel.reply, (_node, body) => this.#replied(unpackMessage(body)));
    mesh.listen({ down: (node) => this.#lost(node) });
  }

  /** Answers questions of a kind from now on. */
  answer(kind: string, answer: Answer): void {
    this.#answers.set(kind, answer);
  }

  /** Asks a node; see Q1. */
  ask(node: string, kind: string, body: ValueMap, timeoutMs: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      const late = (): void => this.#end(id)?.reject(new Failure("Timeout", `no answer from node ${node}`));
      const timer = this.#clock.timer(timeoutMs, late, { background: true });
      this.#waiting.set(id, { node, resolve, reject, timer });
      try {
        this.#mesh.send(node, Channel.request, packMessage({ id, kind, body }));
      } catch (error) {
        this.#end(id)?.reject(asFailure(error));
      }
    });
  }

  #end(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.timer.cancel();
    return waiting;
  }

  #lost(node: string): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.node === node) {
        this.#end(id)!.reject(new Failure("Unavailable", `node lost: ${node}`, { retryable: true }));
      }
    }
  }

  async #asked(node: string, message: ValueMap): Promise<void> {
    const { id, kind, body } = message;
    let reply: ValueMap;
    try {
      const answer = this.#answers.get(String(kind));
      if (answer === undefined) throw new Failure("Invalid", `unknown question: ${kind}`);
      reply = { id, value: await answer(isValueMap(body) ? body : {}, node) };
    } catch (error) {
      reply = { id, failure: packFailure(asFailure(error)) };
    }
    if (this.#mesh.offer(node, Channel.reply, packMessage(reply))) return;
    const failure = new Failure("LimitExceeded", "the answer is too long, or too much waits", {
      retryable: true,
    });
    this.#mesh.offer(node, Channel.reply, packMessage({ id, failure: packFailure(failure) }));
  }

  #replied({ id, value, failure }: ValueMap): void {
    const waiting = this.#end(Number(id));
    if (waiting === undefined) return;
    if (failure === undefined) waiting.resolve(value);
    else waiting.reject(unpackFailure(failure));
  }
}

/** A failure as plain data. */
export function packFailure({ kind, message, retryable, details }: Failure): Value {
  return { kind, message, retryable, details: details as ValueMap | undefined };
}

/** The failure in plain data. */
export function unpackFailure(value: Value): Failure {
  const { kind, message, retryable, details } = isValueMap(value) ? value : {};
  return new Failure(String(kind ?? "Internal") as FailureKind, String(message ?? "failed"), {
    retryable: typeof retryable === "boolean" ? retryable : undefined,
    details: isValueMap(details) ? details : undefined,
  });
}
