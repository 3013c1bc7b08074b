/**
 * Runs one process on a terminal host and turns its end into an exit code.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { LuaRuntime } from "../lua/mod.ts";
import {
  EMPTY_FRAME,
  type Frame,
  type ProcessExit,
  type ServiceRegistry,
  type Terminal,
  TerminalAttachment,
  withAttachment,
} from "../ports/mod.ts";
import { type Entry, moduleOf } from "../registry/mod.ts";

/** A run to make. */
export interface TerminalRun {
  readonly process: string;
  readonly host: string;
  readonly terminal: Terminal;
  readonly args: readonly string[];
  readonly frame?: Frame;
  /** Keeps log records off the console until the returned function is called. */
  readonly hideLogs: () => () => void;
  /** Told the pid as soon as the process is there. */
  readonly started?: (pid: string) => void;
}

/** Exit code for what a terminal process returned. */
export function exitCodeOf(value: Value): number {
  switch (typeof value) {
    case "boolean":
      return value ? 0 : 1;
    case "bigint":
      return Number(value);
    case "number":
      return Number.isFinite(value) ? Math.trunc(value) : 1;
    default:
      return 0;
  }
}

/** Runs a process to its end; its failure is written to standard error. Fails when it can't be started. */
export async function runOnTerminal(runtime: LuaRuntime, run: TerminalRun): Promise<number> {
  const { terminal } = run;
  const host = runtime.hosts.get(run.host);
  if (host === undefined) {
    throw new Failure("NotFound", `terminal host not found: ${run.host}`, { retryable: false });
  }
  if (host.type !== "terminal") {
    throw new Failure("Invalid", `${run.host} is no terminal.host; a command needs one`, {
      retryable: false,
    });
  }
  const show = host.hideLogs ? run.hideLogs() : () => undefined;
  try {
    const exit = await new Promise<ProcessExit>((resolve) => {
      const pid = runtime.spawn(run.process, run.host, {
        args: [...run.args],
        frame: withAttachment(run.frame ?? EMPTY_FRAME, TerminalAttachment, terminal),
        onExit: resolve,
      });
      run.started?.(pid);
    });
    if (exit.failure === null) return exitCodeOf(exit.value);
    terminal.writeError(`${exit.failure.message}\n`);
    return 1;
  } finally {
    await terminal.flush();
    show();
  }
}

/**
 * The terminal host to use: the one asked for, else the only one of the application, else the only one its modules bring. Fails
 * with Invalid or NotFound otherwise.
 */
export function chooseTerminalHost(entries: Iterable<Entry>, wanted: string | undefined): string {
  const all = [...entries].filter((entry) => entry.kind === "terminal.host");
  const own = all.filter((entry) => moduleOf(entry) === "");
  const hosts = (wanted === undefined && own.length > 0 ? own : all).map((entry) => entry.id).sort();
  if (wanted !== undefined) {
    if (hosts.includes(wanted)) return wanted;
    const known = hosts.length === 0 ? "there is no terminal.host entry" : `there are: ${hosts.join(", ")}`;
    throw new Failure("NotFound", `terminal host not found: ${wanted}; ${known}`, { retryable: false });
  }
  if (hosts.length === 1) return hosts[0]!;
  if (hosts.length === 0) {
    throw new Failure("NotFound", "no terminal host found; add an entry of kind terminal.host", {
      retryable: false,
    });
  }
  throw new Failure("Invalid", `multiple terminal hosts found (${hosts.join(", ")}), use --host to specify`, {
    retryable: false,
  });
}

/** Commands in WebAssembly need a process host beside the terminal. Fails with NotFound when the application has none. */
export function demandProcessHost(entries: Iterable<Entry>, id: string): void {
  for (const { kind } of entries) if (kind === "process.host") return;
  const message = `no process host found; ${id} is a process.wasm, so add an entry of kind process.host`;
  throw new Failure("NotFound", message, { retryable: false });
}

/** Starts a host that has to run for a command, also when it does not start by itself. */
export async function startHost(services: ServiceRegistry, id: string): Promise<void> {
  if (services.state(id)?.status !== "running") await services.start(id);
}
