/** Compiled expressions. */
import { Failure, nearestName } from "../core/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import { compile } from "./compiler.ts";
import { parseExpression } from "./parser.ts";
import { failureOf, Problem } from "./problem.ts";
import { type Evaluate, type ExpressionHost, Run } from "./run.ts";
import { exported } from "./values.ts";

/** A compiled expression. It keeps nothing between two runs. */
export class ExpressionProgram {
  readonly source: string;
  /** Whether it uses regular expressions. */
  readonly usesRegex: boolean;
  readonly #evaluate: Evaluate;
  readonly #slots: number;

  constructor(source: string, parts: { usesRegex: boolean; evaluate: Evaluate; slots: number }) {
    this.source = source;
    this.usesRegex = parts.usesRegex;
    this.#evaluate = parts.evaluate;
    this.#slots = parts.slots;
  }

  /** The value of the expression with `env` as its variables. Fails with Internal. */
  run(env: LuaValue, host: ExpressionHost): LuaValue {
    try {
      const run = new Run(env, host, this.#slots);
      return exported(run, this.#evaluate(run));
    } catch (error) {
      if (error instanceof Problem) throw failureOf(error, this.source);
      throw error;
    }
  }
}

/**
 * Compiles an expression. Fails with Invalid when there is none, with Internal when it is malformed or names a variable that
 * is not among `names`.
 */
export function compileExpression(source: string, names?: ReadonlySet<string>): ExpressionProgram {
  if (source.trim() === "") throw new Failure("Invalid", "expression is empty", { retryable: false });
  try {
    const { root, slots, usesRegex, names: used } = parseExpression(source);
    for (const [name, at] of names === undefined ? [] : used) {
      if (names!.has(name)) continue;
      const near = nearestName(name, [...names!]);
      throw new Problem(`unknown name "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`, at);
    }
    return new ExpressionProgram(source, { usesRegex, evaluate: compile(root), slots });
  } catch (error) {
    if (error instanceof Problem) throw failureOf(error, source);
    throw error;
  }
}
