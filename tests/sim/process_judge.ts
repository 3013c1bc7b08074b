/**
 * What must hold of processes, judged from what they report and how they end.
 *
 * J1. Messages between two processes arrive in order, and all of them while the receiver lives.
 * J2. Each monitor gets one EXIT, each trapping peer one LINK_DOWN after an abnormal end, nobody else any.
 * J3. A peer that does not trap ends with an abnormal end of one it is linked to, and never without one.
 * J4. Nothing is lost: a call is answered, a sleep ends, a process that ended holds no name.
 */
import { Failure, type Value } from "../../src/core/mod.ts";
import type { LuaRuntime } from "../../src/lua/mod.ts";
import type { Trace } from "./world.ts";

interface Actor {
  readonly pid: string;
  readonly traps: boolean;
  readonly deaf: boolean;
  /** How it ended; undefined while it lives, null after a clean end. */
  end: Failure | null | undefined;
  /** Numbers that order comings and ends. */
  readonly upAt: number;
  endAt: number;
  readonly monitors: Map<string, Watch>;
  readonly links: Map<string, Watch>;
  readonly exits: Map<string, number>;
  readonly downs: Map<string, number>;
  readonly pending: string[];
  counts: { sent: Map<string, number>; received: Map<string, number> } | undefined;
}

/** A relation: it holds, or was undone so that a signal may or may not have been under way. */
interface Watch {
  state: "holds" | "undone";
}

const LINKED = "linked process failed";

/** Collects reports and finds what is wrong with them. */
export class ProcessJudge {
  readonly actors = new Map<string, Actor>();
  readonly broken: string[] = [];
  readonly #links = new Map<string, Map<string, Watch>>();
  readonly #runtime: LuaRuntime;
  readonly #trace: Trace;
  readonly #now: () => number;
  #moments = 0;

  constructor(runtime: LuaRuntime, trace: Trace, now: () => number) {
    this.#runtime = runtime;
    this.#trace = trace;
    this.#now = now;
  }

  #moment(): number {
    this.#moments += 1;
    return this.#moments;
  }

  /** Actors that have not ended, in the order in which they came up. */
  get living(): Actor[] {
    return [...this.actors.values()].filter(({ end }) => end === undefined);
  }

  /** Takes a report of an actor. */
  report(from: string, values: readonly Value[]): void {
    this.#trace.note(`${this.#now()} ${from} ${JSON.stringify(values)}`);
    const [what, subject, detail] = values as [string, string, string | undefined];
    if (what === "up") {
      this.#up(from, values[1] === true, values[2] === true);
      return;
    }
    const actor = this.actors.get(from);
    if (actor === undefined) {
      this.#break(`${from} reported ${what} before it was up`);
      return;
    }
    switch (what) {
      case "spawned":
        if (detail!.includes("monitored")) actor.monitors.set(subject, { state: "holds" });
        if (detail!.includes("linked")) this.#link(from, subject);
        break;
      case "monitor":
        if (detail === "ok") actor.monitors.set(subject, { state: "holds" });
        break;
      case "unmonitor": {
        const watch = actor.monitors.get(subject);
        if (detail === "ok" && watch !== undefined) watch.state = "undone";
        break;
      }
      case "link":
        if (detail === "ok") this.#link(from, subject);
        break;
      case "unlink":
        for (const [a, b] of [[from, subject], [subject, from]] as const) {
          const watch = this.#linksOf(a).get(b);
          if (detail === "ok" && watch !== undefined) watch.state = "undone";
        }
        break;
      case "pid.exit":
        count(actor.exits, subject);
        break;
      case "pid.link.down":
        count(actor.downs, subject);
        break;
      case "called":
        this.#answered(actor, subject, detail!);
        break;
      case "slept":
        this.#settled(actor, `sleep ${subject}`);
        break;
      case "disorder":
        this.#break(`${from} got message ${values[2]} of ${subject} after ${values[3]}`);
        break;
      case "counts":
        actor.counts = countsOf(values[1]);
        break;
    }
  }

  /** Something an actor was told to do that must come to an end. */
  expect(pid: string, what: string): void {
    this.actors.get(pid)?.pending.push(what);
  }

  #up(pid: string, traps: boolean, deaf: boolean): void {
    if (this.actors.has(pid)) this.#break(`${pid} came up twice`);
    const actor: Actor = {
      pid,
      traps,
      deaf,
      end: undefined,
      upAt: this.#moment(),
      endAt: Infinity,
      monitors: new Map(),
      links: this.#linksOf(pid),
      exits: new Map(),
      downs: new Map(),
      pending: [],
      counts: undefined,
    };
    this.actors.set(pid, actor);
    this.#runtime.watch(pid, ({ failure }) => {
      if (actor.end !== undefined) this.#break(`${pid} ended twice`);
      actor.end = failure;
      actor.endAt = this.#moment();
      this.#trace.note(`${this.#now()} ${pid} ended: ${failure === null ? "well" : failure.message}`);
    });
  }

  #link(a: string, b: string): void {
    this.#linksOf(a).set(b, { state: "holds" });
    this.#linksOf(b).set(a, { state: "holds" });
  }

  /** Links of a process, which may not have come up yet. */
  #linksOf(pid: string): Map<string, Watch> {
    let links = this.#links.get(pid);
    if (links === undefined) this.#links.set(pid, links = new Map());
    return links;
  }

  #answered(actor: Actor, text: string, answer: string): void {
    this.#settled(actor, `call ${text}`);
    if (answer !== `${text}!`) this.#break(`${actor.pid} called with ${text} and got ${answer}`);
  }

  #settled(actor: Actor, what: string): void {
    const at = actor.pending.indexOf(what);
    if (at < 0) this.#break(`${actor.pid} reported ${what} though nothing of that kind was going on`);
    else actor.pending.splice(at, 1);
  }

  #break(rule: string): void {
    this.#trace.note(`BROKEN ${rule}`);
    this.broken.push(rule);
  }

  /** Judges once nothing is under way any more; living actors must have reported their counts. */
  verdict(): void {
    for (const actor of this.actors.values()) {
      this.#judgeSignals(actor);
      if (actor.end === undefined) this.#judgeLiving(actor);
      else this.#judgeEnd(actor);
    }
  }

  #judgeSignals(actor: Actor): void {
    const { pid, monitors, links, exits, downs, traps } = actor;
    for (const [other, times] of exits) {
      if (times > 1 && !monitors.has(other)) this.#break(`${pid} got ${times} EXIT of ${other}`);
      if (!monitors.has(other)) this.#break(`${pid} got EXIT of ${other}, which it did not monitor`);
      if (this.#endOf(other) === undefined) this.#break(`${pid} got EXIT of ${other}, which lives`);
    }
    for (const [other, times] of downs) {
      if (times > 1 || !links.has(other) || !traps) this.#break(`${pid} got ${times} LINK_DOWN of ${other}`);
      if (!(this.#endOf(other) instanceof Failure)) {
        this.#break(`${pid} got LINK_DOWN of ${other}, which did not fail`);
      }
    }
  }

  #endOf(pid: string): Failure | null | undefined {
    const actor = this.actors.get(pid);
    // It never came up: it was ended before its first turn.
    return actor === undefined ? new Failure("Internal", "never came up") : actor.end;
  }

  #judgeLiving(actor: Actor): void {
    const { pid, monitors, links, exits, downs, traps, pending, counts } = actor;
    if (this.#runtime.messages.liveProcess(pid) === undefined) {
      this.#break(`${pid} is gone and nobody was told`);
    }
    for (const [other, { state }] of monitors) {
      const isOver = this.#endOf(other) !== undefined;
      if (isOver && state === "holds" && exits.get(other) !== 1) {
        this.#break(`${pid} got ${exits.get(other) ?? 0} EXIT of ${other}`);
      }
    }
    for (const [other, { state }] of links) {
      if (!(this.#endOf(other) instanceof Failure) || state !== "holds") continue;
      if (!traps) this.#break(`${pid} lives though ${other}, to which it is linked, failed`);
      else if (downs.get(other) !== 1) {
        this.#break(`${pid} got ${downs.get(other) ?? 0} LINK_DOWN of ${other}`);
      }
    }
    if (pending.length > 0) this.#break(`${pid} never finished: ${pending}`);
    if (counts === undefined) {
      this.#break(`${pid} did not answer when asked to count`);
      return;
    }
    for (const [to, sent] of counts.sent) {
      const receiver = this.actors.get(to);
      if (receiver?.end !== undefined || receiver?.counts === undefined) continue;
      const received = receiver.counts.received.get(pid) ?? 0;
      if (received !== sent) this.#break(`${to} received ${received} of ${sent} messages of ${pid}`);
    }
  }

  #judgeEnd({ pid, end, links, traps, upAt }: Actor): void {
    if (this.#runtime.messages.liveProcess(pid) !== undefined) this.#break(`${pid} has ended and lives`);
    if (!(end instanceof Failure) || end.message !== LINKED) return;
    // Before it came up it did not trap yet.
    const isCause = (other: string): boolean =>
      this.#endOf(other) instanceof Failure && (!traps || (this.actors.get(other)?.endAt ?? 0) < upAt);
    if (![...links.keys()].some(isCause)) {
      this.#break(`${pid} failed with its link though no linked process had failed`);
    }
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function countsOf(value: Value): { sent: Map<string, number>; received: Map<string, number> } {
  const { sent, received } = value as Record<"sent" | "received", Record<string, number>>;
  return { sent: new Map(Object.entries(sent)), received: new Map(Object.entries(received)) };
}
