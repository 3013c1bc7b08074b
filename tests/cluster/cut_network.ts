/** The network of one node, which can be cut: nothing gets in or out then, and nobody is told, until streams break. */
import { Failure } from "../../src/core/mod.ts";
import type { NodeNetwork, NodeStream, NodeStreamHandlers } from "../../src/ports/mod.ts";

/** A network that can be cut and mended. */
export class CutNetwork implements NodeNetwork {
  readonly #real: NodeNetwork;
  readonly #streams = new Set<NodeStream>();
  #isCut = false;

  constructor(real: NodeNetwork) {
    this.#real = real;
  }

  /** Cuts it: streams break, and no others come up. */
  cut(): void {
    this.#isCut = true;
    for (const stream of this.#streams) stream.destroy();
  }

  /** Mends it. */
  mend(): void {
    this.#isCut = false;
  }

  listen(...[address, accept]: Parameters<NodeNetwork["listen"]>): ReturnType<NodeNetwork["listen"]> {
    return this.#real.listen(address, (stream) => {
      const handlers = accept(stream);
      if (this.#isCut) stream.destroy();
      return this.#watched(handlers, stream);
    });
  }

  async connect(...[address, handlers, timeoutMs]: Parameters<NodeNetwork["connect"]>): Promise<NodeStream> {
    if (this.#isCut) throw new Failure("Unavailable", "the network is cut", { retryable: true });
    const watched = this.#watched(handlers);
    const stream = await this.#real.connect(address, watched, timeoutMs);
    watched.belongsTo(stream);
    if (this.#isCut) stream.destroy();
    return stream;
  }

  #watched(
    handlers: NodeStreamHandlers,
    known?: NodeStream,
  ): NodeStreamHandlers & { belongsTo(stream: NodeStream): void } {
    let own = known;
    if (known !== undefined) this.#streams.add(known);
    return {
      belongsTo: (stream) => void this.#streams.add(own = stream),
      data: (data) => this.#isCut || handlers.data(data),
      closed: () => {
        if (own !== undefined) this.#streams.delete(own);
        handlers.closed();
      },
    };
  }

  async openDatagrams(
    ...[address, receive]: Parameters<NodeNetwork["openDatagrams"]>
  ): ReturnType<NodeNetwork["openDatagrams"]> {
    const datagrams = await this.#real.openDatagrams(address, (data) => this.#isCut || receive(data));
    return {
      port: datagrams.port,
      send: (to, data) => this.#isCut || datagrams.send(to, data),
      close: () => datagrams.close(),
    };
  }

  machineAddress(): string {
    return this.#real.machineAddress();
  }
}
