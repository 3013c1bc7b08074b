/**
 * The command line as a user meets it: a program with arguments, a folder, input, output and signals.
 *
 * `WIPPY_BINARY` names a compiled one; without it the sources run on the runtime that runs the tests.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SNAPSHOTS = join(ROOT, "tests/cli/snapshots");

/** Longest a command may take before it counts as hanging. */
const COMMAND_MS_MAX = 30_000;

/** What commands keep for the account goes with the tests. */
const ACCOUNT = mkdtempSync(join(tmpdir(), "wippy-account-"));
process.on("exit", () => rmSync(ACCOUNT, { recursive: true, force: true }));

/** What a command is started with. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export interface RunningCommand {
  /** Sends a signal; not by the child's own `kill`, which on Deno works once and hides the exit code. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  readonly ended: Promise<CommandEnd>;
  /** Resolves once stdout and stderr together match; fails when the command ends first. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Program and first arguments of a command. */
export function commandLine(): [string, string[]] {
  const binary = process.env.WIPPY_BINARY;
  if (binary !== undefined && binary !== "") return [binary, []];
  const main = join(ROOT, "src/cli/main.ts");
  const isDeno = "deno" in process.versions;
  return [process.execPath, isDeno ? ["run", "-A", "--no-check", "--quiet", main] : [main]];
}

/** Commands in progress by folder, so that a test that fails leaves none behind. */
const inProgress = new Map<string, Set<ChildProcess>>();

/** Starts a command. */
export function start(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const [program, before] = commandLine();
  const { FORCE_COLOR: _force, ...env } = process.env;
  const child = spawn(program, [...before, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...env, NO_COLOR: "1", WIPPY_CACHE_DIR: ACCOUNT, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const siblings = [...inProgress].find(([folder]) => options.cwd?.startsWith(folder))?.[1];
  siblings?.add(child);
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    for (const watch of [...watchers]) watch();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    for (const watch of [...watchers]) watch();
  });
  child.stdin.on("error", () => {
    // It ended without reading all of its input.
  });
  child.stdin.end(options.input ?? "");
  const limit = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS_MAX);
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(limit);
      siblings?.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    signal: (name) => process.kill(child.pid!, name),
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const match = pattern.exec(`${stdout}\n${stderr}`);
          if (match === null) return;
          watchers.delete(watch);
          resolve(match);
        };
        watchers.add(watch);
        watch();
        ended.then(({ code }) =>
          reject(new Error(`ended with ${code} before ${pattern}:\n${stdout}\n${stderr}`))
        );
      }),
  };
}

/**
 * Runs a command to its end. Fails when it is killed: by the limit, or by a runner whose own limit for the test before was too short
 * (`bun test` without `--timeout` gives each five seconds, and ends what their tests have started with them).
 */
export async function wippy(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const end = await start(args, options).ended;
  if (end.signal === null) return end;
  const { signal, stderr, stdout } = end;
  throw new Error(`wippy ${args.join(" ")} was ended by ${signal}; it said:\n${stdout}\n${stderr}`);
}

/** Runs `body` in a new folder with these files. */
export async function inFolder(
  files: Readonly<Record<string, string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-cli-"));
  const started = new Set<ChildProcess>();
  inProgress.set(folder, started);
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    await body(folder);
  } finally {
    inProgress.delete(folder);
    for (const child of started) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compares `text` with the stored snapshot; `UPDATE=1` stores it. */
export function assertSnapshot(name: string, text: string): void {
  const path = join(SNAPSHOTS, `${name}.snap`);
  if (process.env.UPDATE === "1") {
    mkdirSync(SNAPSHOTS, { recursive: true });
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `no snapshot ${name}: run with UPDATE=1 and look at it`);
  assert.equal(text, readFileSync(path, "utf8"));
}
