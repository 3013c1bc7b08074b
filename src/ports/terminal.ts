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
  write(data: Uint8Array | string): void;
  writeError(data: Uint8Array | string): void;
  flush(): Promise<void>;
  /** Raw mode: no line buffering, no echo. Does nothing when the input is no terminal. */
  setRaw(enabled: boolean): void;
}

/** The terminal a process owns. */
export const TerminalAttachment = defineAttachment<Terminal>("terminal");
