/**
 * Process hosts: where processes may be started, and how all processes of a host end with it.
 */
import { Failure, WORKER_KILL_MS } from "../core/mod.ts";
import { LuaError } from "../vm/mod.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { HostProvider } from "./outside.ts";
import type { LuaRuntime } from "./runtime.ts";

/** One host. */
export interface Host {
  readonly id: string;
  readonly type: "process" | "terminal" | "provided";
  /** Who runs its processes, when the runtime does not. */
  readonly provider: HostProvider | undefined;
  /** Suppress log output while a process runs here. */
  readonly hideLogs: boolean;
  state: "stopped" | "running" | "stopping";
  /** Processes may be started on it inside the VM. */
  open: boolean;
  /** Most processes at once; Infinity when unlimited. */
  processesMax: number;
  /** Scheduler workers it asks for. */
  workers: number;
  /** How many of them may have a thread of their own; 0 keeps all its processes on the main one. */
  threadsMax: number;
  /** New processes that may wait in the queue of the host, and in that of each worker. */
  readonly queueMax: number;
  readonly localMax: number;
  /** Turns taken by processes that have ended. */
  turnsEnded: number;
  readonly processes: Set<LuaProcess>;
  /** Called when the last process has left a stopping host. */
  emptied: (() => void) | undefined;
}

/** All hosts of a runtime. */
export class HostTable {
  readonly #runtime: LuaRuntime;
  readonly #hosts = new Map<string, Host>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Adds a host, stopped. */
  add(
    id: string,
    options: {
      type: Host["type"];
      processesMax?: number;
      hideLogs?: boolean;
      workers?: number;
      threadsMax?: number;
      queueMax?: number;
      localMax?: number;
      provider?: HostProvider;
    },
  ): Host {
    const host: Host = {
      id,
      type: options.type,
      provider: options.provider,
      hideLogs: options.hideLogs ?? false,
      state: "stopped",
      open: false,
      processesMax: options.processesMax ?? Infinity,
      workers: options.workers ?? 1,
      threadsMax: options.threadsMax ?? 0,
      queueMax: options.queueMax ?? 1,
      localMax: options.localMax ?? 1,
      turnsEnded: 0,
      processes: new Set(),
      emptied: undefined,
    };
    this.#hosts.set(id, host);
    return host;
  }

  /** Forgets a host. */
  remove(id: string): void {
    this.close(id);
    const host = this.#hosts.get(id);
    if (host !== undefined) this.#runtime.board?.forgetHost(host);
    this.#hosts.delete(id);
  }

  /** The host, if there is one. */
  get(id: string): Host | undefined {
    return this.#hosts.get(id);
  }

  /** Whether there is such a host. */
  known(id: string): boolean {
    return this.#hosts.has(id);
  }

  /** Lets the VM start processes on a host by itself, when nothing but the host's running stands in the way. */
  open(host: Host): void {
    if (host.open || host.type !== "process" || host.state !== "running") return;
    if (host.processesMax !== Infinity || host.threadsMax > 0) return;
    host.open = true;
    this.#runtime.universe.openHost(host.id, true);
  }

  /** Every start on this host is judged here from now on. */
  close(id: string): void {
    const host = this.#hosts.get(id);
    if (host === undefined || !host.open) return;
    host.open = false;
    this.#runtime.universe.openHost(id, false);
    this.#runtime.book.adoptAll();
  }

  /** All hosts. */
  all(): Host[] {
    this.#runtime.book.adoptAll();
    return [...this.#hosts.values()];
  }

  /** The host, ready to take a process; fails as features `process.spawn.errors` says. */
  admit(id: string): Host {
    const host = this.#hosts.get(id);
    if (host === undefined) {
      throw new Failure("NotFound", "host not found", { retryable: false, details: { host: id } });
    }
    if (host.state === "stopped") throw new Failure("Unavailable", "host is not running");
    if (host.state === "stopping") throw new Failure("Unavailable", "host is shutting down");
    if (host.processes.size >= host.processesMax) {
      throw new Failure("LimitExceeded", "max processes limit exceeded");
    }
    return host;
  }

  /** Takes note that a process has ended. */
  left(process: LuaProcess): void {
    const host = this.#hosts.get(process.host);
    if (host === undefined) return;
    host.turnsEnded += process.slot < 0
      ? process.placement?.turns ?? 0
      : this.#runtime.universe.turnsOf(process.slot);
    host.processes.delete(process);
    if (host.processes.size === 0) host.emptied?.();
  }

  /** Cancels every process of a host, waits for them until `signal` aborts, then ends the rest by force. */
  async stop(id: string, reason: string, signal: AbortSignal): Promise<void> {
    const host = this.#hosts.get(id);
    if (host === undefined || host.state === "stopped") return;
    this.close(id);
    host.state = "stopping";
    for (const process of [...host.processes]) this.#runtime.cancel(process.pid, reason);
    if (host.processes.size > 0) {
      await new Promise<void>((resolve) => {
        const force = (): void => {
          for (const process of [...host.processes]) {
            this.#runtime.endings.kill(process, new LuaError("context canceled", "Canceled", false));
          }
          // A worker that does not listen would hold the host for ever.
          this.#runtime.services.ports.clock.timer(WORKER_KILL_MS, () => {
            if (host.state === "stopping") this.#runtime.board?.stop(host);
          }, { background: true });
        };
        host.emptied = () => {
          signal.removeEventListener("abort", force);
          resolve();
        };
        if (signal.aborted) force();
        else signal.addEventListener("abort", force);
        if (host.processes.size === 0) host.emptied();
      });
    }
    host.emptied = undefined;
    host.state = "stopped";
    this.#runtime.board?.stop(host);
  }
}
