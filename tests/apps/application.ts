/**
 * Whole applications as a user has them: a project folder beside the tests, copied to a new place, started by the program.
 *
 * AP1. Servers listen on a port that the system chooses; which one is read from the log.
 * AP2. Nothing waits for a time: a test goes on when the output it waits for is there.
 * AP3. What a test started has ended when it ends, also when it fails.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  commandLine,
  type CommandOptions,
  inFolder,
  type RunningCommand,
  start,
  wippy,
} from "../cli/wippy.ts";

const PROJECTS = fileURLToPath(new URL(".", import.meta.url));

/** One line of the log. */
export interface LogLine {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An application that runs until it is stopped. */
export interface RunningApplication {
  /** Resolves with the match once the output has it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Ends it with SIGINT; the exit code and everything it logged. */
  stop(): Promise<{ code: number | null; log: LogLine[] }>;
  readonly command: RunningCommand;
}

/** A copy of a project. */
export interface ProjectCopy {
  readonly folder: string;
  /** Runs a command to its end; nothing may be on stderr unless the exit code says so. */
  wippy(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Runs a command with input. */
  feed(input: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** `wippy run` until it says that it is ready. */
  serve(args?: readonly string[], options?: Omit<CommandOptions, "cwd">): Promise<RunningApplication>;
  /** `wippy run` with this server on a free port, and the address it got. */
  serveHttp(
    service: string,
    args?: readonly string[],
    options?: Omit<CommandOptions, "cwd">,
  ): Promise<RunningApplication & { readonly url: string }>;
}

/** Runs `body` with a copy of `tests/apps/<name>`. */
export function withProject(name: string, body: (project: ProjectCopy) => Promise<void>): Promise<void> {
  return withFiles(filesOfProject(name), body);
}

/** The files of `tests/apps/<name>`, by path. */
export function filesOfProject(name: string): Record<string, string> {
  return filesOf(join(PROJECTS, name));
}

/** Runs `body` with a project of these files. */
export function withFiles(
  files: Readonly<Record<string, string>>,
  body: (project: ProjectCopy) => Promise<void>,
): Promise<void> {
  return inFolder(files, (folder) => body(projectIn(folder)));
}

function filesOf(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const item of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const path = join(item.parentPath, item.name);
    files[relative(folder, path)] = readFileSync(path, "utf8");
  }
  assert.ok(Object.keys(files).length > 0, `no project in ${folder}`);
  return files;
}

function projectIn(cwd: string): ProjectCopy {
  const serve: ProjectCopy["serve"] = async (args = [], options = {}) => {
    const command = start(["run", ...args], { ...options, cwd });
    await command.until(/\trun\truntime ready/);
    return running(command);
  };
  return {
    folder: cwd,
    wippy: (...args) => wippy(args, { cwd }),
    feed: (input, ...args) => wippy(args, { cwd, input }),
    serve,
    async serveHttp(service, args = [], options = {}) {
      const application = await serve(["-o", `${service}:addr=127.0.0.1:0`, ...args], options);
      const listening = new RegExp(`service ${service} is running.*listening on (127\\.0\\.0\\.1:\\d+)"`);
      const [, address] = await application.until(listening);
      return { ...application, url: `http://${address}` };
    },
  };
}

function running(command: RunningCommand): RunningApplication {
  return {
    command,
    until: (pattern) => command.until(pattern),
    async stop() {
      command.signal("SIGINT");
      const { code, stderr } = await command.ended;
      return { code, log: logLines(stderr) };
    },
  };
}

/** The lines of a log in the console encoding; others are left out. */
export function logLines(text: string): LogLine[] {
  return text.split("\n").flatMap((line) => {
    const [time, level, logger, message, fields] = line.split("\t");
    if (!/^\d{4}-\d\d-\d\dT/.test(time ?? "") || message === undefined) return [];
    return [{
      level: level!,
      logger: logger!,
      message,
      fields: fields === undefined ? {} : JSON.parse(fields),
    }];
  });
}

/** An answer of a server. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  // deno-lint-ignore no-explicit-any
  readonly json: any;
}

/** Asks a server; an object as body goes as JSON. */
export async function ask(
  url: string,
  method = "GET",
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    redirect: "manual",
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

/** Asks again and again, without a pause of its own, until `accept` is content; fails after many attempts. */
export async function askUntil(url: string, accept: (answer: Answer) => boolean): Promise<Answer> {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const answer = await ask(url);
    if (accept(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`${url} never gave the answer`);
}

/** Why commands can't be given a terminal here; false when they can. */
export const NO_SCRIPT = spawnSync("sh", ["-c", "command -v script"]).status === 0
  ? false
  : "needs the program script, which gives commands a terminal";

/** Runs a command on a terminal; each step waits for what is shown after the step before, then types. */
export function typing(
  words: readonly string[],
  cwd: string,
  steps: readonly (readonly [shown: RegExp, keys: string])[],
): Promise<{ code: number | null; shown: string }> {
  const [program, before] = commandLine();
  // What the terminal is set to before and after shows whether it was restored.
  // The shell must outlive an interrupt, or its own exit code hides that of the program.
  const line = `trap : INT; stty -a; ${
    [program, ...before, ...words].map((word) => `'${word}'`).join(" ")
  }; code=$?; stty -a; exit $code`;
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env: { ...process.env, TERM: "xterm" } });
  let shown = "";
  let seen = 0;
  let next = 0;
  return new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
      while (next < steps.length) {
        const [pattern, keys] = steps[next]!;
        const match = pattern.exec(shown.slice(seen));
        if (match === null) return;
        seen += match.index + match[0].length;
        next++;
        child.stdin.write(keys);
      }
    });
    child.on("close", (code) => resolve({ code, shown }));
  });
}
