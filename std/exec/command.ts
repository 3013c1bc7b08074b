/** A command in the hands of a script, from its preparation to its end. */
import { Failure } from "../../src/core/mod.ts";
import type { Program } from "../../src/ports/mod.ts";
import { Output } from "./output.ts";

const SIGTERM = 15;
const SIGKILL = 9;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** How far a command is. */
type State =
  | { readonly kind: "prepared" }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly program: Program }
  | { readonly kind: "failed" };

/** A command that runs once. */
export class Command {
  readonly #start: () => Promise<Program>;
  readonly stdout = new Output("stdout_stream");
  readonly stderr = new Output("stderr_stream");
  #state: State = { kind: "prepared" };
  #isClosed = false;
  #pumping: Promise<unknown> | undefined;

  constructor(start: () => Promise<Program>) {
    this.#start = start;
  }

  /** Starts it. `kept` is told how to end it by force, and gives what is to be called when it has ended. */
  async start(kept: (kill: () => void) => () => void): Promise<void> {
    if (this.#isClosed) throw invalid("process is closed");
    if (this.#state.kind !== "prepared") throw invalid("process already started");
    this.#state = { kind: "starting" };
    let isAbandoned = false;
    const forget = kept(() => {
      isAbandoned = true;
      this.kill();
    });
    try {
      const program = await this.#start();
      this.#state = { kind: "running", program };
      this.stdout.connect(program.stdout);
      this.stderr.connect(program.stderr);
      program.ended.then(forget, forget);
      // Its script may have ended, or closed it, while it was being started.
      if (isAbandoned || this.#isClosed) this.kill();
    } catch (error) {
      this.#state = { kind: "failed" };
      forget();
      throw error;
    }
  }

  get #program(): Program {
    if (this.#state.kind !== "running") throw invalid("process not started: call start() first");
    return this.#state.program;
  }

  /** The exit code, once it has ended. */
  async wait(): Promise<number> {
    const program = this.#program;
    this.#pumping ??= Promise.all([this.stdout.pump(), this.stderr.pump()]);
    const never = new Promise<never>(() => undefined);
    const code = await Promise.race([program.ended, this.#pumping.then(() => never)]);
    return code;
  }

  /** Hands data to it; no data ends its input. */
  async write(data: Uint8Array): Promise<void> {
    this.#demandOpen();
    const program = this.#program;
    if (data.length === 0) program.endInput();
    else await program.write(data);
  }

  signal(number: number): void {
    this.#demandOpen();
    if (!this.#program.signal(number)) throw invalid("process has ended");
  }

  close(force: boolean): void {
    this.#isClosed = true;
    if (this.#state.kind === "running") this.#state.program.signal(force ? SIGKILL : SIGTERM);
  }

  /** Ends it by force when it runs. */
  kill(): void {
    if (this.#state.kind === "running") this.#state.program.signal(SIGKILL);
  }

  #demandOpen(): void {
    if (this.#isClosed) throw invalid("process is closed");
  }
}
