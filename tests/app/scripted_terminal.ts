/** A terminal whose input is given in advance and whose output is kept. */
import { InputBuffer } from "../../src/platform/mod.ts";
import type { Terminal } from "../../src/ports/mod.ts";

/** A terminal without a screen. */
export class ScriptedTerminal implements Terminal {
  readonly interactive = false;
  readonly args: readonly string[];
  /** What was written, in order of writing; `err:` before what went to standard error. */
  readonly output: string[] = [];
  /** Changes of raw mode and flushes, in order. */
  readonly modes: string[] = [];
  readonly #input: InputBuffer;
  /** Set to make every write fail. */
  broken = false;

  readonly coloured: boolean;
  #size: { width: number; height: number } | undefined;
  readonly #listeners = new Set<() => void>();

  /** A promise in the input holds what follows back. */
  constructor(
    options: {
      args?: readonly string[];
      input?: readonly (string | Uint8Array | Promise<void>)[];
      size?: { width: number; height: number };
      coloured?: boolean;
    } = {},
  ) {
    this.args = options.args ?? [];
    this.#size = options.size;
    this.coloured = options.coloured ?? false;
    const chunks = [...options.input ?? []];
    const encoder = new TextEncoder();
    this.#input = new InputBuffer(async () => {
      while (chunks[0] instanceof Promise) {
        await chunks[0];
        chunks.shift();
      }
      const chunk = chunks.shift() as string | Uint8Array | undefined;
      if (chunk === undefined) return null;
      return typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    });
  }

  size(): { width: number; height: number } | undefined {
    return this.#size;
  }

  /** Gives the terminal another size. */
  resize(width: number, height: number): void {
    this.#size = { width, height };
    for (const listener of this.#listeners) listener();
  }

  onResize(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  unread(data: Uint8Array): void {
    this.#input.unread(data);
  }

  /** Everything written to standard output. */
  get text(): string {
    return this.output.filter((part) => !part.startsWith("err:")).join("");
  }

  /** Everything written to standard error. */
  get errors(): string {
    return this.output.filter((part) => part.startsWith("err:")).map((part) => part.slice(4)).join("");
  }

  readLine(): Promise<string | null> {
    return this.#input.readLine();
  }

  read(size: number): Promise<Uint8Array | null> {
    return this.#input.read(size);
  }

  write(data: Uint8Array | string): void {
    this.#put("", data);
  }

  writeError(data: Uint8Array | string): void {
    this.#put("err:", data);
  }

  flush(): Promise<void> {
    this.modes.push("flush");
    return Promise.resolve();
  }

  setRaw(enabled: boolean): void {
    this.modes.push(enabled ? "raw" : "cooked");
  }

  #put(mark: string, data: Uint8Array | string): void {
    if (this.broken) throw new Error("broken pipe");
    this.output.push(mark + (typeof data === "string" ? data : new TextDecoder().decode(data)));
  }
}
