/**
 * The world that one workflow runs in: a Lua runtime of its own, in which time, chance and everything outside come from its history.
 *
 * D1. The same steps give the same commands. The universe has a fixed hash seed, random values come from the workflow's number,
 *     the clock shows the time of the step, and a step is applied only when the one before has run out.
 * D2. A command that the history knows is not issued again; one that differs from it breaks the world.
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
  type SpawnRelations,
  type WorkflowAccess,
  type WorkflowAttributes,
  type WorkflowFacts,
} from "../lua/mod.ts";
import { SeededRandom } from "../platform/mod.ts";
import type { Frame, TimerHandle } from "../ports/mod.ts";
import { LuaError } from "../vm/mod.ts";
import type { Command, Extent, Step, VersionChoice } from "./history.ts";
import { CANCELED, luaErrorOfStored } from "./stored_failure.ts";
import { waitsForCancellation } from "./activity_options.ts";
import { quietLog } from "./quiet_log.ts";
import { Versions } from "./versions.ts";
import { definitionsOf, demandWorkflow } from "./workflow_program.ts";
import { WorldClock } from "./world_clock.ts";

/** The one seed of all workflows: what comes from strangers is their input, which is in their history. */
const HASH_SEED = 1;

/** Longest wait of a step for a command that ends by itself. */
const WORK_MS_MAX = 10_000;

/** What a command does outside, once it is recorded. */
export type Effect =
  | { readonly type: "call"; readonly request: CallRequest; readonly scheduledMs: number }
  | { readonly type: "timer"; readonly dueMs: number }
  | { readonly type: "send"; readonly pid: string; readonly topic: string; readonly values: Uint8Array }
  | { readonly type: "spawn"; readonly serial: number; readonly child: ChildStart }
  | {
    readonly type: "control";
    readonly action: ControlAction;
    readonly pid: string;
    readonly reason: string;
  }
  | { readonly type: "attributes"; readonly attributes: WorkflowAttributes }
  | { readonly type: "none" };

/** A workflow that another one starts. */
export interface ChildStart {
  readonly entryId: string;
  readonly args: Uint8Array;
  readonly frame: Frame;
  readonly name: string;
  readonly messages: SpawnRelations["messages"];
}

/** A command with its number and what it does. */
export interface Issued {
  readonly number: number;
  readonly command: Command;
  readonly effect: Effect;
  /** Whether the history has it already. */
  readonly isKnown: boolean;
}

/** What a world is made for. */
export interface WorldOptions {
  readonly parent: LuaRuntime;
  readonly id: number;
  readonly worker: string;
  readonly entryId: string;
  readonly args: Uint8Array;
  readonly frame: Frame;
  /** What its randomness is made from. */
  readonly seed: string;
  /** What does not change while it runs. */
  readonly facts: Omit<WorkflowFacts, "historyLength" | "historyBytes">;
  readonly history: readonly Command[];
  readonly versions: readonly VersionChoice[];
  /** A number for a child. */
  newSerial(): number;
  pidOf(serial: number): string;
}

/** A workflow's world. */
export class World implements Outside {
  readonly runtime: LuaRuntime;
  readonly workflow: WorkflowAccess = {
    facts: () => ({
      ...this.#options.facts,
      historyLength: this.#extent.length,
      historyBytes: this.#extent.bytes,
    }),
    version: (change, min, max) => this.#version(change, min, max),
    setAttributes: (attributes) => {
      this.#issue({ type: "attributes", key: "" }, { type: "attributes", attributes });
    },
  };
  readonly #options: WorldOptions;
  readonly #clock: WorldClock;
  readonly #pid: string;
  readonly #answers = new Map<number, (step: Step) => void>();
  readonly #working = new Set<Promise<unknown>>();
  readonly #versions: Versions;
  /** What is recorded, the step that is applied included. */
  #extent: Extent = { length: 0, bytes: 0 };
  #issued: Issued[] = [];
  #dropped: number[] = [];
  #asked: number[] = [];
  #count = 0;
  #result: CallResult | undefined;
  #broken: Failure | undefined;
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

  /** Applies a step and lets everything run that it sets going. */
  async apply(step: Step, extent: Extent): Promise<void> {
    this.#clock.nowAtMs = step.atMs;
    this.#extent = extent;
    if (this.#result === undefined) this.#arrive(step);
    await this.#settle();
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
    const { messages, starter, universe } = this.runtime;
    switch (arrival.type) {
      case "start": {
        const { args, entryId, frame, id, worker } = this.#options;
        const process = starter.start(entryId, worker, args, { frame, id });
        this.runtime.endings.onExit(process, (exit) => this.#result = callResult(this.runtime, exit));
        return;
      }
      case "result":
      case "fired": {
        const answer = this.#answers.get(arrival.command);
        this.#answers.delete(arrival.command);
        return answer?.(step);
      }
      case "message":
        return messages.deliver(this.#pid, arrival.topic, body!, arrival.from);
      case "cancel":
        return messages.cancel(this.#pid, arrival.reason, arrival.from);
      case "ended": {
        const error = arrival.failure === null ? null : new Failure("Internal", arrival.failure.message, {
          cause: luaErrorOfStored(arrival.failure),
        });
        const value = body === null || universe.countOf(body) === 0 ? null : universe.decode(body)[0]!;
        return messages.deliverEvent(this.#options.id, {
          kind: arrival.event as "pid.exit",
          from: arrival.from,
          at: this.runtime.nowSeconds(),
          result: { value: value as never, error },
        });
      }
    }
  }

  /** Runs until nothing is ready and nothing becomes so by itself. */
  async #settle(): Promise<void> {
    const { clock } = this.#options.parent.services.ports;
    for (let quiet = 0; quiet < 2;) {
      this.runtime.slices.runNow();
      const hasMore = this.#clock.drain();
      if (this.#working.size > 0) {
        // Part of this step: what it gives must come before the next one, whenever that is.
        await Promise.race([Promise.allSettled(this.#working), clock.sleep(WORK_MS_MAX)]);
        this.#working.clear();
        quiet = 0;
        continue;
      }
      // What was promised, such as the result of a timer, becomes ready between two turns.
      await new Promise<void>((resolve) => clock.soon(() => resolve()));
      quiet = hasMore ? 0 : quiet + 1;
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

  #issue(command: Command, effect: Effect): { number: number; command: Command } {
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
    const issued = { number, command: known ?? command, effect, isKnown: known !== undefined };
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
    entryId: string,
    hostId: string,
    start: ChildStart,
    type: "spawn" | "exec",
  ): { number: number; serial: number } {
    const { newSerial, parent, worker } = this.#options;
    if (hostId !== worker) {
      const message = `a workflow starts others on its own worker, ${worker}, not on ${hostId}`;
      throw new Failure("Invalid", message, { retryable: false });
    }
    demandWorkflow(parent, worker, entryId);
    const known = this.#options.history[this.#count];
    const serial = known !== undefined && (known.type === "spawn" || known.type === "exec")
      ? known.serial
      : newSerial();
    const { number } = this.#issue({ type, key: entryId, serial }, { type: "spawn", serial, child: start });
    return { number, serial };
  }

  spawn(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    { frame, messages, name }: SpawnRelations,
  ): string {
    const start = { entryId, args: args.slice(), frame, name, messages };
    return this.#options.pidOf(this.#child(entryId, hostId, start, "spawn").serial);
  }

  exec(entryId: string, hostId: string, args: Uint8Array, frame: Frame): Promise<CallResult> {
    const start = { entryId, args: args.slice(), frame, name: "", messages: [] };
    const { number } = this.#child(entryId, hostId, start, "exec");
    return new Promise((resolve) => this.#answers.set(number, (step) => resolve(resultOf(step))));
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
    this.#issue({ type: "send", key: `${topic} to ${pid}` }, {
      type: "send",
      pid,
      topic,
      values: values.slice(),
    });
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
    this.#issue({ type: "control", key: `${action} ${pid}` }, { type: "control", action, pid, reason });
  }
}

function resultOf({ arrival, body }: Step): CallResult {
  const failure = arrival.type === "result" ? arrival.failure : null;
  return failure === null ? { ok: true, results: body! } : { ok: false, error: luaErrorOfStored(failure) };
}
