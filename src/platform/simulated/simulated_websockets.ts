/** WebSocket connections to the servers of a simulation. */
import type { WebSocketClientPeer, WebSocketDial, WebSocketDialOptions } from "../../ports/mod.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";

const ABNORMAL_CLOSURE = 1006;
const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();

/** The client of one simulated network. What arrives while it is paused waits. */
export class SimulatedWebSockets implements WebSocketDial {
  readonly #network: SimulatedNetwork;

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  async dial(options: WebSocketDialOptions): Promise<WebSocketClientPeer> {
    options.signal.throwIfAborted();
    let isPaused = false;
    let waiting: (() => void)[] = [];
    const deliver = (run: () => void): void => void (isPaused ? waiting.push(run) : run());
    const url = new URL(options.url);
    url.protocol = url.protocol === "wss:" ? "https:" : "http:";
    const headers = options.headers.map(([name, value]): [string, string] => [name, value]);
    const socket = await this.#network.connect(new Request(url, { headers }), {
      message: (_socket, data) =>
        deliver(() => {
          options.heard?.();
          const isText = typeof data === "string";
          options.message(isText ? ENCODER.encode(data) : data, isText);
        }),
      close: (_socket, code, reason) => deliver(() => options.closed(code, reason)),
    });
    const resume = (): void => {
      isPaused = false;
      const due = waiting;
      waiting = [];
      for (const run of due) deliver(run);
    };
    return {
      send: (data, isText) => {
        socket.send(isText ? DECODER.decode(data) : data);
        return Promise.resolve();
      },
      ping: () => Promise.resolve(),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.close(ABNORMAL_CLOSURE, ""),
      pause: () => {
        isPaused = true;
      },
      resume,
    };
  }
}
