/**
 * The same scope on other nodes: what is told to it, and what it tells.
 *
 * R1. A linked node is told everything, then each change. What did not get through is made good by telling everything again: after a
 *     growing delay, a limited number of times, and by the anti-entropy that tells one node after the other.
 * R2. What arrives waits in one queue, and is worked off in parts; past its limit it is dropped, and its sender asked for everything.
 */
import { isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Clock, Log, NodeChannel, NodeChannelListener, TimerHandle } from "../ports/mod.ts";
import { GroupCircuit } from "./group_circuit.ts";
import type { GroupTable } from "./remote_members.ts";

/** Settings of a scope, in milliseconds and counts. */
export interface GroupSettings {
  readonly protocolMs: number;
  readonly broadcastMs: number;
  readonly antiEntropyMs: number;
  readonly breakerFailures: number;
  readonly breakerResetMs: number;
  readonly retriesMax: number;
  readonly retryBaseMs: number;
  readonly retryDelayMaxMs: number;
  readonly queueWarn: number;
  readonly queueMax: number;
}

/** What the scope does with what its twins tell. */
export interface GroupReceiver {
  /** Everything that this node has. */
  table(): GroupTable;
  synced(node: string, table: GroupTable): void;
  joined(node: string, pid: string, groups: readonly string[]): void;
  left(node: string, pid: string, groups: readonly (readonly [group: string, times: number])[]): void;
  lost(node: string): void;
  cast(pids: readonly string[], message: GroupMessage): void;
}

/** A message to members of a group. */
export interface GroupMessage {
  readonly topic: string;
  readonly values: Uint8Array;
  readonly from: string;
}

/** What the peers of a scope are made of. */
export interface GroupPeersOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => GroupSettings;
  readonly open: (listener: NodeChannelListener) => NodeChannel;
  readonly receiver: GroupReceiver;
  /** Nodes that are members now, linked or not; without it silence means nothing. */
  readonly members?: () => readonly string[];
}

interface Peer {
  readonly circuit: GroupCircuit;
  /** Retries of telling everything so far; undefined when nothing has to be made good. */
  retries: number | undefined;
  retry: TimerHandle | undefined;
  /** Waits for everything that the other side has. */
  awaited: TimerHandle | undefined;
}

/** Messages that are worked off before others get their turn. */
const PART = 64;

/** Silence of all twins that is too long, whatever the settings; and in rounds in which each should have told everything once. */
const SILENCE_MS = 300_000;
const SILENCE_ROUNDS = 3;

/** The twins of a scope. */
export class GroupPeers {
  readonly #options: GroupPeersOptions;
  readonly #channel: NodeChannel;
  readonly #peers = new Map<string, Peer>();
  #queue: { node: string; message: Value }[] = [];
  #isWarned = false;
  #turn = 0;
  #ticker: TimerHandle | undefined;
  /** Nodes that have, or had, the scope. */
  readonly #twins = new Set<string>();
  #heardMs = 0;

  constructor(options: GroupPeersOptions) {
    this.#options = options;
    const early: string[] = [];
    let isMade = false;
    this.#channel = options.open({
      up: (node) => isMade ? this.#meet(node) : void early.push(node),
      down: (node) => this.#forget(node),
      receive: (node, message) => this.#enqueue(node, message),
    });
    isMade = true;
    for (const node of early) this.#meet(node);
    this.#tick();
  }

  /** Ends it; twins are told nothing more. */
  close(): void {
    this.#ticker?.cancel();
    for (const node of [...this.#peers.keys()]) this.#forget(node);
    this.#queue = [];
    this.#channel.close();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #after(delayMs: number, fire: () => void): TimerHandle {
    return this.#options.clock.timer(delayMs, fire, { background: true });
  }

  // --- Peers ------------------------------------------------------------------------------------------------------------

  #meet(node: string): void {
    // Whoever has the scope says so on every new link.
    this.#twins.delete(node);
    this.#peers.set(node, {
      circuit: new GroupCircuit(),
      retries: undefined,
      retry: undefined,
      awaited: undefined,
    });
    this.#tellAll(node, true);
  }

  #forget(node: string): void {
    const peer = this.#peers.get(node);
    if (peer === undefined) return;
    this.#peers.delete(node);
    peer.retry?.cancel();
    peer.awaited?.cancel();
    this.#queue = this.#queue.filter((waiting) => waiting.node !== node);
    this.#options.receiver.lost(node);
  }

  /** Tells one node everything, and then the next. */
  #tick(): void {
    const { antiEntropyMs } = this.#options.settings();
    // Looked at again when it is off: it may be turned on.
    this.#ticker = this.#after(antiEntropyMs > 0 ? antiEntropyMs : 1_000, () => {
      const nodes = [...this.#peers.keys()];
      // In turn, so that each is told within as many rounds as there are nodes.
      if (antiEntropyMs > 0 && nodes.length > 0) this.#tellAll(nodes[this.#turn++ % nodes.length]!, false);
      this.#tick();
    });
  }

  // --- Telling ----------------------------------------------------------------------------------------------------------

  /** A process of this node has joined groups. */
  joined(pid: string, groups: readonly string[]): void {
    this.#tellChange({ kind: "join", pid, groups: [...groups] });
  }

  /** A process of this node has left groups, each so many times. */
  left(pid: string, groups: readonly (readonly [string, number])[]): void {
    this.#tellChange({ kind: "leave", pid, groups: groups.map(([group, times]) => [group, times]) });
  }

  #tellChange(message: ValueMap): void {
    for (const [node, peer] of this.#peers) {
      // One that is behind is told everything anyway.
      if (peer.retries !== undefined) continue;
      if (!this.#send(node, peer, message)) this.#makeGood(node, peer);
    }
  }

  #tellAll(node: string, wantsAll: boolean): void {
    const peer = this.#peers.get(node);
    if (peer === undefined) return;
    const groups = [...this.#options.receiver.table()].map(([group, pids]) => [group, [...pids]]);
    if (!this.#send(node, peer, { kind: "sync", groups, wantsAll })) return this.#makeGood(node, peer);
    peer.retries = undefined;
    if (wantsAll) this.#await(peer);
  }

  /** An answer that does not come is a failure like any other. */
  #await(peer: Peer): void {
    peer.awaited?.cancel();
    peer.awaited = this.#after(this.#options.settings().protocolMs, () => {
      peer.awaited = undefined;
      peer.circuit.failed(this.#now());
    });
  }

  #send(node: string, peer: Peer, message: ValueMap): boolean {
    if (!peer.circuit.allows(this.#now(), this.#options.settings())) return false;
    if (this.#channel.send(node, message)) {
      peer.circuit.succeeded();
      return true;
    }
    peer.circuit.failed(this.#now());
    return false;
  }

  /** Tries again later to tell everything; after that it is left to the anti-entropy. */
  #makeGood(node: string, peer: Peer): void {
    const { retriesMax, retryBaseMs, retryDelayMaxMs } = this.#options.settings();
    const retries = peer.retries = (peer.retries ?? -1) + 1;
    peer.retry?.cancel();
    if (retries >= retriesMax) return;
    peer.retry = this.#after(
      Math.min(retryBaseMs * 2 ** retries, retryDelayMaxMs),
      () => this.#tellAll(node, false),
    );
  }

  /** Sends a message to members on another node; again until its time is over. False when the node is not there. */
  cast(node: string, pids: readonly string[], { from, topic, values }: GroupMessage): boolean {
    if (!this.#peers.has(node)) return false;
    const message = { kind: "cast", pids: [...pids], topic, values, from };
    const { broadcastMs, retryBaseMs, retryDelayMaxMs } = this.#options.settings();
    const endMs = this.#now() + broadcastMs;
    const attempt = (delayMs: number): void => {
      const peer = this.#peers.get(node);
      if (peer === undefined || this.#send(node, peer, message) || this.#now() + delayMs > endMs) return;
      this.#after(delayMs, () => attempt(Math.min(2 * delayMs, retryDelayMaxMs)));
    };
    attempt(retryBaseMs);
    return true;
  }

  // --- Silence ----------------------------------------------------------------------------------------------------------

  /**
   * Says what is wrong when other members have the scope and nothing has come from any of them for long; "" otherwise. Without
   * anti-entropy nothing has to come.
   */
  silence(): string {
    const { antiEntropyMs } = this.#options.settings();
    const members = this.#options.members?.() ?? [];
    for (const node of this.#twins) if (!members.includes(node)) this.#twins.delete(node);
    if (this.#twins.size === 0 || antiEntropyMs <= 0) return "";
    const silenceMs = this.#now() - this.#heardMs;
    if (silenceMs <= Math.max(SILENCE_MS, SILENCE_ROUNDS * antiEntropyMs * this.#twins.size)) return "";
    const twins = [...this.#twins].sort().join(", ");
    return `nothing was broadcast by ${twins} for ${Math.round(silenceMs)} ms`;
  }

  // --- Being told -------------------------------------------------------------------------------------------------------

  #enqueue(node: string, message: Value): void {
    const { queueMax, queueWarn } = this.#options.settings();
    const waiting = this.#queue.length;
    if (waiting >= queueMax) {
      this.#options.log.warn("process groups: the queue is full, work is dropped", { node, waiting });
      const peer = this.#peers.get(node);
      // What was dropped is missing here: everything is asked for once there is room.
      if (peer !== undefined && peer.awaited === undefined) {
        peer.awaited = this.#after(this.#options.settings().retryDelayMaxMs, () => {
          peer.awaited = undefined;
          this.#tellAll(node, true);
        });
      }
      return;
    }
    if (waiting >= queueWarn && !this.#isWarned) {
      this.#isWarned = true;
      this.#options.log.warn("process groups: the queue is approaching its capacity", {
        waiting,
        capacity: queueMax,
      });
    }
    this.#queue.push({ node, message });
    if (waiting === 0) this.#options.clock.soon(() => this.#work());
  }

  #work(): void {
    for (const { node, message } of this.#queue.splice(0, PART)) this.#take(node, message);
    if (this.#queue.length > 0) this.#options.clock.soon(() => this.#work());
    else this.#isWarned = false;
  }

  #take(node: string, message: Value): void {
    const peer = this.#peers.get(node);
    if (peer === undefined || !isValueMap(message)) return;
    this.#twins.add(node);
    this.#heardMs = this.#now();
    const { receiver } = this.#options;
    const { from, groups, kind, pid, pids, topic, values, wantsAll } = message;
    if (kind === "sync") {
      peer.awaited?.cancel();
      peer.awaited = undefined;
      receiver.synced(
        node,
        new Map(pairsOf(groups).map(([group, members]) => [String(group), textsOf(members)])),
      );
      if (wantsAll === true) this.#tellAll(node, false);
    } else if (kind === "join") receiver.joined(node, String(pid), textsOf(groups));
    else if (kind === "leave") {
      receiver.left(
        node,
        String(pid),
        pairsOf(groups).map(([group, times]) => [String(group), Number(times)]),
      );
    } else if (kind === "cast" && values instanceof Uint8Array) {
      receiver.cast(textsOf(pids), { topic: String(topic), values, from: String(from) });
    }
  }
}

function textsOf(value: Value): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function pairsOf(value: Value): [Value, Value][] {
  return Array.isArray(value)
    ? value.filter((pair) => Array.isArray(pair)).map((pair) => [pair[0], pair[1]])
    : [];
}
