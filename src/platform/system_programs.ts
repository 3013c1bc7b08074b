/**
 * Programs of the machine on `node:child_process`, connections on `node:net`, which both runtimes have.
 *
 * P1. A program leads a group of its own, and signals go to the group: nothing that it started is left behind.
 * P2. What is not read stays in the pipe, and the program waits.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import { Failure } from "../core/mod.ts";
import type {
  Connection,
  Connections,
  ConnectionTarget,
  Program,
  ProgramPlan,
  Programs,
} from "../ports/mod.ts";
import { ReadableEnd } from "./readable_end.ts";

const SIGNALED = 128;

function failure(kind: Failure["kind"], message: string, cause?: unknown): Failure {
  return new Failure(kind, message, { retryable: false, cause });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (_error) {
    // Not there, or not ours to run.
    return false;
  }
}

/** The file to run. */
function locate({ directory, environment, program }: ProgramPlan): string {
  if (program.includes("/") || isAbsolute(program)) {
    const path = resolve(directory ?? process.cwd(), program);
    if (isExecutable(path)) return path;
    const isThere = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
    throw isThere
      ? failure("PermissionDenied", `not executable: ${program}`)
      : failure("NotFound", `command not found: ${program}`);
  }
  const folders = (environment["PATH"] ?? process.env["PATH"] ?? "").split(delimiter);
  for (const folder of folders) {
    const path = join(folder === "" ? "." : folder, program);
    if (isExecutable(path)) return resolve(path);
  }
  throw failure("NotFound", `command not found: ${program}`);
}

/** Writes, and waits where the other side is slower. */
function write(stream: Writable, data: Uint8Array, broken: () => Failure): Promise<void> {
  return new Promise((done, reject) => {
    if (stream.destroyed || stream.writableEnded) return reject(broken());
    stream.write(data, (error) => error ? reject(broken()) : done());
  });
}

/** Number of the signal that ended a program, beside its code. */
function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (signal === null) return code ?? 0;
  return SIGNALED + (process.getBuiltinModule("node:os").constants.signals[signal] ?? 0);
}

class SystemProgram implements Program {
  readonly stdout: ReadableEnd;
  readonly stderr: ReadableEnd;
  readonly ended: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;
  #hasEnded = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.stdout = new ReadableEnd(child.stdout);
    this.stderr = new ReadableEnd(child.stderr);
    // A program that does not read ends the pipe; whoever writes next is told.
    child.stdin.on("error", () => undefined);
    this.ended = new Promise((done) => {
      child.on("exit", (code, signal) => {
        this.#hasEnded = true;
        done(codeOf(code, signal));
      });
    });
  }

  write(data: Uint8Array): Promise<void> {
    return write(
      this.#child.stdin,
      data,
      () => failure("Unavailable", "process reads no more input"),
    );
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  signal(number: number): boolean {
    if (this.#hasEnded) return false;
    try {
      // Windows has no groups, and one way to end a program.
      if (process.platform === "win32") return this.#child.kill("SIGKILL");
      return process.kill(-this.#child.pid!, number);
    } catch (error) {
      if ((error as { code?: string }).code === "ESRCH") return false;
      throw failure("Invalid", `signal ${number} can't be sent: ${(error as Error).message}`, error);
    }
  }
}

/** Starts a program; the runtimes tell of a failure at once or later. */
async function spawned(path: string, plan: ProgramPlan): Promise<ChildProcessWithoutNullStreams> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(path, plan.arguments, {
    argv0: plan.program,
    cwd: plan.directory,
    env: plan.environment,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  await new Promise<void>((done, reject) => {
    child.once("spawn", () => done());
    child.once("error", reject);
  });
  return child;
}

function startFailure(program: string, error: Error & { code?: string }): Failure {
  if (/ENOEXEC|Exec format/i.test(`${error.code} ${error.message}`)) {
    return failure(
      "Invalid",
      `not a program: ${program} (a script starts with a line like #!/bin/sh)`,
      error,
    );
  }
  return failure("Internal", `command can't be started: ${error.message}`, error);
}

/** Programs of this machine. */
export const systemPrograms: Programs = {
  async start(plan) {
    if (
      plan.directory !== undefined &&
      statSync(plan.directory, { throwIfNoEntry: false })?.isDirectory() !== true
    ) {
      throw failure("NotFound", `working directory not found: ${plan.directory}`);
    }
    const path = locate(plan);
    const child = await spawned(path, plan).catch((error: unknown) => {
      throw startFailure(plan.program, error as Error & { code?: string });
    });
    child.on("error", () => undefined);
    return new SystemProgram(child);
  },
};

/** Connections of this machine. */
export const systemConnections: Connections = {
  open: (target) =>
    new Promise((done, reject) => {
      const { connect } = process.getBuiltinModule("node:net");
      const socket = connect({ ...target, allowHalfOpen: true });
      socket.once("error", (cause) => {
        const message = `can't connect to ${nameOf(target)}: ${cause.message}`;
        reject(new Failure("Unavailable", message, { retryable: true, cause }));
      });
      socket.once("connect", () => {
        const reading = new ReadableEnd(socket);
        const broken = (): Failure => failure("Unavailable", `connection to ${nameOf(target)} is closed`);
        const connection: Connection = {
          read: () => reading.read(Infinity),
          write: (data) => write(socket, data, broken),
          end: () => void socket.end(),
          close: () => void socket.destroy(),
        };
        done(connection);
      });
    }),
};

function nameOf(target: ConnectionTarget): string {
  return "path" in target ? target.path : `${target.host}:${target.port}`;
}
