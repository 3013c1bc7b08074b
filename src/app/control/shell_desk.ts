/**
 * Interactive sessions of those who are connected: who opened which, and what their code has printed.
 *
 * K1. A session ends with the connection that opened it. K2. Code runs as what arrives by the connection does: without an actor.
 */
import { Failure, SHELL_OUTPUT_CHARS_MAX, type Value } from "../../core/mod.ts";
import type { LuaRuntime, ShellOutcome, ShellSession } from "../../lua/mod.ts";
import { EMPTY_FRAME } from "../../ports/mod.ts";

interface Desk {
  readonly session: ShellSession;
  output: string;
  /** Whoever waits for output. */
  waiting: ((text: Value) => void) | undefined;
}

/** Sessions by number. */
export class ShellDesk {
  readonly #desks = new Map<number, Desk>();
  #next = 1;

  /** Opens a session that ends when `signal` aborts; its number. */
  async open(runtime: LuaRuntime, signal: AbortSignal): Promise<number> {
    const number = this.#next++;
    const shells = await runtime.shells();
    const session = await shells.open(EMPTY_FRAME, (text) => {
      if (desk.waiting !== undefined) {
        desk.waiting(text);
        desk.waiting = undefined;
      } else desk.output = (desk.output + text).slice(-SHELL_OUTPUT_CHARS_MAX);
    });
    const desk: Desk = { session, output: "", waiting: undefined };
    this.#desks.set(number, desk);
    signal.addEventListener("abort", () => this.close(number));
    if (signal.aborted) this.close(number);
    return number;
  }

  /** Runs an input; its outcome, with what was printed and nobody has fetched yet. */
  async run(number: number, source: string): Promise<Value> {
    const desk = this.#desk(number);
    const outcome: ShellOutcome = await desk.session.run(source);
    const { output } = desk;
    desk.output = "";
    if (outcome.ok) return { ok: true, values: [...outcome.values], output };
    const { kind, message, trace } = outcome;
    return { ok: false, message, kind, trace: trace.map((frame) => ({ ...frame })), output };
  }

  /** What was printed; waits until there is something. Null once the session has ended. */
  output(number: number): Value | Promise<Value> {
    const desk = this.#desk(number);
    if (desk.output !== "") {
      const { output } = desk;
      desk.output = "";
      return output;
    }
    return new Promise((resolve) => desk.waiting = resolve);
  }

  /** Ends the input that runs. */
  cancel(number: number): void {
    this.#desk(number).session.cancel();
  }

  /** Ends a session. */
  close(number: number): void {
    const desk = this.#desks.get(number);
    this.#desks.delete(number);
    desk?.waiting?.(null);
    desk?.session.close();
  }

  #desk(number: number): Desk {
    const desk = this.#desks.get(number);
    if (desk === undefined) {
      throw new Failure("NotFound", `there is no session ${number}`, { retryable: false });
    }
    return desk;
  }
}
