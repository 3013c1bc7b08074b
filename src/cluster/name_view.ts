/**
 * Names with one holder as this node knows them, without asking anybody: from the core when it is part of it, else from what the
 * leader tells.
 *
 * W1. A node outside the core is told everything when its link to a leader is up, then each change; when one could not be sent it is
 *     told everything again.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { Clock, NodeChannel, NodeChannelListener, TimerHandle } from "../ports/mod.ts";
import type { Consensus } from "./consensus.ts";
import type { ClusterMachine, NameHolder } from "./machine.ts";
import { fieldOf } from "./node_channels.ts";

/** What a view is made of. */
export interface NameViewOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly consensus: Consensus;
  readonly machine: ClusterMachine;
  readonly open: (listener: NodeChannelListener) => NodeChannel;
  /** A name has another holder, or none. */
  readonly changed: (name: string, holder: NameHolder | undefined) => void;
}

/** Time between two looks at who has to be told everything. */
const LOOK_MS = 500;

/** The names. */
export class NameView {
  readonly #options: NameViewOptions;
  readonly #channel: NodeChannel;
  /** What the leader told; unused inside the core. */
  readonly #told = new Map<string, NameHolder>();
  #toldTerm = 0;
  /** Nodes that have been told everything. */
  readonly #informed = new Set<string>();
  #timer: TimerHandle | undefined;

  constructor(options: NameViewOptions) {
    this.#options = options;
    options.machine.watcher = {
      changed: (name, holder) => this.#changed(name, holder),
      restored: () => {
        this.#informed.clear();
        for (const holder of options.machine.holders()) options.changed(holder.name, holder);
      },
    };
    this.#channel = options.open({
      up: () => {},
      down: (node) => {
        this.#informed.delete(node);
        if (!options.consensus.isMember && options.consensus.leader === node) options.consensus.told("");
      },
      receive: (node, message) => this.#receive(node, message),
    });
    options.consensus.listen({ led: () => this.#informed.clear() });
    this.#look();
  }

  /** Ends its timer. */
  close(): void {
    this.#timer?.cancel();
    this.#channel.close();
  }

  /** Who holds a name, active or not. */
  holder(name: string): NameHolder | undefined {
    const { consensus, machine } = this.#options;
    return consensus.isMember ? machine.holder(name) : this.#told.get(name);
  }

  #changed(name: string, holder: NameHolder | undefined): void {
    const { changed, consensus } = this.#options;
    changed(name, holder);
    if (consensus.role !== "leader") return;
    for (const node of [...this.#informed]) {
      const message = { term: consensus.raft!.term, name, holder: holder as unknown as Value };
      if (!this.#channel.send(node, message)) this.#informed.delete(node);
    }
  }

  /** A leader tells everything to those outside the core that have not been told. */
  #look(): void {
    const { clock, consensus, machine } = this.#options;
    this.#timer = clock.timer(LOOK_MS, () => this.#look(), { background: true });
    if (consensus.role !== "leader") return;
    const { term, config } = consensus.raft!;
    for (const node of this.#channel.peers()) {
      const isInside = config.voters.includes(node) || config.standbys.includes(node);
      if (isInside || this.#informed.has(node)) continue;
      const holders = machine.holders() as unknown as Value;
      if (this.#channel.send(node, { term, holders })) this.#informed.add(node);
    }
  }

  #receive(node: string, message: Value): void {
    const { changed, consensus } = this.#options;
    const term = fieldOf(message, "term");
    if (typeof term !== "number" || term < this.#toldTerm || consensus.isMember) return;
    this.#toldTerm = term;
    consensus.told(node);
    const holders = fieldOf(message, "holders");
    if (Array.isArray(holders)) {
      const gone = new Set(this.#told.keys());
      for (const holder of holders.map(holderOf)) {
        gone.delete(holder.name);
        this.#told.set(holder.name, holder);
        changed(holder.name, holder);
      }
      for (const name of gone) this.#set(name, undefined);
      return;
    }
    const holder = fieldOf(message, "holder");
    this.#set(
      String(fieldOf(message, "name")),
      holder === undefined || holder === null ? undefined : holderOf(holder),
    );
  }

  #set(name: string, holder: NameHolder | undefined): void {
    if (holder === undefined) this.#told.delete(name);
    else this.#told.set(name, holder);
    this.#options.changed(name, holder);
  }
}

function holderOf(value: Value): NameHolder {
  const holder = value as unknown as NameHolder;
  if (typeof holder?.name !== "string" || typeof holder.pid !== "string" || typeof holder.boot !== "number") {
    throw new Failure("Invalid", "malformed name holder of another node");
  }
  return holder;
}
