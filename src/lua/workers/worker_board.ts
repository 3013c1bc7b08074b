/**
 * The other workers of this node's hosts: which process begins where, and how those elsewhere are reached.
 *
 * B1. A process begins once, on the main worker or on another one of its host, and stays there. One that waits is held here with
 *     all that was sent to it.
 * B2. Only a process whose code is portable and whose frame carries no attachments can begin elsewhere.
 * B3. The main worker takes what waits as soon as it has nothing to run, so a node with little to do never has another thread.
 *     One is started when something has waited while the main worker was busy, and ends when it has had no process for a while.
 * B4. Nothing waits for its first turn longer than `WORKER_WAIT_MS`: then it shares the worker with the least to do.
 * B5. A worker that fails ends its processes with an error that says so; another one takes its place when there is work.
 * B6. A worker has the code of a version before it gets a process that was started under it: both come through its ring.
 */
import { WORKER_BOOT_WAIT_MS, WORKER_START_AFTER_MS, WORKER_WAIT_MS } from "../../core/mod.ts";
import type { Frame } from "../../ports/mod.ts";
import { RunQueues } from "../../process/mod.ts";
import { type Exit, LuaError } from "../../vm/mod.ts";
import type { CallObserver } from "../function_pool.ts";
import type { Host } from "../host_table.ts";
import type { LuaProcess } from "../lua_process.ts";
import type { Program } from "../program_table.ts";
import type { LuaRuntime } from "../runtime.ts";
import { encodeSignal } from "../signal.ts";
import { type HeldMessage, Placement } from "./placement.ts";
import { PortableCode } from "./portable_code.ts";
import { DOWN, frameToWire, UP, type WireFrame, workerOf } from "./wire.ts";
import { type CrewOptions, WorkerCrew } from "./worker_crew.ts";
import { pace, type WorkerLink } from "./worker_link.ts";
import { WorkerMoves } from "./worker_moves.ts";
import { WorkerRequests } from "./worker_requests.ts";

/** The main worker's number in queues. */
const MAIN = 0;

/** What other workers are made of. */
export interface WorkerOptions extends CrewOptions {
  /** Modules that work in every worker. */
  readonly portableModules: ReadonlySet<string>;
  /** Is told of function calls that workers made within themselves. */
  readonly observeCall?: CallObserver;
}

/** Where the processes of this node begin. */
export class WorkerBoard {
  readonly #runtime: LuaRuntime;
  readonly #requests: WorkerRequests;
  readonly #code: PortableCode;
  /** The threads. */
  readonly crew: WorkerCrew;
  readonly #moves: WorkerMoves;
  readonly #queues = new Map<Host, RunQueues<LuaProcess>>();
  /** Whether the main worker takes new processes; without it every portable one begins elsewhere. */
  mainTakes = true;
  #waiting = 0;
  #isClosed = false;

  constructor(runtime: LuaRuntime, options: WorkerOptions) {
    this.#runtime = runtime;
    this.#code = new PortableCode(runtime, options.portableModules);
    const crew = this.crew = new WorkerCrew(runtime, options, this.#code, {
      frame: (link, frame) => this.#frame(link, frame),
      pace: () => pace(runtime.services.ports.clock),
      later: (link) => runtime.services.ports.clock.soon(() => link.drain()),
      broken: (_link, error) => runtime.reportBroken(-1, error),
      lost: (link, reason) => this.#lost(link, reason),
    });
    this.#moves = new WorkerMoves(runtime, {
      begin: (process, first) => {
        this.#beginHere(process, first);
        runtime.slices.wake();
      },
      fail: (process, error) => this.#end(process, error),
    });
    this.#requests = new WorkerRequests(runtime, (id) => crew.lives(id), options.observeCall);
  }

  /** Whether a start goes through the queue of its host, to begin wherever there is room. */
  takes(host: Host, program: Program, frame: Frame): boolean {
    return host.threadsMax > 0 && !this.#isClosed && frame.attachments.size === 0 &&
      this.#code.canRun(program);
  }

  /** Takes a new process; it begins later. */
  enqueue(process: LuaProcess, args: Uint8Array): void {
    const host = this.#runtime.hosts.get(process.host)!;
    const queues = this.#queuesOf(host);
    // Who starts more than the queue holds has to share its own time with them: the oldest begins at once.
    if (queues.isFull) this.#begin(host, queues.oldest()!);
    process.placement = new Placement(this.#nowMs(), args);
    queues.push(process);
    this.#waiting++;
    this.#runtime.slices.wake();
  }

  #queuesOf(host: Host): RunQueues<LuaProcess> {
    let queues = this.#queues.get(host);
    if (queues === undefined) {
      const stream = this.#runtime.services.ports.random.stream("lua.steal");
      const sizes = { queueMax: host.queueMax, localMax: host.localMax };
      this.#queues.set(host, queues = new RunQueues(sizes, (below) => stream.below(below)));
    }
    return queues;
  }

  #nowMs(): number {
    return this.#runtime.services.ports.clock.monotonicMs();
  }

  // --- Who takes what -----------------------------------------------------------------------------------------------------

  /** The main worker has nothing to run; true when something has begun in it. */
  refill(): boolean {
    if (this.#waiting === 0 || !this.mainTakes) return false;
    for (const queues of this.#queues.values()) {
      const process = queues.take(MAIN);
      if (process === undefined) continue;
      this.#waiting--;
      this.#beginHere(process);
      return true;
    }
    return false;
  }

  /** Called after each slice of the main worker. */
  tick(): void {
    for (const link of this.crew.all()) link.drain();
    if (this.#waiting === 0) return;
    for (const [host, queues] of this.#queues) {
      for (const link of this.crew.of(host)) this.#give(link);
      const oldest = queues.oldest();
      if (oldest === undefined) continue;
      const waited = this.#nowMs() - oldest.placement!.queuedMs;
      if (!this.#isClosed && waited >= (this.mainTakes ? WORKER_START_AFTER_MS : 0)) {
        this.crew.openFor(host, queues.size);
      }
      if (this.mainTakes && waited >= this.#longestWait(host)) this.#begin(host, oldest);
    }
  }

  #longestWait(host: Host): number {
    for (const { isUp } of this.crew.of(host)) if (!isUp) return WORKER_BOOT_WAIT_MS;
    return WORKER_WAIT_MS;
  }

  /** Gives a worker that asked for work some; false when it did not, or there is none. */
  #give(link: WorkerLink): boolean {
    if (!link.hungry || link.retiring) return false;
    const process = this.#queuesOf(link.host).take(link.number);
    if (process === undefined) return false;
    this.#waiting--;
    this.#beginAt(process, link);
    return true;
  }

  /** Lets a process begin on the worker with the least to do. */
  #begin(host: Host, process: LuaProcess): void {
    this.#queuesOf(host).remove(process);
    this.#waiting--;
    let least: WorkerLink | undefined;
    for (const link of this.crew.of(host)) {
      if (!link.isUp || link.retiring) continue;
      if (least === undefined || link.ready < least.ready) least = link;
    }
    if (least !== undefined && least.ready <= this.#runtime.universe.ready) this.#beginAt(process, least);
    else this.#beginHere(process);
  }

  #beginHere(process: LuaProcess, first: readonly HeldMessage[] = []): void {
    const { args, held } = process.placement!.release();
    process.placement = undefined;
    const { book, memoryBytesMax, node, universe } = this.#runtime;
    try {
      const slot = universe.spawn({
        program: process.program.ref,
        pid: process.id,
        host: process.host,
        node,
        guarded: this.#runtime.guarded(process.frame),
        memoryBytesMax,
        args,
      });
      book.add(process, slot);
    } catch {
      this.#end(process, new LuaError("no memory for another process", "LimitExceeded", false));
      return;
    }
    for (const { from, topic, values } of [...first, ...held]) {
      universe.deliver(process.slot, topic, from, values);
    }
  }

  #beginAt(process: LuaProcess, link: WorkerLink): void {
    link.hungry = false;
    link.processes.add(process);
    const placement = process.placement!;
    placement.link = link;
    const { args, held } = placement.release();
    const context = frameToWire(process.frame, (scope) => link.useScope(scope));
    // What is held is sent behind the start: until it has come, what is sent over there must not overtake it.
    const handled = held.length === 0 ? link.handled : null;
    const head = [process.id, process.entryId, process.host, process.parent, handled, context];
    link.send(DOWN.start, this.#runtime.universe.encode(head), args);
    for (const message of held) this.#send(link, process.pid, message);
  }

  // --- Reaching processes -------------------------------------------------------------------------------------------------

  /** Delivers a message or event to a process that is not in the universe of the main worker. */
  deliver(process: LuaProcess, message: HeldMessage): void {
    const placement = process.placement!;
    if (placement.link !== undefined) return this.#send(placement.link, process.pid, message);
    placement.hold(message);
    if (placement.heldBytes <= this.#runtime.memoryBytesMax) return;
    this.kill(process, new LuaError("not enough memory", "Internal", false));
  }

  /** Delivers to a function call in another worker; false when there is none of that number. */
  deliverToCall(id: number, pid: string, message: HeldMessage): boolean {
    const link = this.crew.at(workerOf(id));
    if (link === undefined) return false;
    this.#send(link, pid, message);
    return true;
  }

  #send(link: WorkerLink, pid: string, { from, topic, values }: HeldMessage): void {
    // An event is told once, whatever waits.
    if (!topic.startsWith("@")) link.demandRoom();
    const signal = encodeSignal({ kind: "message", to: pid, from, name: topic, payload: values });
    link.send(DOWN.message, undefined, signal);
  }

  /** Ends a process by force that is not in the universe of the main worker. */
  kill(process: LuaProcess, error: LuaError): void {
    process.killed = true;
    const { link } = process.placement!;
    if (link !== undefined) {
      link.send(DOWN.kill, this.#runtime.universe.encode([process.id, error]));
      return;
    }
    if (this.#moves.kill(process, error)) return;
    const host = this.#runtime.hosts.get(process.host);
    if (host === undefined || !this.#queuesOf(host).remove(process)) return;
    this.#waiting--;
    this.#end(process, error);
  }

  #end(process: LuaProcess, error: LuaError): void {
    this.#ended(process, { ok: false, results: this.#runtime.universe.encode([error]), error });
  }

  #ended(process: LuaProcess, exit: Exit): void {
    const link = process.placement?.link;
    link?.leave(process);
    this.#runtime.endings.ended(process, exit);
    if (link?.retiring && link.processes.size === 0) this.#close(link);
  }

  // --- Threads ------------------------------------------------------------------------------------------------------------

  #close(link: WorkerLink): void {
    this.crew.forget(link);
    this.#queuesOf(link.host).close(link.number);
    this.#requests.forget(link);
    this.#moves.lost(link);
  }

  #lost(link: WorkerLink, reason: string): void {
    this.#runtime.services.log.named("lua").error("worker failed", {
      host: link.host.id,
      worker: link.number,
      processes: link.processes.size,
      error: reason,
    });
    this.crew.failed(link);
    this.#closeWith(link, new LuaError(`${link.name} failed: ${reason}`, "Internal", false));
    this.#runtime.slices.wake();
  }

  #closeWith(link: WorkerLink, error: LuaError): void {
    this.#close(link);
    for (const process of [...link.processes]) this.#end(process, error);
  }

  /** The number of workers of a host has changed: those too many end with their processes, or at once when they have none. */
  rescale(host: Host): void {
    let count = 0;
    for (const link of [...this.crew.of(host)]) {
      link.retiring = ++count > host.threadsMax;
      if (!link.retiring) continue;
      this.#queuesOf(host).close(link.number);
      if (link.processes.size === 0) this.#close(link);
    }
  }

  /** A host is stopped: what did not end by itself goes with its workers. */
  stop(host: Host): void {
    const error = new LuaError("context canceled", "Canceled", false);
    for (const link of [...this.crew.of(host)]) this.#closeWith(link, error);
  }

  /** There is no such host any more. */
  forgetHost(host: Host): void {
    this.stop(host);
    this.#queues.delete(host);
  }

  /** Ends all workers. */
  close(): void {
    this.#isClosed = true;
    for (const link of [...this.crew.all()]) this.#close(link);
  }

  // --- What workers say ---------------------------------------------------------------------------------------------------

  #frame(link: WorkerLink, frame: WireFrame): void {
    const requests = this.#requests;
    switch (frame.op) {
      case UP.ready:
        return this.crew.isUp(link);
      case UP.hungry:
        link.hungry = true;
        if (!this.#give(link)) this.crew.rest(link, () => this.#close(link));
        return;
      case UP.message:
        return requests.message(link, frame);
      case UP.exited:
        return this.#exited(link, frame);
      case UP.fence:
        return link.send(DOWN.fenced, frame.head);
      case UP.call:
        return requests.call(link, frame);
      case UP.cancelCall:
        return requests.cancelCall(link, frame);
      case UP.exec:
        return requests.exec(link, frame);
      case UP.ask:
        return requests.ask(link, frame);
      case UP.log:
        return requests.log(frame);
      case UP.observed:
        return requests.observed(frame);
      case UP.facts:
        return this.crew.factsCame(link, frame);
      case UP.upgraded:
        return requests.upgraded(frame);
      case UP.request:
        return requests.request(link, frame);
      case UP.moved:
        return this.#moves.start(link, frame);
      case UP.returned:
        return this.#moves.returned(frame);
      case UP.left:
        return this.#moves.left(frame);
    }
  }

  #exited(link: WorkerLink, { head, payload }: WireFrame): void {
    const { book, universe } = this.#runtime;
    const [id, ok, turns] = universe.decode(head);
    const process = book.find(Number(id));
    if (process?.placement?.link !== link) return;
    process.placement.turns = Number(turns);
    const error = ok === true ? undefined : universe.decode(payload)[0] as LuaError;
    this.#ended(
      process,
      error === undefined ? { ok: true, results: payload, error } : { ok: false, results: payload, error },
    );
    this.#runtime.slices.wake();
  }

  // --- Code ---------------------------------------------------------------------------------------------------------------

  /** Entries' code is new or changed. */
  defined(id: string): void {
    this.#code.forget();
    const definition = this.#code.one(id);
    if (definition === undefined) this.crew.tell(DOWN.undefine, [[id]]);
    else this.crew.tell(DOWN.define, [definition]);
  }

  /** An entry's code is gone. */
  undefined(id: string): void {
    this.#code.forget();
    this.crew.tell(DOWN.undefine, [[id]]);
  }

  /** Tells those who run code of `ids` that it has changed. */
  announced(ids: readonly string[]): void {
    this.crew.tell(DOWN.announce, [[...ids]]);
  }

  /** Processes that moved from the deque of one worker of a host to another. */
  stolen(host: Host): number {
    return this.#queues.get(host)?.stolen ?? 0;
  }
}
