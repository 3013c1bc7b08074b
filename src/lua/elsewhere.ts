/**
 * Processes that live elsewhere, as this universe sees them: how they are reached, who here is related to them, and how their
 * end becomes known.
 *
 * W1. Where a process lives, its end is told once to each route over which someone showed interest; the other side makes EXIT and
 *     LINK_DOWN of it for its own processes.
 * W2. A process elsewhere, and a route that wants news, stand in `ProcessTable` under a negative number, as if they lived here.
 * W3. When a route is lost, all that lived behind it ends at once, with LINK_DOWN for those who watch.
 */
import { Failure, type Pid, type Value } from "../core/mod.ts";
import type { Route, RouteChooser } from "../ports/mod.ts";
import type { LifecycleEvent } from "../process/mod.ts";
import { LuaError, type LuaValue } from "../vm/mod.ts";
import { failureOf, luaErrorOf } from "./lua_failure.ts";
import type { Party } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";
import { decodeSignal, encodeSignal, type Signal, type SignalKind } from "./signal.ts";

const NOTHING = new Uint8Array(0);

/** A process elsewhere that somebody here is related to. */
interface StandIn {
  readonly number: number;
  readonly pid: string;
  readonly route: Route;
}

/** The processes elsewhere. */
export class Elsewhere {
  readonly #runtime: LuaRuntime;
  readonly #choosers: RouteChooser[] = [];
  readonly #standIns = new Map<string, StandIn>();
  /** Numbers of the routes that want news of processes here, and back. */
  readonly #numbers = new Map<Route, number>();
  readonly #routes = new Map<number, Route>();
  #last = 0;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Adds a way to choose routes; see `RouteChooser`. */
  addChooser(chooser: RouteChooser): void {
    this.#choosers.push(chooser);
  }

  /** The route to a pid that no process of this universe has. Fails with NotFound when its node is not known. */
  routeTo(pid: Pid): Route | undefined {
    for (const chooser of this.#choosers) {
      const route = chooser(pid);
      if (route !== undefined) return route;
    }
    if (pid.node === "" || pid.node === this.#runtime.node) return undefined;
    throw new Failure("NotFound", `node not found: ${pid.node}`, { retryable: false });
  }

  // --- What goes out ----------------------------------------------------------------------------------------------------

  /** Sends a message to a process elsewhere. */
  deliver(route: Route, to: string, message: { topic: string; values: Uint8Array; from: string }): void {
    const { from, topic: name, values: payload } = message;
    route.send(encodeSignal({ kind: "message", to, from, name, payload }));
  }

  /** Asks something of a process elsewhere that makes no relation. */
  ask(route: Route, kind: "cancel" | "terminate", to: string, from: string, reason = ""): void {
    this.#send(route, kind, to, from, reason);
  }

  /** Makes `watcher` learn of the end of a process elsewhere. */
  monitor(watcher: Party, route: Route, pid: string): void {
    const number = this.#standInFor(route, pid);
    this.#runtime.table.monitor(watcher.id, number);
    this.#send(route, "watch", pid, watcher.pid);
  }

  /** Undoes `monitor`. News that comes all the same is passed on to nobody. */
  unmonitor(watcher: Party, pid: string): void {
    const standIn = this.#standIns.get(pid);
    if (standIn === undefined) return;
    this.#runtime.table.unmonitor(watcher.id, standIn.number);
    this.#forgetIdle(standIn);
  }

  /** Links a process here with one elsewhere. */
  link(process: Party, route: Route, pid: string): void {
    this.#runtime.table.link(process.id, this.#standInFor(route, pid));
    this.#want(route, process.id);
    this.#send(route, "link", pid, process.pid);
  }

  /** Undoes `link` on both sides. */
  unlink(process: Party, pid: string): void {
    const standIn = this.#standIns.get(pid);
    if (standIn === undefined) return;
    this.#runtime.table.unlink(process.id, standIn.number);
    this.#forgetIdle(standIn);
    this.#send(standIn.route, "unlink", pid, process.pid);
  }

  /** Takes an event for a negative number: the end of a process here, for a route that wants to know. */
  event(number: number, event: LifecycleEvent): void {
    const route = this.#routes.get(number);
    // What is for a stand-in itself, a failed link, its own side makes of the same end.
    if (route === undefined || event.kind !== "pid.exit") return;
    const { value, error } = event.result;
    this.#sendEnd(route, event.from, value, error);
  }

  #sendEnd(route: Route, pid: string, value: Value, error: Failure | null): void {
    const list: LuaValue[] = [value as LuaValue, error === null ? null : errorOf(error)];
    const payload = this.#runtime.universe.encode(list);
    try {
      route.send(encodeSignal({ kind: "ended", to: "", from: pid, name: "", payload }));
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      // An end is told, or everything that is on its way is lost: see W1 and W3.
      if (failure.kind === "LimitExceeded" && !failure.retryable) {
        return this.#sendEnd(route, pid, null, failure);
      }
      route.break(failure.message);
    }
  }

  #send(route: Route, kind: SignalKind, to: string, from: string, name = ""): void {
    route.send(encodeSignal({ kind, to, from, name, payload: NOTHING }));
  }

  // --- What comes in ----------------------------------------------------------------------------------------------------

  /** Takes a signal that came over `route`; fails with Invalid when it is none. */
  receive(route: Route, bytes: Uint8Array): void {
    const signal = decodeSignal(bytes);
    switch (signal.kind) {
      case "message":
        return this.#quietly(() =>
          this.#runtime.messages.deliverHere(signal.to, signal.name, signal.payload, signal.from)
        );
      case "cancel":
        return this.#quietly(() => this.#runtime.messages.cancel(signal.to, signal.name, signal.from));
      case "terminate":
        return this.#quietly(() => this.#runtime.messages.terminate(signal.to));
      case "watch":
      case "link":
        return this.#interest(route, signal);
      case "unlink":
        return this.#unlinked(signal);
      case "ended":
        return this.#ended(route, signal);
    }
  }

  /** The other side of a route is gone, with every process on it. */
  lost(route: Route): void {
    const failure = new Failure("Unavailable", `node lost: ${route.name}`, { retryable: true });
    for (const standIn of [...this.#standIns.values()]) {
      if (standIn.route !== route) continue;
      this.#standIns.delete(standIn.pid);
      this.#runtime.table.lost(standIn.number, standIn.pid, failure);
    }
    const number = this.#numbers.get(route);
    if (number === undefined) return;
    this.#numbers.delete(route);
    this.#routes.delete(number);
    this.#runtime.table.exited(number, route.name, null, null);
  }

  /** Somebody elsewhere wants to know of an end here. One who asks for nobody is told at once. */
  #interest(route: Route, { kind, to, from }: Signal): void {
    const { messages, table } = this.#runtime;
    const id = messages.localId(to);
    if (id === undefined) {
      return this.#sendEnd(
        route,
        to,
        null,
        new Failure("NotFound", "process not found", { retryable: false }),
      );
    }
    this.#want(route, id);
    if (kind === "link") table.link(id, this.#standInFor(route, from));
  }

  #unlinked({ to, from }: Signal): void {
    const standIn = this.#standIns.get(from);
    const id = this.#runtime.messages.localId(to);
    if (standIn === undefined || id === undefined) return;
    this.#runtime.table.unlink(id, standIn.number);
    this.#forgetIdle(standIn);
  }

  #ended(route: Route, { from, payload }: Signal): void {
    const standIn = this.#standIns.get(from);
    if (standIn === undefined || standIn.route !== route) return;
    const [value, error] = this.#runtime.universe.decode(payload);
    this.#standIns.delete(from);
    const failure = error instanceof LuaError ? failureOf(error) : null;
    this.#runtime.table.exited(standIn.number, from, (value ?? null) as Value, failure);
  }

  /** Who sends to a process that is gone by now is not told: nobody may rely on delivery. */
  #quietly(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  // --- Numbers ----------------------------------------------------------------------------------------------------------

  /** The other side of a route is told of the end of a process here. */
  #want(route: Route, id: number): void {
    let number = this.#numbers.get(route);
    if (number === undefined) {
      this.#numbers.set(route, number = --this.#last);
      this.#routes.set(number, route);
    }
    if (!this.#runtime.table.monitors(number, id)) this.#runtime.table.monitor(number, id);
  }

  #standInFor(route: Route, pid: string): number {
    let standIn = this.#standIns.get(pid);
    if (standIn === undefined) {
      standIn = { number: --this.#last, pid, route };
      this.#standIns.set(pid, standIn);
      // Its side decides what a failed link does to it; here it must not look like a failure of its own.
      this.#runtime.table.setTrapLinks(standIn.number, true);
    }
    return standIn.number;
  }

  /** Drops a stand-in that nobody is related to any more. */
  #forgetIdle(standIn: StandIn): void {
    if (this.#runtime.table.related(standIn.number)) return;
    this.#runtime.table.setTrapLinks(standIn.number, false);
    this.#standIns.delete(standIn.pid);
  }
}

/** The failure as an error object, with the stack of the one it was made of. */
function errorOf(failure: Failure): LuaError {
  return failure.cause instanceof LuaError ? failure.cause : luaErrorOf(failure);
}
