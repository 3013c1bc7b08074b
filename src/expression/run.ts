/**
 * What an expression has at hand while it runs: variables, the element a predicate looks at, and what it may still spend.
 *
 * R1. Work is paid before it is done: a loop that would run too long, or make too much, ends with a Problem first.
 */
import { EXPRESSION_ELEMENTS_MAX, EXPRESSION_STEPS_MAX, EXPRESSION_TEXT_MAX } from "../core/mod.ts";
import type { Clock } from "../ports/mod.ts";
import type { Instant } from "../time/mod.ts";
import { LuaHandle, type LuaValue } from "../vm/mod.ts";
import { Problem } from "./problem.ts";
import { DurationValue, foreign, TimeValue } from "./values.ts";

/** A compiled regular expression that runs in linear time. */
export type Regex = (text: string) => boolean;

/** What expressions need of the world. */
export interface ExpressionHost {
  readonly clock: Clock;
  /** Compiles a regular expression; throws when it is malformed. Needed only by programs with `usesRegex`. */
  readonly regex?: (pattern: string) => Regex;
  /** The time or duration that an object of Lua stands for; undefined for any other object. */
  readonly native?: (object: LuaHandle) => Instant | bigint | undefined;
}

/** Characters that cost one step to look at. */
const CHARACTERS_PER_STEP = 64;

/** One run of an expression. */
export class Run {
  readonly env: LuaValue;
  readonly host: ExpressionHost;
  readonly locals: LuaValue[];
  /** Element, accumulator and index of the innermost predicate. */
  element: LuaValue = null;
  accumulator: LuaValue = null;
  index = 0;
  #steps = EXPRESSION_STEPS_MAX;
  #elements = EXPRESSION_ELEMENTS_MAX;
  #text = EXPRESSION_TEXT_MAX;

  constructor(env: LuaValue, host: ExpressionHost, slots: number) {
    this.env = env;
    this.host = host;
    this.locals = slots === 0 ? [] : new Array<LuaValue>(slots).fill(null);
  }

  /** `value` as expressions see it: an object that is a time or a duration is taken for one. */
  native(value: LuaValue): LuaValue {
    if (!(value instanceof LuaHandle)) return value;
    const native = this.host.native?.(value);
    if (native === undefined) return value;
    return foreign(typeof native === "bigint" ? new DurationValue(native) : new TimeValue(native));
  }

  /** Pays for looking at `count` elements. */
  spend(count: number): void {
    this.#steps -= count;
    if (this.#steps < 0) {
      throw new Problem(`expression takes more than ${EXPRESSION_STEPS_MAX} steps`);
    }
  }

  /** Pays for looking at a text. */
  spendText(length: number): void {
    this.spend(1 + length / CHARACTERS_PER_STEP);
  }

  /** Pays for making `count` elements. */
  make(count: number): void {
    this.spend(count);
    this.#elements -= count;
    if (this.#elements < 0) {
      throw new Problem(`expression makes more than ${EXPRESSION_ELEMENTS_MAX} elements`);
    }
  }

  /** Pays for making a text. */
  makeText(length: number): void {
    this.spendText(length);
    this.#text -= length;
    if (this.#text < 0) {
      throw new Problem(`expression makes more than ${EXPRESSION_TEXT_MAX} characters of text`);
    }
  }
}

/** Part of a compiled expression. */
export type Evaluate = (run: Run) => LuaValue;
