/**
 * HTTP and WebSockets without sockets: servers of one simulation, reached through `fetch` and `connect`.
 *
 * W1. A request goes through the same handler as a real one.
 * W2. Frames arrive in order, each in a callback of its own on the simulation's clock; `close` comes once to either side.
 */
import { Failure } from "../../core/mod.ts";
import type {
  Clock,
  ConnectionInfo,
  HttpListen,
  HttpListener,
  ListenOptions,
  WebSocketHandlers,
  WebSocketPeer,
} from "../../ports/mod.ts";

type Handler = (request: Request, connection: ConnectionInfo) => Response | Promise<Response>;

interface Server {
  readonly handle: Handler;
  readonly open: Set<Promise<unknown>>;
}

const FIRST_FREE_PORT = 49_152;
const CLIENT_ADDRESS = "127.0.0.1:40000";
const NORMAL_CLOSURE = 1000;

/** Everything that listens in a simulation, by port. */
export class SimulatedNetwork implements HttpListen {
  readonly #clock: Clock;
  readonly #servers = new Map<number, Server>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(options: ListenOptions, handle: Handler): HttpListener {
    let port = options.port;
    if (port === 0) { for (port = FIRST_FREE_PORT; this.#servers.has(port);) port += 1; }
    if (this.#servers.has(port)) {
      throw new Failure("Unavailable", `address already in use: ${options.hostname}:${port}`);
    }
    const server: Server = { handle, open: new Set() };
    this.#servers.set(port, server);
    return { port, close: (signal) => this.#close(port, server, signal) };
  }

  /** Sends a request to the server on the port of its URL; Unavailable when nothing listens there. */
  fetch(request: Request, remoteAddress = CLIENT_ADDRESS): Promise<Response> {
    return this.#exchange(request, {
      remoteAddress,
      upgrade: () => undefined,
      setIdleLimit: () => undefined,
    });
  }

  /** Opens a WebSocket to the server on the port of the URL; Unavailable when it is refused. */
  async connect(
    request: Request,
    client: WebSocketHandlers,
    remoteAddress = CLIENT_ADDRESS,
  ): Promise<WebSocketPeer> {
    let accepted: { response: Response; peer: SimulatedSocket } | undefined;
    const response = await this.#exchange(request, {
      remoteAddress,
      upgrade: (server) => {
        const [peer, other] = SimulatedSocket.pair(this.#clock, client, server);
        accepted = { response: new Response(null), peer };
        this.#clock.soon(() => {
          server.open?.(other);
          client.open?.(peer);
        });
        return accepted.response;
      },
      setIdleLimit: () => undefined,
    });
    if (accepted === undefined || accepted.response !== response) {
      throw new Failure("Unavailable", `the server answered ${response.status} instead of a WebSocket`);
    }
    return accepted.peer;
  }

  async #exchange(request: Request, connection: ConnectionInfo): Promise<Response> {
    const url = new URL(request.url);
    const port = url.port === "" ? url.protocol === "https:" ? 443 : 80 : Number(url.port);
    const server = this.#servers.get(port);
    if (server === undefined) {
      throw new Failure("Unavailable", `connection refused: ${url.host}`, { retryable: true });
    }
    const answer = Promise.resolve(server.handle(request, connection));
    server.open.add(answer);
    try {
      return await answer;
    } finally {
      server.open.delete(answer);
    }
  }

  async #close(port: number, server: Server, signal: AbortSignal): Promise<void> {
    if (this.#servers.get(port) === server) this.#servers.delete(port);
    if (server.open.size === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const abort = (): void => resolve();
    signal.addEventListener("abort", abort, { once: true });
    await Promise.race([Promise.allSettled(server.open), promise]);
    signal.removeEventListener("abort", abort);
  }
}

/** One end of a WebSocket. */
class SimulatedSocket implements WebSocketPeer {
  readonly #clock: Clock;
  readonly #handlers: WebSocketHandlers;
  #other: SimulatedSocket | undefined;
  #bufferedBytes = 0;
  #open = true;

  private constructor(clock: Clock, handlers: WebSocketHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
  }

  static pair(
    clock: Clock,
    client: WebSocketHandlers,
    server: WebSocketHandlers,
  ): [SimulatedSocket, SimulatedSocket] {
    const a = new SimulatedSocket(clock, client);
    const b = new SimulatedSocket(clock, server);
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  send(data: string | Uint8Array): void {
    if (!this.#open) return;
    const frame = typeof data === "string" ? data : data.slice();
    this.#bufferedBytes += data.length;
    this.#clock.soon(() => {
      this.#bufferedBytes -= data.length;
      const other = this.#other!;
      if (other.#open) other.#handlers.message(other, frame);
      if (this.#open) this.#handlers.drain?.(this);
    });
  }

  close(code = NORMAL_CLOSURE, reason = ""): void {
    if (!this.#open) return;
    this.#open = false;
    // After the frames that are on their way.
    this.#clock.soon(() => {
      const other = this.#other!;
      if (other.#open) {
        other.#open = false;
        other.#handlers.close(other, code, reason);
      }
      this.#handlers.close(this, code, reason);
    });
  }
}
