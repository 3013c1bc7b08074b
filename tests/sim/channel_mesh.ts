/** Channels between the parts of several nodes on virtual time: links that come and go, and sends that are refused. */
import { SimulatedClock, SimulatedRandom } from "../../src/platform/simulated/mod.ts";
import type { NodeChannel, NodeChannelListener, Random } from "../../src/ports/mod.ts";
import { packMessage, unpackMessage } from "../../src/cluster/mod.ts";
import type { Value } from "../../src/core/mod.ts";

/** A mesh of nodes that each have one part. */
export class ChannelMesh {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly #listeners = new Map<string, NodeChannelListener>();
  /** Pairs that are linked, with the number of the link: what was sent on an earlier one never arrives. */
  readonly #links = new Map<string, number>();
  #numbers = 0;
  /** Share of sends that are refused. */
  refusals = 0.1;

  constructor(seed: number, count: number) {
    this.random = new SimulatedRandom(seed).stream("mesh");
    this.nodes = Array.from({ length: count }, (_, i) => `n${i + 1}`);
  }

  /** The channel of a node's part. */
  open(node: string, listener: NodeChannelListener): NodeChannel {
    this.#listeners.set(node, listener);
    return {
      peers: () => this.nodes.filter((other) => other !== node && this.#links.has(pairOf(node, other))),
      send: (to, message) => this.#send(node, to, message),
      close: () => void this.#listeners.delete(node),
    };
  }

  #send(from: string, to: string, message: Value): boolean {
    const link = this.#links.get(pairOf(from, to));
    if (link === undefined || this.random.float() < this.refusals) return false;
    const bytes = packMessage({ message });
    // In order: later ones take at least as long.
    const dueMs = Math.max(
      this.#dueMs.get(`${from}>${to}`) ?? 0,
      this.clock.elapsedMs + 1 + this.random.below(50),
    );
    this.#dueMs.set(`${from}>${to}`, dueMs);
    this.clock.timer(dueMs - this.clock.elapsedMs, () => {
      if (this.#links.get(pairOf(from, to)) !== link) return;
      this.#listeners.get(to)?.receive(from, unpackMessage(bytes)["message"]);
    });
    return true;
  }

  readonly #dueMs = new Map<string, number>();

  /** Links two nodes, or breaks their link. */
  toggle(a: string, b: string): void {
    const pair = pairOf(a, b);
    if (a === b) return;
    if (this.#links.delete(pair)) {
      this.#listeners.get(a)?.down(b);
      this.#listeners.get(b)?.down(a);
      return;
    }
    this.#links.set(pair, ++this.#numbers);
    this.#listeners.get(a)?.up(b);
    this.#listeners.get(b)?.up(a);
  }

  /** Links all, refuses nothing any more, and waits. */
  async heal(ms: number): Promise<void> {
    this.refusals = 0;
    for (const a of this.nodes) {
      for (const b of this.nodes) if (a < b && !this.#links.has(pairOf(a, b))) this.toggle(a, b);
    }
    await this.clock.advance(ms);
  }

  /** One of the nodes. */
  pick(): string {
    return this.nodes[this.random.below(this.nodes.length)]!;
  }
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
