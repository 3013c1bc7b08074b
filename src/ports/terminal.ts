/** The terminal of a process on a `terminal.host`. */
import { defineAttachment } from "./runtime.ts";

/** Standard streams and arguments. */
export interface Terminal {
  readonly args: readonly string[];
  readonly interactive: boolean;
  /** Next line without its end; null at the end of input. */
  readLine(): Promise<string | null>;
  /** Up to `size` bytes; null at the end of input. */
  read(size: number): Promise<Uint8Array | null>;
  /** Gives bytes back: the next read gets them. */
  unread(data: Uint8Array): void;
  write(data: Uint8Array | string): void;
  writeError(data: Uint8Array | string): void;
  flush(): Promise<void>;
  /** Raw mode: no line buffering, no echo. Does nothing when the input is no terminal. */
  setRaw(enabled: boolean): void;
  /** Cells of the screen; undefined when the output is no terminal. */
  size(): { width: number; height: number } | undefined;
  /** Calls `listener` whenever the size has changed; returns what ends that. */
  onResize(listener: () => void): () => void;
  /** Whether the output shows colours. */
  readonly coloured: boolean;
}

/** The terminal a process owns. */
export const TerminalAttachment = defineAttachment<Terminal>("terminal");
