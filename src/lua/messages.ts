/**
 * Messages, events and relations between processes, Lua's and native ones, by pid text or name.
 */
import { asFailure, Failure, parsePid, type Pid, printPid, type Value } from "../core/mod.ts";
import type { NativeProcess, NativeReceiver, Route } from "../ports/mod.ts";
import { type LifecycleEvent, NameScope } from "../process/mod.ts";
import { LuaError, type LuaValue } from "../vm/mod.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { LuaProcess, Party } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Brings what is sent to whom it is for. */
export class Messages {
  readonly #runtime: LuaRuntime;
  readonly #natives = new Map<number, NativeReceiver>();
  /** Hosts that native processes had. */
  readonly #nativeHosts = new Set<string>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** True for the text form of a pid. */
  isPid(text: string): boolean {
    return parsePid(text) !== undefined;
  }

  /** The pid text of a destination: itself, or what the name stands for. */
  resolve(destination: string): string {
    if (this.isPid(destination)) return destination;
    const pid = this.#runtime.names.lookup(destination);
    if (pid === undefined && this.#runtime.outside !== undefined) {
      return this.#runtime.outside.resolve(destination);
    }
    if (pid === undefined) {
      throw new Failure("NotFound", `could not resolve '${destination}' as PID or registered name`, {
        retryable: false,
      });
    }
    return pid;
  }

  /** Delivers a message to a pid; fails with NotFound when nobody is there. */
  deliver(pid: string, topic: string, values: Uint8Array, from: string): void {
    const target = parsePid(pid);
    const route = this.#routeTo(target);
    if (route !== undefined) return this.#runtime.elsewhere.deliver(route, pid, { topic, values, from });
    this.#deliverHere(target, pid, topic, values, from);
  }

  /** Delivers a message that came from elsewhere, only to a process of this universe. */
  deliverHere(pid: string, topic: string, values: Uint8Array, from: string): void {
    this.#deliverHere(parsePid(pid), pid, topic, values, from);
  }

  #deliverHere(target: Pid | undefined, pid: string, topic: string, values: Uint8Array, from: string): void {
    const { hosts, programs, slices, universe } = this.#runtime;
    const process = target === undefined ? undefined : this.#processHere(target);
    if (process !== undefined) {
      if (process.placement !== undefined) {
        return this.#runtime.board!.deliver(process, { topic, from, values });
      }
      if (!universe.deliver(process.slot, topic, from, values)) {
        throw new Failure("NotFound", "process closed");
      }
      slices.wake();
      return;
    }
    if (this.#runtime.outside !== undefined) return this.#runtime.outside.send(pid, topic, values, from);
    const native = target === undefined ? undefined : this.#natives.get(target.id);
    if (native !== undefined) {
      native.message(topic, universe.decode(values) as Value[], from);
      return;
    }
    if (target !== undefined && this.#runtime.board?.deliverToCall(target.id, pid, { topic, from, values })) {
      return;
    }
    if (
      target !== undefined && !hosts.known(target.host) && !this.#nativeHosts.has(target.host) &&
      programs.definition(target.host) === undefined
    ) {
      throw new Failure("NotFound", "host not found", { retryable: false });
    }
    throw new Failure("NotFound", "process not found", { retryable: false });
  }

  /** The route to a pid that is not of this universe. Fails with NotFound when its node is not known. */
  #routeTo(target: Pid | undefined): Route | undefined {
    if (target === undefined || this.#runtime.outside !== undefined) return undefined;
    const isHere = target.node === "" || target.node === this.#runtime.node;
    return isHere && this.#idHere(target) !== undefined ? undefined : this.#runtime.elsewhere.routeTo(target);
  }

  /** As `#routeTo`, for wishes that fail with Internal. */
  #wayTo(pid: string): Route | undefined {
    try {
      return this.#routeTo(parsePid(pid));
    } catch (error) {
      const { message } = asFailure(error);
      throw new Failure("Internal", message, { cause: error });
    }
  }

  /** The live process behind a pid text, when it is of this universe. */
  liveProcess(pid: string): LuaProcess | undefined {
    const target = parsePid(pid);
    return target === undefined ? undefined : this.#processHere(target);
  }

  #processHere({ node, host, id }: Pid): LuaProcess | undefined {
    if (node !== "" && node !== this.#runtime.node) return undefined;
    const process = this.#runtime.book.find(id);
    return process !== undefined && process.host === host ? process : undefined;
  }

  #idHere(target: Pid): number | undefined {
    return this.#processHere(target)?.id ?? (this.#natives.has(target.id) ? target.id : undefined);
  }

  /** The number of what lives behind a pid in this universe. */
  localId(pid: string): number | undefined {
    const target = parsePid(pid);
    return target === undefined ? undefined : this.#idHere(target);
  }

  /** Whether something lives behind a pid here, or may live elsewhere. */
  reaches(pid: string): boolean {
    const target = parsePid(pid);
    if (target === undefined) return false;
    return this.#idHere(target) !== undefined || target.node !== "" && target.node !== this.#runtime.node;
  }

  /** The number of what lives behind a pid; fails with Internal when nothing does. */
  #liveId(pid: string, message: string): number {
    const id = this.localId(pid);
    if (id !== undefined) return id;
    const { hosts, programs } = this.#runtime;
    const host = parsePid(pid)?.host ?? "";
    const unknown = !hosts.known(host) && programs.definition(host) === undefined;
    throw new Failure("Internal", unknown ? "host not found" : message);
  }

  /** Whether a pid names nothing in a runtime that has an outside. */
  #isOutside(pid: string): boolean {
    const { outside } = this.#runtime;
    return outside !== undefined && (outside.relates || this.liveProcess(pid) === undefined);
  }

  /** Delivers CANCEL. */
  cancel(pid: string, reason: string, from: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("cancel", pid, reason, from);
    const route = this.#wayTo(pid);
    if (route !== undefined) return this.#runtime.elsewhere.ask(route, "cancel", pid, from, reason);
    const id = this.#liveId(pid, "process not found");
    this.deliverEvent(id, { kind: "pid.cancel", from, at: this.#runtime.nowSeconds(), reason });
  }

  /** Ends what lives behind a pid by force. */
  terminate(pid: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("terminate", pid, "", "");
    const route = this.#wayTo(pid);
    if (route !== undefined) return this.#runtime.elsewhere.ask(route, "terminate", pid, "");
    this.#liveId(pid, "process not found");
    const process = this.liveProcess(pid);
    if (process !== undefined) {
      this.#runtime.endings.kill(process, new LuaError("process terminated", "Internal", false));
      return;
    }
    const native = this.#natives.get(parsePid(pid)!.id);
    if (native?.terminate !== undefined) return native.terminate();
    // It is asked, and has nothing to ask back.
    native?.event({ kind: "pid.cancel", from: "", reason: "process terminated" });
  }

  /** Makes `watcher` get an EXIT event when the process behind `pid` ends. */
  monitor(watcher: Party, pid: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("monitor", pid, "", watcher.pid);
    const route = this.#wayTo(pid);
    if (route !== undefined) return this.#runtime.elsewhere.monitor(watcher, route, pid);
    this.#runtime.table.monitor(watcher.id, this.#liveId(pid, "pid not registered"));
  }

  /** Undoes `monitor`; an unknown pid is fine. */
  unmonitor(watcher: Party, pid: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("unmonitor", pid, "", watcher.pid);
    const id = this.localId(pid);
    if (id !== undefined) this.#runtime.table.unmonitor(watcher.id, id);
    else this.#runtime.elsewhere.unmonitor(watcher, pid);
  }

  /** Links two processes both ways. */
  link(process: Party, pid: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("link", pid, "", process.pid);
    const route = this.#wayTo(pid);
    if (route !== undefined) return this.#runtime.elsewhere.link(process, route, pid);
    this.#runtime.table.link(process.id, this.#liveId(pid, "pid not registered"));
  }

  /** Undoes `link`; an unknown pid is fine. */
  unlink(process: Party, pid: string): void {
    if (this.#isOutside(pid)) return this.#runtime.outside!.control("unlink", pid, "", process.pid);
    const id = this.localId(pid);
    if (id !== undefined) this.#runtime.table.unlink(process.id, id);
    else this.#runtime.elsewhere.unlink(process, pid);
  }

  /** Whether the failure of a linked peer reaches `process` as an event instead of ending it. */
  trapLinks(process: LuaProcess, trap: boolean): void {
    process.trapLinks = trap;
    const { outside } = this.#runtime;
    if (outside?.relates) outside.control(trap ? "trap" : "untrap", process.pid, "", process.pid);
    this.#runtime.table.setTrapLinks(process.id, trap);
  }

  /** Registers a name; see `NameRegistry.register`, and `ClusterNames.register` for the names of a cluster. */
  registerName(name: string, pid: string, scope: number): void | Promise<void> {
    const target = parsePid(pid);
    if (target === undefined) throw new Failure("Invalid", "invalid pid", { retryable: false });
    const { names } = this.#runtime;
    if (names.shared !== undefined && scope !== NameScope.LOCAL) {
      return names.shared.register(name, pid, scope);
    }
    if (target.node !== "" && target.node !== this.#runtime.node) {
      throw new Failure("Invalid", `a local name is for processes of this node, not for ${pid}`, {
        retryable: false,
      });
    }
    names.register(name, pid, target.id, scope);
  }

  /** Releases a name; see `NameRegistry.unregister` and `ClusterNames.unregister`. */
  unregisterName(name: string, scope: number, ownerPid: string): boolean | Promise<boolean> {
    const { names } = this.#runtime;
    if (names.shared !== undefined && scope !== NameScope.LOCAL) {
      return names.shared.unregister(name, scope, ownerPid);
    }
    return names.unregister(name, scope, ownerPid);
  }

  /** Registers a native process; see `Runtime.openNative`. Its number may be given: one that comes back keeps it. */
  openNative(hostId: string, receiver: NativeReceiver, known?: number): NativeProcess {
    const { names, node, table, universe } = this.#runtime;
    const id = known ?? universe.nextPid();
    const pid = printPid({ node, host: hostId, id });
    this.#natives.set(id, receiver);
    this.#nativeHosts.add(hostId);
    // Nothing can end it from here, so the failure of a linked peer is an event to it.
    table.setTrapLinks(id, true);
    return {
      pid,
      end: (value, failure) => {
        if (!this.#natives.delete(id)) return;
        names.release(id);
        names.shared?.released(pid);
        table.exited(id, pid, value, failure);
      },
      leave: () => {
        if (!this.#natives.delete(id)) return;
        names.release(id);
        names.shared?.released(pid);
      },
    };
  }

  /** Delivers an event; to nobody when the process is gone. */
  deliverEvent(id: number, event: LifecycleEvent): void {
    if (id < 0) return this.#runtime.elsewhere.event(id, event);
    const process = this.#runtime.book.find(id);
    if (process?.placement !== undefined) {
      const values = this.#runtime.universe.encode([eventTable(event)]);
      return this.#runtime.board!.deliver(process, { topic: "@", from: event.from, values });
    }
    if (process !== undefined) {
      this.#runtime.universe.deliverEvent(process.slot, event.from, eventTable(event));
      this.#runtime.slices.wake();
      return;
    }
    this.#natives.get(id)?.event(event);
  }
}

/** The table that Lua gets for an event. */
function eventTable(event: LifecycleEvent): { [key: string]: LuaValue } {
  if (event.kind === "pid.cancel") return { ...event };
  const { value, error } = event.result;
  const failure = error === null ? null : error.cause instanceof LuaError ? error.cause : luaErrorOf(error);
  return { ...event, result: { value: value as LuaValue, error: failure } };
}
