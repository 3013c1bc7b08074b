/**
 * Starting processes: from Lua, from outside, and what lets the VM start later ones by itself.
 */
import { Failure, parsePid, PROCESSES_MAX, type ValueMap } from "../core/mod.ts";
import { EMPTY_FRAME, type Frame } from "../ports/mod.ts";
import { Encoded, type NativeResult, Values } from "../vm/mod.ts";
import type { CallResult } from "./function_pool.ts";
import { callResult } from "./function_table.ts";
import { LuaProcess } from "./lua_process.ts";
import type { HostProvider } from "./outside.ts";
import type { Program } from "./program_table.ts";
import { startTrace } from "./process_trace.ts";
import type { LuaRuntime } from "./runtime.ts";

/** What a spawner gives along with a start, whoever runs what is started. */
export interface StartExtras {
  readonly name: string;
  readonly messages: readonly { topic: string; values: Uint8Array }[];
  /** Those of `with_options`. */
  readonly options: ValueMap;
}

/** A start with nothing along. */
export const NO_EXTRAS: StartExtras = { name: "", messages: [], options: {} };

/** Relations and extras of a spawn from Lua. */
export interface SpawnRelations extends StartExtras {
  readonly frame: Frame;
  readonly monitored: boolean;
  readonly linked: boolean;
}

/** Starts processes. */
export class ProcessStarter {
  readonly #runtime: LuaRuntime;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Starts a process; its frame is inherited without attachments unless `inherit` is set. */
  start(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    options: { frame: Frame; inherit?: boolean; parent?: string; id?: number },
  ): LuaProcess {
    const { board, book, hosts, memoryBytesMax, node, services, slices, universe } = this.#runtime;
    const host = hosts.admit(hostId);
    const program = this.program(entryId);
    if (book.size >= PROCESSES_MAX) throw new Failure("LimitExceeded", "max processes limit exceeded");
    const { frame: given } = options;
    const plain = options.inherit || given.attachments.size === 0
      ? given
      : { ...given, attachments: EMPTY_FRAME.attachments };
    const process = new LuaProcess(options.id ?? universe.nextPid(), node, hostId, program, plain, false);
    if (services.tracing !== undefined) startTrace(services.tracing, process);
    const { frame } = process;
    process.startedMs = services.ports.clock.nowMs();
    if (options.parent !== undefined) process.parent = options.parent;
    if (board?.takes(host, program, frame)) {
      book.place(process);
      host.processes.add(process);
      board.enqueue(process, args);
      return process;
    }
    const slot = universe.spawn({
      program: program.ref,
      pid: process.id,
      host: hostId,
      node,
      guarded: this.#runtime.guarded(frame),
      memoryBytesMax,
      args,
    });
    book.add(process, slot);
    host.processes.add(process);
    slices.wake();
    return process;
  }

  /** The program of a process entry; fails with NotFound when there is none. */
  program(entryId: string): Program {
    const { programs } = this.#runtime;
    const kind = programs.definition(entryId)?.kind;
    // A workflow is a process in its own world only.
    if (kind !== "process.lua" && !(kind === "workflow.lua" && this.#runtime.outside !== undefined)) {
      throw new Failure("NotFound", "factory not found", { retryable: false, details: { id: entryId } });
    }
    return programs.program(entryId)!;
  }

  /** Spawns for a Lua process, with relations, name and first messages. Returns the pid. */
  spawnFrom(
    parent: LuaProcess,
    entryId: string,
    hostId: string,
    args: Uint8Array,
    relations: SpawnRelations,
  ): string {
    const { hosts, names, outside, table } = this.#runtime;
    if (outside !== undefined) return outside.spawn(entryId, hostId, args, relations, parent);
    const { provider } = hosts.get(hostId) ?? {};
    if (relations.name !== "") {
      const existing = names.lookup(relations.name);
      // Whose host has a provider of its own, the provider finds.
      if (existing !== undefined && (provider === undefined || !this.#isProvided(existing))) {
        this.#sendAll(existing, relations);
        return existing;
      }
    }
    if (provider !== undefined) {
      return this.#spawnProvided(provider, parent, entryId, hostId, args, relations);
    }
    const child = this.start(entryId, hostId, args, { frame: relations.frame, parent: parent.pid });
    if (relations.name !== "") names.register(relations.name, child.pid, child.id, 0);
    if (relations.monitored) table.monitor(parent.id, child.id);
    if (relations.linked) table.link(parent.id, child.id);
    this.#sendAll(child.pid, relations);
    if (relations.frame === parent.frame && !relations.linked) this.#openSpawn(parent, child);
    return child.pid;
  }

  #spawnProvided(
    provider: HostProvider,
    parent: LuaProcess,
    entryId: string,
    hostId: string,
    args: Uint8Array,
    relations: SpawnRelations,
  ): string {
    const { hosts, table } = this.#runtime;
    const { frame, linked, messages, monitored, name, options } = relations;
    hosts.admit(hostId);
    const { id, pid } = provider.start({ entryId, args, frame, name, messages, options });
    // It may be one that runs already, and that is watched already.
    if (monitored && !table.monitors(parent.id, id)) table.monitor(parent.id, id);
    if (linked) table.link(parent.id, id);
    return pid;
  }

  #isProvided(pid: string): boolean {
    return this.#runtime.hosts.get(parsePid(pid)?.host ?? "")?.provider !== undefined;
  }

  #sendAll(pid: string, relations: SpawnRelations): void {
    for (const { topic, values } of relations.messages) {
      this.#runtime.messages.deliver(pid, topic, values, "");
    }
  }

  /** Lets later spawns like this one stay inside the VM: same parent, its frame, an unlimited host. */
  #openSpawn(parent: LuaProcess, child: LuaProcess): void {
    const { frames, hosts, services, universe } = this.#runtime;
    // Each is told of, and is a place of its own in its trace.
    if (services.tracing !== undefined) return;
    if (child.slot < 0 || this.#runtime.guarded(parent.frame) || child.frame.attachments.size > 0) return;
    const host = hosts.get(child.host);
    if (host === undefined) return;
    hosts.open(host);
    if (!host.open) return;
    universe.openProgram(child.entryId, child.program.ref);
    universe.setFrame(parent.slot, frames.numberOf(child.frame));
  }

  /** Runs a process to its end for a Lua process. */
  execFrom(
    caller: LuaProcess,
    entryId: string,
    hostId: string,
    args: Uint8Array,
    frame: Frame,
    extras: StartExtras = NO_EXTRAS,
  ): Promise<NativeResult> {
    const { hosts, outside } = this.#runtime;
    const asResult = (result: CallResult): NativeResult =>
      result.ok ? new Encoded(result.results) : new Values([null, result.error]);
    if (outside !== undefined) {
      return outside.exec(entryId, hostId, args, frame, caller, extras).then(asResult);
    }
    const { provider } = hosts.get(hostId) ?? {};
    if (provider !== undefined) {
      hosts.admit(hostId);
      const { id } = provider.start({ entryId, args, frame, ...extras });
      return new Promise((resolve) => {
        const stop = provider.onEnd(id, (result) => {
          forget();
          resolve(asResult(result));
        });
        const forget = caller.onEnd(() => stop());
      });
    }
    const process = this.start(entryId, hostId, args, { frame, parent: caller.pid });
    return new Promise((resolve) => {
      const forget = caller.onEnd(() => stop());
      const stop = this.#runtime.endings.onExit(process, (exit) => {
        forget();
        resolve(asResult(callResult(this.#runtime, exit)));
      });
    });
  }
}
