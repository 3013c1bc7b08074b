/**
 * HTTP listening, on `Bun.serve` or `Deno.serve`.
 *
 * H1. A handler that throws answers 500 and never takes the listener down.
 */
import { Failure } from "../core/mod.ts";
import type {
  ConnectionInfo,
  HttpListen,
  HttpListener,
  ListenOptions,
  WebSocketHandlers,
  WebSocketPeer,
} from "../ports/mod.ts";
import { BUN, DENO, type DenoGlobal } from "./runtime_globals.ts";

type Handle = Parameters<HttpListen["listen"]>[1];
type BunServer = Bun.Server<BunSocketData>;

interface BunSocketData {
  readonly handlers: WebSocketHandlers;
  peer: WebSocketPeer | undefined;
}

/** Longest idle time that Bun takes. */
const BUN_IDLE_SECONDS_MAX = 255;

/** Returned by a handler whose request became a WebSocket on Bun, which wants no response then. */
const UPGRADED = new Response(null);

/** Servers of the runtime this program is on. */
export class SystemHttp implements HttpListen {
  listen(options: ListenOptions, handle: Handle): HttpListener {
    if (BUN !== undefined) return listenOnBun(BUN, options, handle);
    if (DENO !== undefined) return listenOnDeno(DENO, options, handle);
    throw new Failure("Unavailable", "this runtime has no HTTP server");
  }
}

function addressText(options: ListenOptions): string {
  return options.hostname.includes(":")
    ? `[${options.hostname}]:${options.port}`
    : `${options.hostname}:${options.port}`;
}

function listenFailure(error: unknown, options: ListenOptions): Failure {
  const address = addressText(options);
  const code = (error as { code?: string }).code ?? "";
  const inUse = code === "EADDRINUSE" || (DENO !== undefined && error instanceof DENO.errors.AddrInUse);
  if (inUse) return new Failure("Unavailable", `address already in use: ${address}`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("Unavailable", `can't listen on ${address}: ${message}`, { cause: error });
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

// --- Bun ----------------------------------------------------------------------------------------------------------------

class BunConnection implements ConnectionInfo {
  readonly #server: BunServer;
  readonly #request: Request;

  constructor(server: BunServer, request: Request) {
    this.#server = server;
    this.#request = request;
  }

  get remoteAddress(): string {
    const address = this.#server.requestIP(this.#request);
    return address === null ? "" : hostPort(address.address, address.port);
  }

  upgrade(handlers: WebSocketHandlers, options: { protocol?: string } = {}): Response | undefined {
    const headers = options.protocol === undefined
      ? undefined
      : { "sec-websocket-protocol": options.protocol };
    const data: BunSocketData = { handlers, peer: undefined };
    return this.#server.upgrade(this.#request, { headers, data }) ? UPGRADED : undefined;
  }
}

function bunPeer(socket: Bun.ServerWebSocket<BunSocketData>): WebSocketPeer {
  return socket.data.peer ??= {
    send: (data) => {
      socket.send(data as string | Uint8Array<ArrayBuffer>);
    },
    close: (code, reason) => socket.close(code, reason),
    get bufferedBytes() {
      return socket.getBufferedAmount();
    },
  };
}

function listenOnBun(bun: typeof Bun, options: ListenOptions, handle: Handle): HttpListener {
  const idle = options.idleTimeoutMs ?? 0;
  let server: BunServer;
  try {
    server = bun.serve<BunSocketData>({
      hostname: options.hostname,
      port: options.port,
      tls: options.tls === undefined ? undefined : { ...options.tls },
      idleTimeout: Math.min(BUN_IDLE_SECONDS_MAX, Math.ceil(idle / 1000)),
      maxRequestBodySize: options.bodyBytesMax ?? Number.MAX_SAFE_INTEGER,
      development: false,
      fetch(request, served) {
        const response = handle(request, new BunConnection(served, request));
        if (!(response instanceof Promise)) return response === UPGRADED ? undefined as never : response;
        return response.then((late) => late === UPGRADED ? undefined as never : late);
      },
      error: () => new Response("internal server error", { status: 500 }),
      websocket: {
        // Silence is the application's to judge; it has its own idle limits.
        idleTimeout: 0,
        open: (socket) => socket.data.handlers.open?.(bunPeer(socket)),
        message: (socket, data) => socket.data.handlers.message(bunPeer(socket), data),
        close: (socket, code, reason) => socket.data.handlers.close(bunPeer(socket), code, reason),
      },
    });
  } catch (error) {
    throw listenFailure(error, options);
  }
  return {
    port: server.port!,
    async close(signal) {
      const stopped = server.stop(false);
      await untilAborted(stopped, signal, () => server.stop(true));
    },
  };
}

// --- Deno ---------------------------------------------------------------------------------------------------------------

class DenoConnection implements ConnectionInfo {
  readonly #deno: DenoGlobal;
  readonly #request: Request;
  readonly #address: { hostname: string; port: number };

  constructor(deno: DenoGlobal, request: Request, address: { hostname: string; port: number }) {
    this.#deno = deno;
    this.#request = request;
    this.#address = address;
  }

  get remoteAddress(): string {
    return hostPort(this.#address.hostname, this.#address.port);
  }

  upgrade(handlers: WebSocketHandlers, options: { protocol?: string } = {}): Response | undefined {
    if (this.#request.headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
    const { response, socket } = this.#deno.upgradeWebSocket(this.#request, { ...options, idleTimeout: 0 });
    socket.binaryType = "arraybuffer";
    const peer: WebSocketPeer = {
      send: (data) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(data as string | Uint8Array<ArrayBuffer>);
      },
      close: (code, reason) => socket.close(code, reason),
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    };
    socket.onopen = () => handlers.open?.(peer);
    socket.onmessage = ({ data }) =>
      handlers.message(peer, typeof data === "string" ? data : new Uint8Array(data));
    socket.onclose = ({ code, reason }) => handlers.close(peer, code, reason);
    return response;
  }
}

function listenOnDeno(deno: DenoGlobal, options: ListenOptions, handle: Handle): HttpListener {
  const { tls } = options;
  if (tls?.requestCert) {
    throw new Failure("Unavailable", "client certificates are not supported on this runtime");
  }
  // The runtime's own signal has no end that leaves streams alone, so connections are counted by it and cut by abort.
  const abort = new AbortController();
  let server: ReturnType<DenoGlobal["serve"]>;
  try {
    server = deno.serve(
      {
        hostname: options.hostname,
        port: options.port,
        cert: tls?.cert,
        key: tls?.key,
        signal: abort.signal,
        automaticCompression: false,
        onListen: () => undefined,
        onError: () => new Response("internal server error", { status: 500 }),
      },
      (request, info) => handle(request, new DenoConnection(deno, request, info.remoteAddr)),
    );
  } catch (error) {
    throw listenFailure(error, options);
  }
  return {
    port: server.addr.port,
    close: (signal) => untilAborted(server.shutdown(), signal, () => abort.abort()),
  };
}

/** Waits for `done`; when `signal` aborts first, `force` is called and nothing is waited for any longer. */
function untilAborted(done: Promise<void>, signal: AbortSignal, force: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      force();
      resolve();
    };
    done.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, reject);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}
