/**
 * Names that every node comes to know without anybody deciding: each node tells the others what it has registered itself.
 *
 * E1. Only a node itself changes its own names. A linked node has been told all of them, and each change since, in order; one that
 *     could not be told a change is told all again.
 * E2. When several nodes have the same name, every node knows the same winner: the earliest, then the smallest node.
 * E3. A node whose name lost gives it up and tells the process, once.
 * E4. Names of a node that has left are gone everywhere.
 */
import { Failure, parsePid, type Value } from "../core/mod.ts";
import type { Clock, NodeChannel, NodeChannelListener, TimerHandle } from "../ports/mod.ts";
import { fieldOf } from "./node_channels.ts";

interface Binding {
  readonly pid: string;
  /** When it was registered, by the clock of its node. */
  readonly sinceMs: number;
}

/** What these names need of their node. */
export interface EventualNamesOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly open: (listener: NodeChannelListener) => NodeChannel;
  /** The process behind `pid` has lost a name to another one. */
  readonly revoked: (name: string, pid: string) => void;
}

/** Time after which a node that missed a change is told everything. */
const REPAIR_MS = 1_000;

/** Names by the node that registered them. */
export class EventualNames {
  readonly #options: EventualNamesOptions;
  readonly #channel: NodeChannel;
  readonly #byNode = new Map<string, Map<string, Binding>>();
  readonly #own = new Map<string, Binding>();
  readonly #behind = new Set<string>();
  #timer: TimerHandle | undefined;

  constructor(options: EventualNamesOptions) {
    this.#options = options;
    this.#byNode.set(options.node, this.#own);
    this.#channel = options.open({
      up: (node) => this.#tellAll(node),
      // What it told stays true until it has left.
      down: (node) => void this.#behind.delete(node),
      receive: (node, message) => this.#receive(node, message),
    });
  }

  /** Ends it; nobody is told any more. */
  close(): void {
    this.#timer?.cancel();
    this.#channel.close();
  }

  /** The pid behind a name. */
  lookup(name: string): string | undefined {
    return this.#winner(name)?.binding.pid;
  }

  #winner(name: string): { node: string; binding: Binding } | undefined {
    let best: { node: string; binding: Binding } | undefined;
    for (const [node, names] of this.#byNode) {
      const binding = names.get(name);
      if (binding === undefined) continue;
      const isBetter = best === undefined || binding.sinceMs < best.binding.sinceMs ||
        binding.sinceMs === best.binding.sinceMs && node < best.node;
      if (isBetter) best = { node, binding };
    }
    return best;
  }

  /** Registers a name here; fails with AlreadyExists when it is known to be another pid's. */
  register(name: string, pid: string): void {
    const known = this.lookup(name);
    if (known === pid) return;
    if (known !== undefined) throw alreadyRegistered(name, known);
    const binding = { pid, sinceMs: this.#options.clock.nowMs() };
    this.#own.set(name, binding);
    this.#tell({ set: [rowOf([name, binding])] });
  }

  /** Releases a name that this node registered; another node's, by asking it. False when nobody has it. */
  unregister(name: string): boolean {
    const winner = this.#winner(name);
    if (winner === undefined) return false;
    if (winner.node === this.#options.node) return this.#drop(name);
    return this.#channel.send(winner.node, { release: name });
  }

  #drop(name: string): boolean {
    if (!this.#own.delete(name)) return false;
    this.#tell({ gone: name });
    return true;
  }

  /** A node has left, with all it registered and all its processes. */
  left(node: string): void {
    this.#byNode.delete(node);
    for (const [name, { pid }] of [...this.#own]) if (parsePid(pid)?.node === node) this.#drop(name);
  }

  #tell(message: Value): void {
    for (const node of this.#channel.peers()) {
      if (!this.#behind.has(node) && !this.#channel.send(node, message)) this.#missed(node);
    }
  }

  #tellAll(node: string): void {
    if (!this.#channel.send(node, { all: [...this.#own].map(rowOf) })) this.#missed(node);
  }

  #missed(node: string): void {
    this.#behind.add(node);
    this.#timer ??= this.#options.clock.timer(REPAIR_MS, () => {
      this.#timer = undefined;
      const nodes = [...this.#behind];
      this.#behind.clear();
      for (const each of nodes) this.#tellAll(each);
    }, { background: true });
  }

  #receive(node: string, message: Value): void {
    const all = fieldOf(message, "all");
    const set = fieldOf(message, "set");
    const gone = fieldOf(message, "gone");
    const release = fieldOf(message, "release");
    if (typeof release === "string") return void this.#drop(release);
    let names = this.#byNode.get(node);
    if (names === undefined || Array.isArray(all)) this.#byNode.set(node, names = new Map());
    if (typeof gone === "string") names.delete(gone);
    for (const row of [...Array.isArray(all) ? all : [], ...Array.isArray(set) ? set : []]) {
      const [name, pid, sinceMs] = Array.isArray(row) ? row : [];
      if (typeof name !== "string" || typeof pid !== "string" || typeof sinceMs !== "number") {
        throw new Failure("Invalid", "malformed names of another node");
      }
      names.set(name, { pid, sinceMs });
      this.#yield(name);
    }
  }

  /** Gives up a name of this node when another one has the better claim. */
  #yield(name: string): void {
    const own = this.#own.get(name);
    const winner = this.#winner(name);
    if (own === undefined || winner === undefined || winner.node === this.#options.node) return;
    this.#drop(name);
    if (winner.binding.pid !== own.pid) this.#options.revoked(name, own.pid);
  }
}

function rowOf([name, { pid, sinceMs }]: [string, Binding]): Value {
  return [name, pid, sinceMs];
}

/** Somebody else has the name. */
export function alreadyRegistered(name: string, pid: string): Failure {
  return new Failure("AlreadyExists", "name already registered", {
    retryable: false,
    details: { name, pid },
  });
}
