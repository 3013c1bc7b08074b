/**
 * What other workers tell and ask, carried out by the main one, which owns relations, names, hosts and all that is no Lua.
 *
 * R1. What a blocked worker asks is answered before anything else of it is handled.
 * R2. A failure goes back to who asked; nothing that a worker sends ends the main one.
 */
import { asFailure, Failure, parsePid, type Value, type ValueMap } from "../../core/mod.ts";
import { EMPTY_FRAME, type Frame, type LogLevel } from "../../ports/mod.ts";
import { Encoded, LuaError, type LuaValue, type NativeResult, type Values } from "../../vm/mod.ts";
import type { ActiveCall, CallObserver, CallResult } from "../function_pool.ts";
import { luaErrorOf } from "../lua_failure.ts";
import { LuaProcess } from "../lua_process.ts";
import type { LuaRuntime } from "../runtime.ts";
import { decodeSignal } from "../signal.ts";
import { environmentAnswers } from "./main_environment.ts";
import { Placement } from "./placement.ts";
import { DOWN, extrasFromWire, frameFromWire, recordOf, type WireFrame } from "./wire.ts";
import type { WorkerLink } from "./worker_link.ts";

const NOTHING = new Uint8Array(0);

type Ask = (link: WorkerLink, args: LuaValue[], payload: Uint8Array) => LuaValue | Promise<LuaValue>;

/** Carries out what workers ask for. */
export class WorkerRequests {
  readonly #runtime: LuaRuntime;
  readonly #observe: CallObserver | undefined;
  /** Calls of each worker by its own number for them. */
  readonly #calls = new Map<WorkerLink, Map<number, ActiveCall>>();
  readonly #asks: Readonly<Record<string, Ask>>;
  /** What is answered later. */
  readonly #services: Readonly<Record<string, (args: LuaValue[]) => LuaValue | Promise<LuaValue>>>;

  constructor(runtime: LuaRuntime, lives: (id: number) => void, observe: CallObserver | undefined) {
    this.#runtime = runtime;
    this.#observe = observe;
    const environment = environmentAnswers(runtime.services.environment);
    this.#services = environment.later;
    this.#asks = {
      ...asksOf(environment.now),
      spawn: (link, args, payload) => this.#spawn(link, args, payload),
      control: (link, args) => this.#control(link, args as string[]),
      send: (_link, [pid, topic, from], payload) => {
        runtime.messages.deliver(String(pid), String(topic), payload, String(from));
        const process = runtime.messages.liveProcess(String(pid));
        if (process !== undefined) lives(process.id);
        return true;
      },
      lookup: (_link, [name]) => runtime.names.lookup(String(name)) ?? null,
      register: (_link, [name, pid, scope]) =>
        runtime.messages.registerName(String(name), String(pid), Number(scope))?.then(() => true) ?? true,
      unregister: (_link, [name, scope, owner]) =>
        runtime.messages.unregisterName(String(name), Number(scope), String(owner)),
      evaluate: (link, [scope, actor, meta, action, resource, attributes]) =>
        link.scopeAt(Number(scope)).evaluate({ id: String(actor), meta: recordOf(meta!) }, {
          action: String(action),
          resource: String(resource),
          attributes: recordOf(attributes!),
        }),
    };
  }

  /** Answers a question. What other nodes have to agree to is answered when they have: the worker waits that long. */
  ask(link: WorkerLink, { head, payload }: WireFrame): void {
    const { universe } = this.#runtime;
    const [name, ...args] = universe.decode(head);
    const answer = (value: LuaValue): void => link.answer(universe.encode([true, value]));
    const refuse = (error: unknown): void => {
      const { message, kind, retryable, details } = luaErrorOf(error);
      try {
        link.answer(universe.encode([false, new LuaError(message, kind, retryable, details)]));
      } catch {
        // Its details are too much for the way back.
        link.answer(universe.encode([false, new LuaError(message.slice(0, 1000), kind, retryable)]));
      }
    };
    try {
      const value = this.#asks[String(name)]!(link, args, payload);
      if (value instanceof Promise) void value.then(answer).catch(refuse);
      else answer(value);
    } catch (error) {
      refuse(error);
    }
  }

  /** Delivers a message whose sender does not wait for it. */
  message(link: WorkerLink, { payload }: WireFrame): void {
    link.handled++;
    const { from, name, payload: values, to } = decodeSignal(payload);
    this.#quietly(() => this.#runtime.messages.deliver(to, name, values, from));
  }

  #quietly(act: () => void): void {
    try {
      act();
    } catch (error) {
      // Nobody may rely on delivery; what is no failure of it is a mistake of the program.
      const failure = asFailure(error);
      if (failure.cause !== undefined) this.#runtime.reportBroken(-1, error);
    }
  }

  // --- Calls --------------------------------------------------------------------------------------------------------------

  /** Makes a call for a worker. */
  call(link: WorkerLink, { head, payload }: WireFrame): void {
    const [number, target, options, context] = this.#runtime.universe.decode(head);
    const calls = this.#callsOf(link);
    let isOver = false;
    const done = (result: CallResult): void => {
      isOver = true;
      calls.delete(Number(number));
      this.#giveResult(link, number!, result);
    };
    try {
      const call = this.#runtime.functions.invoke({
        target: String(target),
        args: payload,
        frame: this.#frame(link, context!),
        options: options === false ? undefined : recordOf(options!) as ValueMap,
        done,
      });
      if (!isOver) calls.set(Number(number), call);
    } catch (error) {
      done({ ok: false, error: luaErrorOf(error) });
    }
    this.#runtime.slices.wake();
  }

  /** Gives up a call that a worker made. */
  cancelCall(link: WorkerLink, { head }: WireFrame): void {
    const [number] = this.#runtime.universe.decode(head);
    const call = this.#callsOf(link).get(Number(number));
    if (call === undefined) return;
    this.#runtime.calls.cancel(call, new Failure("Canceled", "caller context canceled"));
  }

  /** Asks a service of the main worker for a process of another one. */
  request(link: WorkerLink, { head }: WireFrame): void {
    const { universe } = this.#runtime;
    const [number, name, ...args] = universe.decode(head);
    const work = async (): Promise<LuaValue> => await this.#services[String(name)]!(args);
    work().then(
      (value) => this.#giveResult(link, number!, { ok: true, results: universe.encode([value]) }),
      (error: unknown) => this.#giveResult(link, number!, { ok: false, error: luaErrorOf(error) }),
    );
  }

  /** Runs a process to its end for one of a worker. */
  exec(link: WorkerLink, { head, payload }: WireFrame): void {
    const [number, entry, host, caller, context, ...extras] = this.#runtime.universe.decode(head);
    const give = (result: CallResult): void => this.#giveResult(link, number!, result);
    const failed = (error: unknown): void => give({ ok: false, error: luaErrorOf(error) });
    try {
      const by = this.#subject(link, String(caller));
      const frame = this.#frame(link, context!);
      const along = extrasFromWire(extras);
      this.#runtime.starter.execFrom(by, String(entry), String(host), payload, frame, along).then(
        (result) => give(resultOf(result)),
        failed,
      );
    } catch (error) {
      failed(error);
    }
  }

  #callsOf(link: WorkerLink): Map<number, ActiveCall> {
    let calls = this.#calls.get(link);
    if (calls === undefined) this.#calls.set(link, calls = new Map());
    return calls;
  }

  #giveResult(link: WorkerLink, number: LuaValue, result: CallResult): void {
    const { universe } = this.#runtime;
    const bytes = result.ok ? result.results : universe.encode([result.error]);
    this.#quietly(() => link.send(DOWN.result, universe.encode([number, result.ok]), bytes));
  }

  /** A worker is gone: what it had called is given up. */
  forget(link: WorkerLink): void {
    const calls = this.#calls.get(link);
    this.#calls.delete(link);
    for (const call of calls?.values() ?? []) {
      this.#runtime.calls.cancel(call, new Failure("Canceled", "caller context canceled"));
    }
  }

  // --- Processes ----------------------------------------------------------------------------------------------------------

  #frame(link: WorkerLink, context: LuaValue): Frame {
    return frameFromWire(context, (number) => link.scopeAt(number));
  }

  #spawn(link: WorkerLink, args: LuaValue[], payload: Uint8Array): string {
    const [entry, host, parent, monitored, linked, context, ...extras] = args;
    return this.#runtime.starter.spawnFrom(
      this.#subject(link, String(parent)),
      String(entry),
      String(host),
      payload,
      {
        frame: this.#frame(link, context!),
        monitored: monitored === true,
        linked: linked === true,
        ...extrasFromWire(extras),
      },
    );
  }

  #control(link: WorkerLink, [action, pid, reason, from]: string[]): boolean {
    const { messages } = this.#runtime;
    switch (action) {
      case "cancel":
        messages.cancel(pid!, reason!, from!);
        return true;
      case "terminate":
        messages.terminate(pid!);
        return true;
    }
    const by = this.#subject(link, from!);
    switch (action) {
      case "monitor":
        messages.monitor(by, pid!);
        break;
      case "unmonitor":
        messages.unmonitor(by, pid!);
        break;
      case "link":
        messages.link(by, pid!);
        break;
      case "unlink":
        messages.unlink(by, pid!);
        break;
      case "trap":
      case "untrap":
        messages.trapLinks(by, action === "trap");
    }
    return true;
  }

  /** The record of a process of a worker. A function call gets one when it is first asked for; it goes with the call. */
  #subject(link: WorkerLink, pid: string): LuaProcess {
    const { book, node, programs, services } = this.#runtime;
    const { id, host } = parsePid(pid)!;
    const known = book.find(id);
    if (known !== undefined) return known;
    const program = programs.program(host);
    if (program === undefined) throw new Error(`${pid} runs code that is gone`);
    const call = new LuaProcess(id, node, host, program, EMPTY_FRAME, true);
    call.placement = new Placement(services.ports.clock.monotonicMs(), NOTHING);
    call.placement.link = link;
    link.processes.add(call);
    book.place(call);
    return call;
  }

  // --- What is told -------------------------------------------------------------------------------------------------------

  /** Writes a log record. */
  log({ head }: WireFrame): void {
    const [level, logger, message, fields] = this.#runtime.universe.decode(head);
    const log = this.#runtime.services.log.named(String(logger));
    const write = LEVELS[Number(level) as LogLevel] ?? "info";
    log[write](String(message), recordOf(fields!) as Record<string, Value>);
  }

  /** A process has replaced its program. */
  upgraded({ head }: WireFrame): void {
    const { book, starter, universe } = this.#runtime;
    const [id, entry] = universe.decode(head);
    const process = book.find(Number(id));
    if (process !== undefined) process.program = starter.program(String(entry));
  }

  /** Takes note of a function call that a worker made within itself. */
  observed({ head }: WireFrame): void {
    const [target, ms, isOk] = this.#runtime.universe.decode(head);
    this.#observe?.(String(target), Number(ms), isOk === true);
  }
}

const LEVELS: Readonly<Record<LogLevel, "debug" | "info" | "warn" | "error">> = {
  [-1]: "debug",
  0: "info",
  1: "warn",
  2: "error",
};

function asksOf(answers: Readonly<Record<string, (args: LuaValue[]) => LuaValue>>): Record<string, Ask> {
  return Object.fromEntries(
    Object.entries(answers).map((
      [name, answer],
    ) => [name, (_link: WorkerLink, args: LuaValue[]) => answer(args)]),
  );
}

function resultOf(result: NativeResult): CallResult {
  if (result instanceof Encoded) return { ok: true, results: result.bytes };
  const [, error] = (result as Values).items;
  return { ok: false, error: error as LuaError };
}
