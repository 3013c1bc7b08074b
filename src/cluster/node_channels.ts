/** Channels between the same parts of all nodes, over the mesh: each part talks to its twins and knows nothing of the others. */
import { isValueMap, type Value } from "../core/mod.ts";
import type { NodeChannel, NodeChannelListener } from "../ports/mod.ts";
import { Channel, type Mesh } from "./mesh.ts";
import { packMessage, unpackMessage } from "./wire.ts";

/** The channels of one node. */
export class NodeChannels {
  readonly #mesh: Mesh;
  readonly #listeners = new Map<string, NodeChannelListener>();

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    mesh.on(Channel.part, (node, body) => {
      const { part, message } = unpackMessage(body);
      this.#listeners.get(String(part))?.receive(node, message);
    });
    mesh.listen({
      up: (node) => this.#tell((listener) => listener.up(node)),
      down: (node) => this.#tell((listener) => listener.down(node)),
    });
  }

  #tell(tell: (listener: NodeChannelListener) => void): void {
    for (const listener of [...this.#listeners.values()]) tell(listener);
  }

  /** Opens the channel of a part; `up` is told at once for nodes that are linked. */
  open(part: string, listener: NodeChannelListener): NodeChannel {
    if (this.#listeners.has(part)) throw new Error(`two parts are called ${part}`);
    this.#listeners.set(part, listener);
    for (const node of this.#mesh.linked()) listener.up(node);
    return {
      peers: () => this.#mesh.linked(),
      send: (node, message) => this.#mesh.offer(node, Channel.part, packMessage({ part, message })),
      close: () => void this.#listeners.delete(part),
    };
  }
}

/** A field of a message that is plain data. */
export function fieldOf(message: Value, name: string): Value {
  return isValueMap(message) ? message[name] : undefined;
}
