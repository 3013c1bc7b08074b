/**
 * Child processes of the scripts: one way to run a command, see its output and know how it ended.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./source_tree.ts";

/** The runtimes, as installed by npm. */
export const BUN: string = join(ROOT, "node_modules/.bin/bun");
export const DENO: string = join(ROOT, "node_modules/.bin/deno");

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Passes output through (stdout of the command goes to our stderr when "stderr"). */
  readonly show?: "no" | "stdout" | "stderr";
  /** Ends the command after this long; it then counts as failed. */
  readonly timeoutMs?: number;
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command without a shell and collects what it prints. */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => {
      out.push(chunk);
      if (options.show === "stdout") process.stdout.write(chunk);
      if (options.show === "stderr") process.stderr.write(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err.push(chunk);
      if (options.show === "stdout" || options.show === "stderr") process.stderr.write(chunk);
    });
    const end = (code: number, note = "") =>
      resolve({
        code,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString() + note,
      });
    child.on("error", (error) => end(127, String(error)));
    child.on("close", (code, signal) => end(code ?? 1, signal === null ? "" : `\nended by ${signal}\n`));
  });
}
