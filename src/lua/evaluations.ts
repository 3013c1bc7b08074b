/**
 * Running code that is given at run time: compiled once, each run in a process of its own, within bounds.
 *
 * E1. A run ends with its caller. E2. A run that would wait for messages fails, as does one that takes too many steps.
 * E3. Compiled code is kept by source and by what it may see, the least recently used dropped first.
 */
import {
  EVALUATION_CHECKS_MAX,
  EVALUATION_DEPTH_MAX,
  EVALUATION_TURNS_MAX,
  Failure,
  RecentTable,
} from "../core/mod.ts";
import * as parser from "../lang/running.ts";
import type { Frame } from "../ports/mod.ts";
import type { LuaError, LuaValue } from "../vm/mod.ts";
import type { CompiledSource } from "./compiled_source.ts";
import {
  EVALUATION_MODULES,
  type EvaluationAccess,
  EvaluationPrograms,
  importFailure,
} from "./evaluation_program.ts";
import type { ActiveCall, CallResult } from "./function_pool.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { LuaProcess } from "./lua_process.ts";
import { useParser } from "./plain_source.ts";
import type { Program } from "./program_table.ts";
import type { LuaRuntime } from "./runtime.ts";

/** How many compiled sources are kept, and how long. */
export interface EvaluationCacheOptions {
  /** 0 or less keeps none. */
  readonly sizeMax: number;
  /** 0 keeps them until others need the room. */
  readonly lifetimeMs: number;
}

/** Code to run. */
export interface Evaluation {
  readonly source: string;
  /** Function of the table that the source returns; "" runs the source itself. */
  readonly method: string;
  readonly access: EvaluationAccess;
  /** Module classes that were allowed; they are part of what compiled code is kept by. */
  readonly classes: readonly string[];
  /** Globals of the code. */
  readonly values: LuaValue;
  readonly args: readonly LuaValue[];
  readonly frame: Frame;
}

/** Compiled code; its program when it has no imports, which are bound at each run. */
interface Kept {
  readonly compiled: CompiledSource;
  readonly untilMs: number;
  program: Program | undefined;
}

/** Name of a source and what it may see. */
type Identity = Pick<Evaluation, "source" | "method" | "classes"> & { readonly modules: readonly string[] };

/** The evaluations of a runtime, made when they are first asked for: few programs run given code. */
export function evaluationsOf(runtime: LuaRuntime): Evaluations {
  return runtime.evaluations ??= new Evaluations(runtime, runtime.evaluationCache);
}

/** Runs given code. */
export class Evaluations {
  readonly #runtime: LuaRuntime;
  readonly #options: EvaluationCacheOptions;
  readonly #programs: EvaluationPrograms;
  readonly #kept: RecentTable<string, Kept>;
  readonly #depths = new WeakMap<LuaProcess, number>();
  #compilations = 0;

  constructor(runtime: LuaRuntime, options: EvaluationCacheOptions) {
    useParser(parser);
    this.#runtime = runtime;
    this.#options = options;
    this.#kept = new RecentTable(options.sizeMax, (kept) => this.#drop(kept));
    this.#programs = new EvaluationPrograms(runtime);
  }

  /** How often a source was compiled. */
  get compilations(): number {
    return this.#compilations;
  }

  /** Reads the modules that code with this access needs, before it is run; undefined when they have been read. */
  prepare({ imports, modules }: EvaluationAccess): Promise<void> | undefined {
    const granted = [...imports.values()].flatMap((library) => library.modules);
    return this.#runtime.modules.catalog.load([...EVALUATION_MODULES, ...modules, ...granted]);
  }

  /** Compiles code and keeps it. Fails with Internal `parse error`. */
  compile(identity: Identity): void {
    const kept = this.#compiled(identity);
    if (this.#options.sizeMax <= 0) this.#drop(kept);
  }

  /** Runs code that was prepared for `caller`; `done` gets the outcome once. Fails with Internal when it can't be started. */
  run(caller: LuaProcess, evaluation: Evaluation, done: (result: CallResult) => void): void {
    const { slices, universe, calls } = this.#runtime;
    const depth = (this.#depths.get(caller) ?? 0) + 1;
    if (depth > EVALUATION_DEPTH_MAX) {
      throw new Failure("LimitExceeded", `evaluations are nested deeper than ${EVALUATION_DEPTH_MAX}`, {
        retryable: false,
      });
    }
    const args = universe.encode([evaluation.values, evaluation.method, ...evaluation.args]);
    const { program, release } = this.#program(evaluation);
    const { imports } = evaluation.access;
    let unwatch = (): void => {};
    const active = calls.startFrom(caller, program, args, evaluation.frame, undefined, (result) => {
      unwatch();
      release();
      done(result.ok ? result : { ok: false, error: described(result.error, imports) });
    });
    if (active.process !== undefined) this.#depths.set(active.process, depth);
    if (!active.finished) unwatch = slices.afterEach(() => this.#check(active));
  }

  /** Ends a run that takes too long or waits for messages. */
  #check(active: ActiveCall): void {
    const { process } = active;
    if (active.finished || process === undefined) return;
    const { functions, universe } = this.#runtime;
    const end = (message: string): void =>
      functions.cancel(active, new Failure("Internal", message, { retryable: false }));
    const turns = universe.turnsOf(process.slot);
    if (turns > EVALUATION_TURNS_MAX || turns * universe.budget > EVALUATION_CHECKS_MAX) {
      end("eval exceeded maximum step limit");
      return;
    }
    const { state, subscriptions } = universe.info(process.slot);
    if (state === "idle" && subscriptions > 0) end("process became idle");
  }

  #program(evaluation: Evaluation): { program: Program; release: () => void } {
    const { access } = evaluation;
    const isCached = this.#options.sizeMax > 0;
    const kept = this.#compiled({ ...evaluation, modules: access.modules });
    const isShared = isCached && access.imports.size === 0;
    if (isShared && kept.program !== undefined) return { program: kept.program, release: () => {} };
    let program: Program;
    try {
      program = this.#programs.build(kept.compiled, access);
    } catch (error) {
      if (!isCached) this.#drop(kept);
      throw error;
    }
    if (isShared) {
      kept.program = program;
      return { program, release: () => {} };
    }
    return {
      program,
      release: () => {
        this.#runtime.universe.code.releaseProgram(program.ref);
        if (!isCached) this.#drop(kept);
      },
    };
  }

  #compiled({ source, method, modules, classes }: Identity): Kept {
    const { lifetimeMs } = this.#options;
    const now = this.#runtime.services.ports.clock.monotonicMs();
    const key = JSON.stringify([source, method, [...modules].sort(), [...classes].sort()]);
    const known = this.#kept.get(key);
    if (known !== undefined && known.untilMs > now) return known;
    this.#kept.delete(key);
    const compiled = this.#programs.compile(source);
    this.#compilations++;
    const kept: Kept = {
      compiled,
      untilMs: lifetimeMs > 0 ? now + lifetimeMs : Infinity,
      program: undefined,
    };
    this.#kept.set(key, kept);
    return kept;
  }

  #drop({ compiled, program }: Kept): void {
    this.#runtime.programs.compiler.release(compiled);
    if (program !== undefined) this.#runtime.universe.code.releaseProgram(program.ref);
  }
}

/** An error of the VM in the words of evaluations. */
function described(error: LuaError, imports: EvaluationAccess["imports"]): LuaError {
  if (error.message.startsWith("deadlock:")) {
    return luaErrorOf(new Failure("Internal", "process became idle", { retryable: false }));
  }
  const match = /^failed to load dependency ([^:]+): ([^]*)$/.exec(error.message);
  const library = match === null ? undefined : imports.get(match[1]!);
  return library === undefined ? error : luaErrorOf(importFailure(match![1]!, library.id, match![2]!));
}
