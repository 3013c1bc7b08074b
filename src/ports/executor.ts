/** Executors of commands: provided by `exec.native` and `exec.docker`, used by the `exec` module. */
import type { Program } from "./program.ts";
import { defineResource } from "./resource.ts";

/** How a command is run. */
export interface CommandOptions {
  /** Working directory; the executor's own when absent. */
  readonly directory?: string;
  /** Variables beside those of the executor. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs commands. */
export interface Executor {
  /**
   * Checks a command; what it returns starts it. Invalid for a command that can't be split into words, PermissionDenied
   * for one that is not on the whitelist.
   */
  prepare(command: string, options: CommandOptions): () => Promise<Program>;
}

/** Resource type of executors. */
export const ExecutorResource = defineResource<Executor>("exec");
