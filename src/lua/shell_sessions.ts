/**
 * Interactive sessions: code that a person types, run in a process that keeps what it has defined.
 *
 * N1. A session runs one input at a time. N2. Ending an input leaves the session, and all it has defined, as they are.
 * N3. A session sees every module and requires libraries of the application by their ids.
 */
import { Failure, isValueMap } from "../core/mod.ts";
import { formatDiagnostic } from "../lang/running.ts";
import type { Frame } from "../ports/mod.ts";
import {
  type CodeRef,
  type GlobalsRef,
  LuaSyntaxError,
  type LuaValue,
  type ModuleMember,
  type ModuleRef,
  Values,
} from "../vm/mod.ts";
import { planPool } from "./definition.ts";
import type { ActiveCall } from "./function_pool.ts";
import { failureOf } from "./lua_failure.ts";
import { AMBIENT_MODULES } from "./module_catalog.ts";
import type { Program } from "./program_table.ts";
import type { LuaRuntime } from "./runtime.ts";
import SOURCE from "./shell_session.lua" with { type: "text" };
import { SHELL_CHUNK, shellCode, shellSource } from "./shell_source.ts";

/** What an input of a session is told that is no more. */
export const SHELL_ENDED = "the session has ended";
/** Name of the session's own code in traces. */
const SESSION_CHUNK = "shell session";
/** Topic that tells a session that there is something to run. */
const WAKE_TOPIC = "shell:input";

/** How an input ended. */
export type ShellOutcome =
  | { readonly ok: true; readonly values: readonly string[] }
  | {
    readonly ok: false;
    readonly message: string;
    readonly kind: string;
    readonly trace: readonly { readonly source: string; readonly line: number; readonly name: string }[];
  };

/** What the VM knows of sessions, made when the first is opened. */
interface Parts {
  readonly program: Program;
  readonly globals: GlobalsRef;
}

/** One session. */
export class ShellSession {
  readonly #runtime: LuaRuntime;
  readonly #call: ActiveCall;
  readonly #write: (text: string) => void;
  #waiting: { code: CodeRef; taken: boolean; settle: (outcome: ShellOutcome) => void } | undefined;

  constructor(runtime: LuaRuntime, call: ActiveCall, write: (text: string) => void) {
    this.#runtime = runtime;
    this.#call = call;
    this.#write = write;
  }

  /** Slot of its process. */
  get slot(): number {
    return this.#call.process?.slot ?? -1;
  }

  /** Runs an input to its end; resolves with its failure too. Fails with Conflict while another one runs. */
  run(input: string): Promise<ShellOutcome> {
    if (this.#waiting !== undefined) {
      throw new Failure("Conflict", "the session is busy", { retryable: true });
    }
    const source = shellSource(input);
    const parsed = shellCode(source);
    if (!parsed.ok) {
      const text = parsed.diagnostics.map((found) => formatDiagnostic(found, SHELL_CHUNK, source)).join("\n");
      return Promise.resolve(failed(text, "Invalid"));
    }
    let code: CodeRef;
    try {
      code = this.#runtime.universe.code.compile(parsed.source, SHELL_CHUNK);
    } catch (error) {
      if (!(error instanceof LuaSyntaxError)) throw error;
      return Promise.resolve(failed(`${error.chunk}:${error.line}: ${error.message}`, "Invalid"));
    }
    return new Promise((settle) => {
      this.#waiting = { code, taken: false, settle };
      if (this.#call.process === undefined) {
        this.end(new Failure("Unavailable", SHELL_ENDED));
        return;
      }
      const { slices, universe } = this.#runtime;
      universe.deliver(this.slot, WAKE_TOPIC, "", universe.encode([true]));
      slices.wake();
    });
  }

  /** Ends the input that runs; the session goes on. */
  cancel(): void {
    if (this.#waiting === undefined) return;
    this.#runtime.universe.endEvaluations(this.slot);
    this.#runtime.slices.wake();
    this.#settle(failed("canceled", "Canceled"));
  }

  /** Ends the session. */
  close(): void {
    this.#runtime.calls.cancel(this.#call, new Failure("Canceled", "the session was closed"));
  }

  /** Takes note that its process has ended. */
  end(failure: Failure): void {
    this.#settle(failed(failure.message, failure.kind));
  }

  /** What to run next, for the session's process. */
  take(): CodeRef | null {
    if (this.#waiting === undefined || this.#waiting.taken) return null;
    this.#waiting.taken = true;
    return this.#waiting.code;
  }

  /** How what was taken ended. */
  done(value: LuaValue): void {
    this.#settle(decodeOutcome(value));
  }

  /** Text that the code printed. */
  print(text: string): void {
    this.#write(text);
  }

  #settle(outcome: ShellOutcome): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    this.#runtime.universe.code.releaseCode(waiting.code);
    waiting.settle(outcome);
  }
}

function failed(message: string, kind: string): ShellOutcome {
  return { ok: false, message, kind, trace: [] };
}

function decodeOutcome(value: LuaValue): ShellOutcome {
  if (!isValueMap(value)) return { ok: true, values: [] };
  const { kind, message, trace, values } = value as Record<string, LuaValue>;
  if (typeof message !== "string") {
    return { ok: true, values: Array.isArray(values) ? values.map(String) : [] };
  }
  const frames = (Array.isArray(trace) ? trace : []).flatMap((frame) => {
    if (!isValueMap(frame)) return [];
    const { source, line, name } = frame as Record<string, LuaValue>;
    return [{ source: String(source), line: Number(line), name: String(name ?? "") }];
  });
  return { ok: false, message, kind: String(kind ?? ""), trace: frames };
}

/** All sessions of a runtime. */
export class ShellSessions {
  readonly #runtime: LuaRuntime;
  readonly #bySlot = new Map<number, ShellSession>();
  #parts: Parts | undefined;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Opens a session; `write` gets what its code prints. */
  async open(frame: Frame, write: (text: string) => void): Promise<ShellSession> {
    const { functions, modules: { catalog }, slices, universe } = this.#runtime;
    await catalog.load(catalog.names());
    const { program } = this.#parts ??= this.#createParts();
    let session: ShellSession | undefined = undefined;
    const call = functions.invoke({
      target: program.definition.id,
      program,
      args: universe.encode([]),
      frame,
      options: undefined,
      done: (result) => {
        const opened = session as ShellSession | undefined;
        if (opened === undefined) return;
        this.#bySlot.delete(slot);
        opened.end(result.ok ? new Failure("Unavailable", SHELL_ENDED) : failureOf(result.error));
      },
    });
    const slot = call.process?.slot ?? -1;
    session = new ShellSession(this.#runtime, call, write);
    this.#bySlot.set(slot, session);
    slices.wake();
    return session;
  }

  #createParts(): Parts {
    const { modules, universe } = this.#runtime;
    const { code, natives } = universe;
    const native = (fn: (session: ShellSession, value: LuaValue) => LuaValue): ModuleMember => ({
      kind: "native",
      index: natives.add((call) => {
        const session = this.#bySlot.get(call.slot);
        return session === undefined ? null : fn(session, call.count > 0 ? call.value(1) : null);
      }),
    });
    const print = code.defineModule({
      name: "print",
      members: {
        kind: "builtin",
        name: "base.print",
        fallback: natives.add((call) => {
          this.#bySlot.get(call.slot)?.print(`${call.string(1)}\n`);
          return new Values([]);
        }),
      },
    });
    const seen: Record<string, ModuleRef> = { print };
    for (const name of modules.catalog.names()) seen[name] = modules.module(name)!;
    const globals = code.defineGlobals(seen);
    const own = code.defineModule({
      name: "session",
      members: {
        kind: "table",
        members: {
          load: { kind: "builtin", name: "session.load" },
          environment: { kind: "builtin", name: "session.environment" },
          spawn: { kind: "builtin", name: "session.spawn" },
          globals: { kind: "value", value: globals },
          take: native((session) => session.take()),
          done: native((session, value) => {
            session.done(value);
            return null;
          }),
          units: { kind: "native", index: natives.add((call) => this.#unitsOf(call.string(1))) },
        },
      },
    });
    const ambient: Record<string, ModuleRef> = { "@session": own };
    for (const name of AMBIENT_MODULES) ambient[name] = modules.module(name)!;
    const unit = {
      code: code.compile(SOURCE, SESSION_CHUNK),
      globals: code.defineGlobals(ambient),
      imports: [],
    };
    const ref = code.defineProgram({ units: [unit], method: "main" });
    return { program: { ref, definition: DEFINITION, sources: new Set([SHELL_CHUNK]) }, globals };
  }

  /** The units of a library for the session's process, counted from 1; with the reason when it can't be had. */
  #unitsOf(id: string): Values {
    try {
      const units = this.#runtime.programs.units(id);
      if (units === undefined) return new Values([null, `there is no Lua entry ${id}`]);
      return new Values([units.map(({ code, globals, imports }) => ({
        code,
        globals,
        imports: imports.map(({ alias, unit }) => ({ alias, unit: unit + 1 })),
      }))]);
    } catch (error) {
      if (error instanceof Failure) return new Values([null, error.message]);
      throw error;
    }
  }
}

const DEFINITION = {
  id: SHELL_CHUNK,
  module: "",
  kind: "function.lua" as const,
  source: "",
  method: "main",
  modules: new Map<string, string>(),
  imports: new Map<string, string>(),
  pool: planPool(undefined),
  options: {},
  defaultHost: "",
};
