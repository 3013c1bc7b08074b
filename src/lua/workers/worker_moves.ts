/**
 * Processes that come from another worker to the main one, because they upgrade to code that only it can run.
 *
 * V1. A process that moves keeps its pid, its relations and every message that it has not received, in their order: what waited in
 *     its mailbox, what was on its way to the other worker and came back, what was sent here since.
 * V2. It begins here when its old worker has said that nothing more comes back, or is gone.
 */
import { parsePid } from "../../core/mod.ts";
import type { LuaError, LuaValue } from "../../vm/mod.ts";
import { luaErrorOf } from "../lua_failure.ts";
import type { LuaProcess } from "../lua_process.ts";
import type { LuaRuntime } from "../runtime.ts";
import { decodeSignal } from "../signal.ts";
import { type HeldMessage, Placement } from "./placement.ts";
import { bytesOf, DOWN, type WireFrame } from "./wire.ts";
import type { WorkerLink } from "./worker_link.ts";

interface Move {
  readonly link: WorkerLink;
  readonly entryId: string;
  /** What waited in the mailbox, then what came back. */
  readonly first: HeldMessage[];
  /** It was ended by force meanwhile. */
  error: LuaError | undefined;
}

/** What is done at the end of a move. */
export interface MoveEnds {
  begin(process: LuaProcess, first: readonly HeldMessage[]): void;
  fail(process: LuaProcess, error: LuaError): void;
}

/** Processes on their way. */
export class WorkerMoves {
  readonly #runtime: LuaRuntime;
  readonly #ends: MoveEnds;
  readonly #moves = new Map<LuaProcess, Move>();

  constructor(runtime: LuaRuntime, ends: MoveEnds) {
    this.#runtime = runtime;
    this.#ends = ends;
  }

  /** A worker has let a process go. */
  start(link: WorkerLink, { head, payload }: WireFrame): void {
    const { book, services, universe } = this.#runtime;
    const [id, entryId, mailbox] = universe.decode(head);
    const process = book.find(Number(id));
    if (process?.placement?.link !== link) return;
    link.leave(process);
    process.placement = new Placement(services.ports.clock.monotonicMs(), payload);
    const first = (mailbox as [string, string, LuaValue][]).map(([topic, from, values]) => ({
      topic,
      from,
      values: bytesOf(values),
    }));
    this.#moves.set(process, { link, entryId: String(entryId), first, error: undefined });
    link.send(DOWN.left, universe.encode([id]));
  }

  /** A message has come back that was on its way to a process when it left. */
  returned({ payload }: WireFrame): void {
    const { from, name, payload: values, to } = decodeSignal(payload);
    const process = this.#runtime.book.find(parsePid(to)!.id);
    const move = process === undefined ? undefined : this.#moves.get(process);
    move?.first.push({ topic: name, from, values });
  }

  /** Nothing more comes back. */
  left({ head }: WireFrame): void {
    const process = this.#runtime.book.find(Number(this.#runtime.universe.decode(head)[0]));
    if (process !== undefined) this.#finish(process);
  }

  /** A worker is gone: what had left it begins with what has come. */
  lost(link: WorkerLink): void {
    for (const [process, move] of [...this.#moves]) if (move.link === link) this.#finish(process);
  }

  /** Ends a process by force when its move is over; false when it does not move. */
  kill(process: LuaProcess, error: LuaError): boolean {
    const move = this.#moves.get(process);
    if (move !== undefined) move.error ??= error;
    return move !== undefined;
  }

  #finish(process: LuaProcess): void {
    const move = this.#moves.get(process);
    if (move === undefined) return;
    this.#moves.delete(process);
    try {
      process.program = this.#runtime.starter.program(move.entryId);
    } catch (error) {
      move.error ??= luaErrorOf(error);
    }
    if (move.error === undefined) this.#ends.begin(process, move.first);
    else this.#ends.fail(process, move.error);
  }
}
