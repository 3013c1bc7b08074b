/**
 * The terminal this program was started on.
 *
 * Owns standard input while a process reads it. E1. Input is read only when it is asked for, so that a program that reads
 * nothing leaves its input to whoever comes next. E2. One reader at a time; reads are answered in order.
 */
import process from "node:process";
import { asFailure, Failure } from "../core/mod.ts";
import type { Terminal } from "../ports/mod.ts";
import { BUN, DENO } from "./runtime_globals.ts";
import { isTerminal, writeStream } from "./standard_streams.ts";

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const CHUNK_BYTES = 65_536;
/** Longest line of input; a longer one fails instead of filling memory. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** Reads chunks of standard input; null at its end. */
function chunkSource(): () => Promise<Uint8Array | null> {
  if (DENO !== undefined) {
    const { stdin } = DENO;
    return async () => {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const count = await stdin.read(buffer);
      return count === null ? null : buffer.subarray(0, count);
    };
  }
  const reader = BUN!.stdin.stream().getReader();
  return async () => {
    const { done, value } = await reader.read();
    return done ? null : value;
  };
}

/** Buffered input over chunks, for lines and for bytes. */
export class InputBuffer {
  readonly #next: () => Promise<Uint8Array | null>;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();
  #fetching: Promise<boolean> | undefined;
  readonly #linesEnd = Promise.withResolvers<false>();
  #areLinesOver = false;

  constructor(next: () => Promise<Uint8Array | null>) {
    this.#next = next;
  }

  /** The next line without its end; null at the end of input. */
  readLine(): Promise<string | null> {
    return this.#inTurn(async () => {
      let searched = 0;
      for (;;) {
        if (this.#areLinesOver) return null;
        const at = this.#held.indexOf(NEWLINE, searched);
        if (at >= 0) return text(this.#take(at + 1).subarray(0, at));
        searched = this.#held.length;
        if (searched > LINE_BYTES_MAX) {
          throw new Failure("LimitExceeded", `input line is longer than ${LINE_BYTES_MAX} bytes`);
        }
        const isThereMore = await Promise.race([this.#more(), this.#linesEnd.promise]);
        if (!isThereMore && !this.#areLinesOver) return searched === 0 ? null : text(this.#take(searched));
      }
    });
  }

  /** Lets whoever waits for a line, now or later, see the end of input; bytes can still be read. */
  endLines(): void {
    this.#areLinesOver = true;
    this.#linesEnd.resolve(false);
  }

  /** Up to `size` bytes; null at the end of input. */
  read(size: number): Promise<Uint8Array | null> {
    return this.#inTurn(async () => {
      if (this.#held.length === 0 && !await this.#more()) return null;
      return this.#take(Math.min(size, this.#held.length));
    });
  }

  /** Puts bytes back in front. */
  unread(data: Uint8Array): void {
    const joined = new Uint8Array(data.length + this.#held.length);
    joined.set(data);
    joined.set(this.#held, data.length);
    this.#held = joined;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Waits for more input; false at its end. Who no longer waits leaves the wait to the next one. */
  #more(): Promise<boolean> {
    return this.#fetching ??= this.#fetch().finally(() => this.#fetching = undefined);
  }

  async #fetch(): Promise<boolean> {
    while (!this.#ended) {
      const chunk = await this.#next();
      if (chunk === null) this.#ended = true;
      else if (chunk.length > 0) {
        const joined = new Uint8Array(this.#held.length + chunk.length);
        joined.set(this.#held);
        joined.set(chunk, this.#held.length);
        this.#held = joined;
        return true;
      }
    }
    return false;
  }

  #take(count: number): Uint8Array {
    const taken = this.#held.slice(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }
}

function text(line: Uint8Array): string {
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  return new TextDecoder().decode(line.subarray(0, end));
}

const ENCODER = new TextEncoder();

/** Writes all of `data` to a standard stream; a reader that went away is not an error of the application. */
function writeAll(fd: 1 | 2, data: Uint8Array | string): void {
  try {
    writeStream(fd, typeof data === "string" ? ENCODER.encode(data) : data);
  } catch (error) {
    const isUnread = (error as { code?: string }).code === "EPIPE";
    throw isUnread ? new Failure("Internal", "broken pipe", { cause: error }) : asFailure(error);
  }
}

/** The terminal of this program; `args` are what the process gets from `io.args`. */
export class SystemTerminal implements Terminal {
  readonly args: readonly string[];
  #input: InputBuffer | undefined;
  #areLinesOver = false;

  constructor(args: readonly string[] = []) {
    this.args = args;
  }

  get interactive(): boolean {
    return isTerminal(0) && isTerminal(1);
  }

  readLine(): Promise<string | null> {
    return this.#open().readLine();
  }

  read(size: number): Promise<Uint8Array | null> {
    return this.#open().read(size);
  }

  unread(data: Uint8Array): void {
    this.#open().unread(data);
  }

  /** Ends the wait for lines: somebody asked the program to stop while it stands at a prompt. */
  endLines(): void {
    this.#areLinesOver = true;
    this.#input?.endLines();
  }

  write(data: Uint8Array | string): void {
    writeAll(1, data);
  }

  writeError(data: Uint8Array | string): void {
    writeAll(2, data);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  setRaw(enabled: boolean): void {
    if (!isTerminal(0)) return;
    if (DENO !== undefined) DENO.stdin.setRaw(enabled);
    else process.stdin.setRawMode(enabled);
  }

  size(): { width: number; height: number } | undefined {
    if (!isTerminal(1)) return undefined;
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { width: columns, height: rows } : undefined;
  }

  onResize(listener: () => void): () => void {
    if (!isTerminal(1)) return () => undefined;
    // Standard output measures itself when it hears of the change, which is after the signal.
    process.stdout.on("resize", listener);
    return () => process.stdout.off("resize", listener);
  }

  get coloured(): boolean {
    return isTerminal(1) && (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb";
  }

  #open(): InputBuffer {
    if (this.#input === undefined) {
      this.#input = new InputBuffer(chunkSource());
      if (this.#areLinesOver) this.#input.endLines();
    }
    return this.#input;
  }
}
