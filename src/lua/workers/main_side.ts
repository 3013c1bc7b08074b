/**
 * The main worker as another one sees it: the outside of its runtime, which owns names, relations, hosts and functions that run there.
 *
 * M1. What needs an answer blocks this thread until it is there; the main worker never waits for this one, so it always comes.
 * M2. What was sent is handled in order, questions among it.
 */
import { Failure, parsePid, type Pid, WORKER_CALLS_MAX } from "../../core/mod.ts";
import type { Access, Actor, Frame, Scope, ThreadInlet, Verdict } from "../../ports/mod.ts";
import type { LuaError, LuaValue } from "../../vm/mod.ts";
import type { CallRequest, CallResult } from "../function_pool.ts";
import { failureOf } from "../lua_failure.ts";
import type { LuaProcess } from "../lua_process.ts";
import type { ControlAction, Outside, OutsideCall } from "../outside.ts";
import type { SpawnRelations, StartExtras } from "../process_starter.ts";
import type { LuaRuntime, ProcessNames } from "../runtime.ts";
import { encodeSignal } from "../signal.ts";
import { CallCounts } from "./call_counts.ts";
import type { HeldMessage } from "./placement.ts";
import { LiveNumbers } from "./live_numbers.ts";
import { Ring } from "./ring.ts";
import { extrasToWire, frameToWire, packFrame, UP } from "./wire.ts";
import { WORD, type WorkerMemory } from "./worker_link.ts";

/** Longest single wait for an answer; then it is looked whether the main worker is still there. */
const LOOK_EVERY_MS = 1000;

/** A scope of the main worker, asked about each access. */
class MainScope implements Scope {
  readonly number: number;
  readonly policies: readonly string[] = [];
  readonly #side: MainSide;

  constructor(side: MainSide, number: number) {
    this.#side = side;
    this.number = number;
  }

  evaluate(actor: Actor, { action, attributes, resource }: Access): Verdict {
    const meta = actor.meta as LuaValue;
    return this.#side.ask("evaluate", [
      this.number,
      actor.id,
      meta,
      action,
      resource,
      attributes as LuaValue,
    ]) as Verdict;
  }
}

/** Everything outside of a worker. */
export class MainSide implements Outside {
  readonly relates = true;
  readonly asked = 0;
  readonly names: ProcessNames;
  readonly #inlet: ThreadInlet;
  readonly #up: Ring;
  readonly #words: Int32Array;
  readonly #reply: Uint8Array;
  readonly #live: LiveNumbers;
  readonly #scopes = new Map<number, MainScope>();
  readonly #waiting = new Map<number, (result: CallResult) => void>();
  /** Calls under way on the main worker. */
  readonly #calls = new CallCounts(WORKER_CALLS_MAX);
  readonly #runnable = new Map<string, boolean>();
  /** Function calls here of which the main worker has a record. */
  readonly #noted = new WeakSet<LuaProcess>();
  #runtime!: LuaRuntime;
  #lastNumber = 0;
  /** Keeps a message for a process that is here and may not begin yet; false for any other one. */
  keep: ((id: number, message: HeldMessage) => boolean) | undefined;
  /** Is told of a process that has left. */
  left: ((id: number) => void) | undefined;
  /** Messages sent by way of the main worker so far. */
  sent = 0;

  constructor(inlet: ThreadInlet, { live, reply, up, words }: WorkerMemory) {
    this.#inlet = inlet;
    this.#up = new Ring(up);
    this.#words = new Int32Array(words);
    this.#reply = new Uint8Array(reply);
    this.#live = new LiveNumbers(live);
    this.names = {
      lookup: (name) => this.ask("lookup", [name]) as string ?? undefined,
      register: (name, pid, _id, scope) => void this.ask("register", [name, pid, scope]),
      unregister: (name, scope, owner) => this.ask("unregister", [name, scope, owner]) === true,
      release: () => {},
      namesOf: () => [],
      // Those of a cluster are the main worker's, like all others.
      shared: undefined,
      local: () => undefined,
    };
  }

  /** Gives it the runtime, which is made with it. */
  bind(runtime: LuaRuntime): void {
    this.#runtime = runtime;
  }

  /** Code has changed. */
  forget(): void {
    this.#runnable.clear();
  }

  // --- Transport ----------------------------------------------------------------------------------------------------------

  /** Sends a frame; waits while the ring is full, for the main worker empties it. */
  tell(op: number, head?: readonly LuaValue[], payload?: Uint8Array): void {
    const bytes = head === undefined ? undefined : this.#runtime.universe.encode(head);
    this.#up.write(packFrame(op, bytes, payload));
    if (Atomics.exchange(this.#words, WORD.belledUp, 1) === 0) this.#inlet.post(null);
    if (this.#up.waitingBytes === 0) return;
    this.#up.flushBlocking(() => {
      // The part that is read next may have been written after the main worker had looked.
      if (Atomics.exchange(this.#words, WORD.belledUp, 1) === 0) this.#inlet.post(null);
      return Atomics.load(this.#words, WORD.closed) === 1;
    });
  }

  /** Asks and waits for the answer; throws the failure that it is. */
  ask(name: string, args: readonly LuaValue[], payload?: Uint8Array): LuaValue {
    Atomics.store(this.#words, WORD.answered, 0);
    this.tell(UP.ask, [name, ...args], payload);
    while (Atomics.load(this.#words, WORD.answered) === 0) {
      if (Atomics.load(this.#words, WORD.closed) === 1) {
        throw new Failure("Unavailable", "the program is stopping");
      }
      Atomics.wait(this.#words, WORD.answered, 0, LOOK_EVERY_MS);
    }
    const bytes = this.#reply.slice(0, Atomics.load(this.#words, WORD.answerBytes));
    const [ok, value] = this.#runtime.universe.decode(new Uint8Array(bytes));
    if (ok === true) return value ?? null;
    throw failureOf(value as LuaError);
  }

  /** Says how many processes are ready here, and how large the heap is. */
  report(ready: number, heapBytes: number): void {
    Atomics.store(this.#words, WORD.ready, ready);
    Atomics.store(this.#words, WORD.heapKb, Math.ceil(heapBytes / 1024));
  }

  // --- Frames -------------------------------------------------------------------------------------------------------------

  /** The scope behind a number of the main worker. */
  scopeAt(number: number): Scope {
    let scope = this.#scopes.get(number);
    if (scope === undefined) this.#scopes.set(number, scope = new MainScope(this, number));
    return scope;
  }

  /** A process under a scope has ended; another one under it asks by number again. */
  leaveScope(scope: Scope): void {
    this.#scopes.delete((scope as MainScope).number);
  }

  #context(frame: Frame): LuaValue {
    return frameToWire(frame, (scope) => (scope as MainScope).number);
  }

  // --- Outside ------------------------------------------------------------------------------------------------------------

  works(): void {}

  runsHere(target: string): boolean {
    let runs = this.#runnable.get(target);
    if (runs === undefined) {
      const kind = this.#runtime.programs.definition(target)?.kind;
      runs = (kind === "function.lua" || kind === "module.lua") && this.#isWhole(target);
      this.#runnable.set(target, runs);
    }
    return runs;
  }

  moves(process: LuaProcess, entryId: string, args: Uint8Array): boolean {
    if (this.#runtime.programs.definition(entryId)?.kind === "process.lua" && this.#isWhole(entryId)) {
      this.tell(UP.upgraded, [process.id, entryId]);
      return false;
    }
    const { endings, universe } = this.#runtime;
    const mailbox: LuaValue[] = [];
    for (
      let at = universe.takeUnread(process.slot);
      at !== undefined;
      at = universe.takeUnread(process.slot)
    ) {
      mailbox.push([at.topic, at.from, at.values]);
    }
    this.tell(UP.moved, [process.id, entryId, mailbox], args);
    this.left?.(process.id);
    endings.released(process);
    return true;
  }

  /** An entry that is here with all it imports. */
  #isWhole(target: string): boolean {
    const { programs } = this.#runtime;
    for (const id of programs.reach(target)) {
      for (const imported of programs.definition(id)!.imports.values()) {
        if (programs.definition(imported) === undefined) return false;
      }
    }
    return true;
  }

  call(
    { args, frame, options, target }: CallRequest,
    done: (result: CallResult) => void,
  ): OutsideCall {
    const number = ++this.#lastNumber;
    const leave = this.#calls.enter(target);
    this.#waiting.set(number, (result) => {
      leave();
      done(result);
    });
    this.tell(UP.call, [number, target, options as LuaValue ?? false, this.#context(frame)], args);
    return {
      cancel: () => {
        if (this.#waiting.delete(number)) {
          leave();
          this.tell(UP.cancelCall, [number]);
        }
        return "over";
      },
    };
  }

  room(target: string, caller: LuaProcess): Promise<void> | undefined {
    return this.#calls.room(target, caller);
  }

  exec(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    frame: Frame,
    caller: LuaProcess,
    extras: StartExtras,
  ): Promise<CallResult> {
    this.#note(caller);
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      const context = this.#context(frame);
      this.tell(UP.exec, [number, entryId, hostId, caller.pid, context, ...extrasToWire(extras)], args);
    });
  }

  /** Asks a service of the main worker; the answer comes later. */
  request(name: string, args: readonly LuaValue[]): Promise<LuaValue> {
    const number = ++this.#lastNumber;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, (result) => {
        if (result.ok) resolve(this.#runtime.universe.decode(result.results)[0] ?? null);
        else reject(failureOf(result.error));
      });
      this.tell(UP.request, [number, name, ...args]);
    });
  }

  /** Takes the result of a call or of a process that was run to its end. */
  resultCame(number: number, ok: boolean, payload: Uint8Array): void {
    const done = this.#waiting.get(number);
    if (done === undefined) return;
    this.#waiting.delete(number);
    if (ok) done({ ok, results: payload });
    else done({ ok, error: this.#runtime.universe.decode(payload)[0] as LuaError });
    this.#runtime.slices.wake();
  }

  spawn(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    relations: SpawnRelations,
    parent: LuaProcess,
  ): string {
    this.#note(parent);
    const { frame, linked, monitored } = relations;
    return this.ask(
      "spawn",
      [entryId, hostId, parent.pid, monitored, linked, this.#context(frame), ...extrasToWire(relations)],
      args,
    ) as string;
  }

  resolve(name: string): string {
    throw new Failure("NotFound", `could not resolve '${name}' as PID or registered name`, {
      retryable: false,
    });
  }

  /** A target that is surely alive takes a message without an answer; about any other one is asked whether it took it. */
  send(pid: string, topic: string, values: Uint8Array, from: string): void {
    const target = parsePid(pid);
    if (target !== undefined && this.#isHere(target) && this.keep?.(target.id, { topic, from, values })) {
      return;
    }
    if (target === undefined || !this.#isHere(target) || !this.#live.has(target.id)) {
      this.ask("send", [pid, topic, from], values);
      return;
    }
    this.sent++;
    this.tell(
      UP.message,
      undefined,
      encodeSignal({ kind: "message", to: pid, from, name: topic, payload: values }),
    );
  }

  #isHere({ node }: Pid): boolean {
    return node === "" || node === this.#runtime.node;
  }

  control(action: ControlAction, pid: string, reason: string, from: string): void {
    if (action !== "cancel" && action !== "terminate") {
      const by = this.#runtime.messages.liveProcess(from);
      if (by !== undefined) this.#note(by);
    }
    this.ask("control", [action, pid, reason, from]);
  }

  /** The main worker gets a record of a function call here, which it must be told to drop. */
  #note(process: LuaProcess): void {
    if (!process.isCall || this.#noted.has(process)) return;
    this.#noted.add(process);
    process.onEnd(() => this.tell(UP.exited, [process.id, true, 0], this.#runtime.universe.encode([])));
  }
}
