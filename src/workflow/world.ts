/**
 * The world that one workflow runs in: a Lua runtime of its own, in which time, chance and everything outside come from its history.
 *
 * D1. The same steps give the same commands. The universe has a fixed hash seed, random values come from the workflow's number,
 *     the clock shows the time of the step, and a step is applied only when the one before has run out.
 * D2. A command that the history knows is not issued again; one that differs from it breaks the world. What was refused stays
 *     refused.
 */
import { Failure, printPid } from "../core/mod.ts";
import {
  type CallRequest,
  type CallResult,
  callResult,
  type ControlAction,
  LuaRuntime,
  type ModuleServices,
  type Outside,
  type OutsideCall,
  type ProvidedStart,
  type SpawnRelations,
  type StartExtras,
  type WorkflowAccess,
} from "../lua/mod.ts";
import { SeededRandom } from "../platform/mod.ts";
import type { Frame, TimerHandle } from "../ports/mod.ts";
import { LuaError } from "../vm/mod.ts";
import { waitsForCancellation } from "./activity_options.ts";
import { childCommand } from "./child_command.ts";
import { type Effect, type Issued, NOTHING } from "./effects.ts";
import type { ChildCommand, Command, Extent, Step, StoredFailure, VersionChoice } from "./history.ts";
import { Relations } from "./relations.ts";
import { CANCELED, luaErrorOfStored, refuse, resultOf, storedFailure } from "./stored_failure.ts";
import { quietLog } from "./quiet_log.ts";
import { settle } from "./settling.ts";
import { startWaitsForCancellation } from "./start_options.ts";
import { Versions } from "./versions.ts";
import { definitionsOf, workerOf } from "./workflow_program.ts";
import { WorldClock } from "./world_clock.ts";
import type { WorldOptions } from "./world_options.ts";

/** The one seed of all workflows: what comes from strangers is their input, which is in their history. */
const HASH_SEED = 1;

/** A workflow's world. */
export class World implements Outside {
  readonly runtime: LuaRuntime;
  readonly workflow: WorkflowAccess = {
    facts: () => {
      const { bytes: historyBytes, length: historyLength } = this.#extent;
      return { ...this.#options.facts, historyLength, historyBytes };
    },
    version: (change, min, max) => this.#version(change, min, max),
    setAttributes: (attributes) => {
      this.#issue({ type: "attributes", key: "" }, { type: "attributes", attributes });
    },
    workerOf: (entryId) => workerOf(this.#options.parent, entryId) ?? this.#options.worker,
  };
  readonly #options: WorldOptions;
  readonly #clock: WorldClock;
  readonly #pid: string;
  readonly #answers = new Map<number, (step: Step) => void>();
  readonly #working = new Set<Promise<unknown>>();
  readonly #relations = new Relations();
  /** Commands by which it waits for others to end, and what it waits for. */
  readonly #execs = new Map<number, { readonly pid: string; readonly waits: boolean }>();
  readonly #versions: Versions;
  /** What is recorded, the step that is applied included. */
  #extent: Extent = { length: 0, bytes: 0 };
  #issued: Issued[] = [];
  #dropped: number[] = [];
  #asked: number[] = [];
  #count = 0;
  #result: CallResult | undefined;
  #broken: Failure | undefined;
  #hasOverrun = false;
  #wasCancelled = false;
  /** Set while steps of the past are applied: nothing is logged again. */
  isReplaying = false;
  #isClosed = false;

  constructor(options: WorldOptions) {
    const { id, parent, seed, worker } = options;
    this.#options = options;
    this.#versions = new Versions(options.versions);
    this.#pid = printPid({ node: parent.node, host: worker, id });
    const { services } = parent;
    this.#clock = new WorldClock(services.ports.clock, (delayMs, fire) => this.#timer(delayMs, fire));
    const own: ModuleServices = {
      ...services,
      ports: { ...services.ports, clock: this.#clock, random: new SeededRandom(seed) },
      log: quietLog(services.log, () => this.isReplaying),
      // What a workflow does it may do again.
      tracing: undefined,
    };
    this.runtime = new LuaRuntime({
      services: own,
      modules: parent.modules.catalog.ofClass("workflow"),
      node: parent.node,
      hashSeed: HASH_SEED,
      processMemoryBytesMax: parent.memoryBytesMax,
      ...(parent.cache === undefined ? {} : { cache: parent.cache }),
      outside: this,
    });
    this.runtime.begin();
    this.runtime.hosts.add(worker, { type: "process" }).state = "running";
    for (const definition of definitionsOf(parent, options.entryId)) this.runtime.changes.define(definition);
  }

  /** How the workflow ended, when it has. */
  get result(): CallResult | undefined {
    return this.#result;
  }

  /** Why nothing more can be done with it: its code no longer does what its history says. */
  get broken(): Failure | undefined {
    return this.#broken;
  }

  /** Whether a step took longer than it may: the world can only be made again. */
  get hasOverrun(): boolean {
    return this.#hasOverrun;
  }

  /** Whether it was asked to end. */
  get wasCancelled(): boolean {
    return this.#wasCancelled;
  }

  /** Ends that it still wants to learn of. */
  get wishes(): ReturnType<Relations["wishes"]> {
    return this.#relations.wishes();
  }

  /** Applies a step and lets everything run that it sets going. */
  async apply(step: Step, extent: Extent): Promise<void> {
    this.#clock.nowAtMs = step.atMs;
    this.#extent = extent;
    if (this.#result === undefined) this.#arrive(step);
    const { parent, taskMs } = this.#options;
    this.#hasOverrun = !await settle({
      slices: this.runtime.slices,
      inner: this.#clock,
      outer: parent.services.ports.clock,
      working: this.#working,
      taskMs,
    });
  }

  /** What was issued, which commands were given up or asked to end, and which versions decided since this was last asked. */
  take(): {
    issued: readonly Issued[];
    dropped: readonly number[];
    asked: readonly number[];
    versions: readonly VersionChoice[];
  } {
    const taken = {
      issued: this.#issued,
      dropped: this.#dropped,
      asked: this.#asked,
      versions: this.#versions.take(),
    };
    this.#issued = [];
    this.#dropped = [];
    this.#asked = [];
    return taken;
  }

  /** Frees what its code holds. Nothing that runs on the way, such as what is to be closed, reaches the outside any more. */
  close(): void {
    this.#isClosed = true;
    this.isReplaying = true;
    const { book, endings, slices } = this.runtime;
    const gone = new LuaError("workflow left memory", "Canceled", false);
    for (const process of [...book.known()]) endings.kill(process, gone);
    slices.runNow();
  }

  /** Whether a command still waits for its answer. */
  awaits(command: number): boolean {
    return this.#answers.has(command);
  }

  #arrive(step: Step): void {
    const { arrival, body } = step;
    const { messages, starter } = this.runtime;
    switch (arrival.type) {
      case "start": {
        const { args, entryId, frame, id, messages: greeting, worker } = this.#options;
        const process = starter.start(entryId, worker, args, { frame, id });
        this.runtime.endings.onExit(process, (exit) => this.#result = callResult(this.runtime, exit));
        for (const { topic, values } of greeting) messages.deliver(this.#pid, topic, values, "");
        return;
      }
      case "result":
      case "fired":
        return this.#answer(arrival.command, step);
      case "message":
        return messages.deliver(this.#pid, arrival.topic, body!, arrival.from);
      case "cancel":
        this.#wasCancelled = true;
        messages.cancel(this.#pid, arrival.reason, arrival.from);
        return this.#cancelExecs(arrival.reason);
      case "ended":
        return this.#ended(arrival, body);
    }
  }

  #answer(command: number, step: Step): void {
    const answer = this.#answers.get(command);
    this.#answers.delete(command);
    answer?.(step);
  }

  #ended({ event, failure, from }: Ended, body: Uint8Array | null): void {
    const { book, endings, universe } = this.runtime;
    const process = book.find(this.#options.id);
    const { isShared, isTold } = this.#relations.ended(from, event, failure !== null);
    const error = failure === null ? null : new Failure("Internal", failure.message, {
      cause: luaErrorOfStored(failure),
    });
    const value = body === null || universe.countOf(body) === 0 ? null : universe.decode(body)[0]!;
    const tell = (kind: string): void =>
      this.runtime.messages.deliverEvent(this.#options.id, {
        kind: kind as "pid.exit",
        from,
        at: this.runtime.nowSeconds(),
        result: { value: value as never, error },
      });
    if (isTold) tell(event);
    const traps = process?.trapLinks === true;
    if (traps && (isShared || !isTold && event === "pid.link.down")) tell("pid.link.down");
    if (isShared && !traps && process !== undefined) {
      endings.kill(process, new LuaError("linked process failed", "Internal", null));
    }
  }

  /** Asks those it waits for to end as well, and waits no longer unless it said it would. */
  #cancelExecs(reason: string): void {
    for (const [number, { pid, waits }] of [...this.#execs]) {
      const effect = { type: "control", action: "cancel", pid, reason } as const;
      this.#issue({ type: "control", key: `cancel ${pid}` }, effect);
      if (waits) continue;
      const arrival = { type: "result", command: number, failure: CANCELED } as const;
      this.#answer(number, { atMs: this.#clock.nowAtMs, arrival, body: null });
    }
  }

  get asked(): number {
    return this.#count;
  }

  works(command: Promise<unknown>): void {
    this.#working.add(command);
    const done = (): boolean => this.#working.delete(command);
    command.then(done, done);
  }

  #issue<C extends Command>(command: C, effect: Effect): { number: number; command: C } {
    if (this.#isClosed) throw new Failure("Canceled", "workflow left memory", { retryable: false });
    const number = ++this.#count;
    const known = this.#options.history[number - 1];
    if (known !== undefined && (known.type !== command.type || known.key !== command.key)) {
      const message =
        `the code of ${this.#options.entryId} has changed: it now asks for ${command.type} ${command.key} ` +
        `where it asked for ${known.type} ${known.key}`;
      this.#broken ??= new Failure("Conflict", message, { retryable: false });
      throw this.#broken;
    }
    const issued = { number, command: (known ?? command) as C, effect, isKnown: known !== undefined };
    this.#issued.push(issued);
    return issued;
  }

  #version(change: string, min: number, max: number): number {
    try {
      return this.#versions.choose(change, min, max, this.isReplaying);
    } catch (error) {
      if (error instanceof Failure) this.#broken ??= error;
      throw error;
    }
  }

  #timer(delayMs: number, fire: () => void): TimerHandle {
    const wanted: Command = { type: "timer", key: String(delayMs), dueMs: this.#clock.nowMs() + delayMs };
    const { number } = this.#issue(wanted, { type: "timer", dueMs: wanted.dueMs });
    this.#answers.set(number, fire);
    return { cancel: () => this.#drop(number) };
  }

  #drop(number: number): void {
    if (this.#answers.delete(number)) this.#dropped.push(number);
  }

  call(request: CallRequest, done: (result: CallResult) => void): OutsideCall {
    const preset = this.#options.parent.programs.definition(request.target)?.options;
    const waits = waitsForCancellation(preset, request.options);
    const wanted: Command = { type: "call", key: request.target, ...(waits ? { waits } : {}) };
    const scheduledMs = this.#clock.nowMs();
    const { command, number } = this.#issue(wanted, { type: "call", request, scheduledMs });
    this.#answers.set(number, (step) => done(resultOf(step)));
    return {
      cancel: () => {
        const isAwaited = this.#answers.has(number);
        if (isAwaited && command.type === "call" && command.waits === true) this.#asked.push(number);
        else if (isAwaited) {
          this.#drop(number);
          done({ ok: false, error: luaErrorOfStored(CANCELED) });
        }
        return "ends";
      },
    };
  }

  #child(
    type: ChildCommand["type"],
    hostId: string,
    start: ProvidedStart,
  ): { number: number; pid: string } {
    const known = this.#options.history[this.#count];
    const isKnown = known?.type === type && known.key === start.entryId;
    const { command: asked, effect } = isKnown
      ? { command: known, effect: NOTHING }
      : childCommand(type, start, hostId, this.#options);
    const { command, number } = this.#issue(asked, effect);
    refuse(command.failure);
    return { number, pid: command.pid ?? this.#options.ownPid(command.serial) };
  }

  spawn(entryId: string, hostId: string, args: Uint8Array, relations: SpawnRelations): string {
    const { pid } = this.#child("spawn", hostId, { ...relations, entryId, args: args.slice() });
    this.#relations.born(pid, relations.linked);
    return pid;
  }

  exec(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    frame: Frame,
    _caller: unknown,
    extras: StartExtras,
  ): Promise<CallResult> {
    const { number, pid } = this.#child("exec", hostId, { ...extras, entryId, args: args.slice(), frame });
    this.#execs.set(number, { pid, waits: startWaitsForCancellation(extras.options) });
    return new Promise((resolve) =>
      this.#answers.set(number, (step) => {
        this.#execs.delete(number);
        resolve(resultOf(step));
      })
    );
  }

  resolve(name: string): string {
    const pid = this.#options.parent.names.lookup(name) ?? null;
    const { command } = this.#issue({ type: "resolve", key: name, pid }, { type: "none" });
    const found = command.type === "resolve" ? command.pid : null;
    if (found !== null) return found;
    throw new Failure("NotFound", `could not resolve '${name}' as PID or registered name`, {
      retryable: false,
    });
  }

  send(pid: string, topic: string, values: Uint8Array): void {
    const failure = this.#lost(pid, "NotFound", "process not found");
    const effect: Effect = failure === undefined
      ? { type: "send", pid, topic, values: values.slice() }
      : NOTHING;
    refuse(this.#issue({ type: "send", key: `${topic} to ${pid}`, ...failure }, effect).command.failure);
  }

  /** What is recorded of a wish that can't be met because nothing lives behind the pid. */
  #lost(pid: string, kind: "NotFound" | "Internal", message: string): { failure: StoredFailure } | undefined {
    if (this.#options.history.length > this.#count) return undefined;
    if (this.#relations.isChild(pid) || this.#options.reaches(pid)) return undefined;
    return { failure: storedFailure(new Failure(kind, message, { retryable: false })) };
  }

  readonly relates = false;

  runsHere(): boolean {
    return false;
  }

  room(): undefined {}

  moves(): boolean {
    return false;
  }

  control(action: ControlAction, pid: string, reason: string): void {
    const message = action === "monitor" || action === "link" ? "pid not registered" : "process not found";
    const failure = action.startsWith("un") ? undefined : this.#lost(pid, "Internal", message);
    const effect: Effect = failure === undefined ? { type: "control", action, pid, reason } : NOTHING;
    const { command } = this.#issue({ type: "control", key: `${action} ${pid}`, ...failure }, effect);
    refuse(command.failure);
    this.#relations.control(action, pid);
  }
}

type Ended = Extract<Step["arrival"], { type: "ended" }>;
