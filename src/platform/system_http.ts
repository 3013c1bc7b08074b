/**
 * HTTP listening, on `Bun.serve` or `Deno.serve`.
 *
 * H1. A handler that throws answers 500 and never takes the listener down.
 */
import { Failure } from "../core/mod.ts";
import type {
  ConnectionInfo,
  HttpHandler,
  HttpListen,
  HttpListener,
  ListenOptions,
  TlsOptions,
  WebSocketHandlers,
  WebSocketPeer,
} from "../ports/mod.ts";
import { BUN, DENO, type DenoGlobal } from "./runtime_globals.ts";

type BunServer = Bun.Server<BunSocketData>;

interface BunSocketData {
  readonly handlers: WebSocketHandlers;
  peer: WebSocketPeer | undefined;
}

/** Longest idle time that Bun takes. */
const BUN_IDLE_SECONDS_MAX = 255;

/** Returned by a handler whose request became a WebSocket on Bun, which wants no response then. */
const UPGRADED = new Response(null);

/** All interfaces, IPv6 and IPv4 together, and IPv4 alone for machines without IPv6. */
const EVERY_INTERFACE = ["::", "0.0.0.0"] as const;

/** Servers of the runtime this program is on. */
export class SystemHttp implements HttpListen {
  listen(options: ListenOptions, handle: HttpHandler): HttpListener | Promise<HttpListener> {
    const wanted = options.tls?.clientAuthentication ?? "none";
    // Bun's server knows all or nothing; Deno's knows nothing of client certificates.
    const isNative = wanted === "none" ||
      (BUN !== undefined && (wanted === "request" || wanted === "require_and_verify"));
    if (isNative) return listenPlainly(options, handle);
    return import("./tls_front.ts").then(({ listenBehindTls }) =>
      listenBehindTls(options, handle, listenPlainly)
    );
  }

  fileBody(path: string, start: number, end: number): Blob | undefined {
    return BUN?.file(path).slice(start, end);
  }
}

function listenPlainly(options: ListenOptions, handle: HttpHandler): HttpListener {
  const listen = BUN !== undefined
    ? (hostname: string) => listenOnBun(BUN!, { ...options, hostname }, handle)
    : (hostname: string) => listenOnDeno(DENO!, { ...options, hostname }, handle);
  if (options.hostname !== "") return listen(options.hostname);
  try {
    return listen(EVERY_INTERFACE[0]);
  } catch (error) {
    if (error instanceof Failure && error.message.startsWith("address already in use")) {
      throw new Failure(error.kind, `address already in use: :${options.port}`, { cause: error.cause });
    }
    return listen(EVERY_INTERFACE[1]);
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
  // "EADDRNOTAVAIL: address not available, listen": the code and the call are for programmers.
  const reason = message.replace(/^E[A-Z]+: /, "").replace(/, listen$/, "");
  return new Failure("Unavailable", `can't listen on ${address}: ${reason}`, { cause: error });
}

const MAPPED_IPV4 = "::ffff:";

function hostPort(address: string, port: number): string {
  if (address.startsWith(MAPPED_IPV4)) return `${address.slice(MAPPED_IPV4.length)}:${port}`;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

// --- Bun ----------------------------------------------------------------------------------------------------------------

class BunConnection implements ConnectionInfo {
  readonly #server: BunServer;
  readonly #request: Request;
  readonly #idleSeconds: number;

  constructor(server: BunServer, request: Request, idleSeconds: number) {
    this.#server = server;
    this.#request = request;
    this.#idleSeconds = idleSeconds;
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

  setIdleLimit(enabled: boolean): void {
    if (this.#idleSeconds > 0) this.#server.timeout(this.#request, enabled ? this.#idleSeconds : 0);
  }
}

/** TLS settings of Bun. */
function bunTls(tls: TlsOptions | undefined): Bun.TLSOptions | undefined {
  if (tls === undefined) return undefined;
  const wanted = tls.clientAuthentication ?? "none";
  return {
    cert: tls.cert,
    key: tls.key,
    ca: tls.clientCa,
    requestCert: wanted !== "none",
    rejectUnauthorized: wanted === "require_and_verify",
  };
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

function listenOnBun(bun: typeof Bun, options: ListenOptions, handle: HttpHandler): HttpListener {
  const idleSeconds = Math.min(BUN_IDLE_SECONDS_MAX, Math.ceil((options.idleTimeoutMs ?? 0) / 1000));
  const tls = bunTls(options.tls);
  let server: BunServer;
  try {
    server = bun.serve<BunSocketData>({
      hostname: options.hostname,
      port: options.port,
      tls,
      idleTimeout: idleSeconds,
      maxRequestBodySize: options.bodyBytesMax ?? Number.MAX_SAFE_INTEGER,
      development: false,
      // Outside development Bun shares ports unless told not to.
      reusePort: false,
      fetch(request, served) {
        const connection = new BunConnection(served, request, idleSeconds);
        const response = handle(request, connection);
        if (!(response instanceof Promise)) return response === UPGRADED ? undefined as never : response;
        // The time the application takes is no idleness of the client.
        connection.setIdleLimit(false);
        return response.then((late) => {
          if (late === UPGRADED) return undefined as never;
          connection.setIdleLimit(true);
          return late;
        });
      },
      error: () => new Response("internal server error", { status: 500 }),
      websocket: {
        // Silence is the application's to judge; it has its own idle limits.
        idleTimeout: 0,
        open: (socket) => socket.data.handlers.open?.(bunPeer(socket)),
        message: (socket, data) => socket.data.handlers.message(bunPeer(socket), data),
        drain: (socket) => socket.data.handlers.drain?.(bunPeer(socket)),
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

/** The code of a close without one. */
const NO_STATUS = 1005;
/** From where on it is looked how much waits: this runtime does not tell when it gets less. */
const DRAIN_WATCHED_BYTES = 64 * 1024;
const DRAIN_LOOK_MS = 10;

/** Calls `drained` whenever less waits in a socket than before, until nothing does. */
class DrainWatch {
  readonly #socket: WebSocket;
  readonly #drained: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #waitingBytes = 0;

  constructor(socket: WebSocket, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
  }

  /** Something was sent. */
  sent(): void {
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount <= DRAIN_WATCHED_BYTES) return;
    this.#waitingBytes = Math.max(this.#waitingBytes, bufferedAmount);
    this.#timer ??= setInterval(() => this.#look(), DRAIN_LOOK_MS);
  }

  #look(): void {
    const { bufferedAmount } = this.#socket;
    const isLess = bufferedAmount < this.#waitingBytes;
    this.#waitingBytes = bufferedAmount;
    if (bufferedAmount === 0) this.stop();
    if (isLess) this.#drained();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waitingBytes = 0;
  }
}

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
    let own: { code: number; reason: string } | undefined;
    const peer: WebSocketPeer = {
      send: (data) => {
        if (socket.readyState !== WebSocket.OPEN) return;
        socket.send(data as string | Uint8Array<ArrayBuffer>);
        watch.sent();
      },
      close: (code, reason) => {
        own ??= { code: code ?? NO_STATUS, reason: reason ?? "" };
        socket.close(code, reason);
      },
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
    };
    const watch = new DrainWatch(socket, () => handlers.drain?.(peer));
    socket.onopen = () => handlers.open?.(peer);
    socket.onmessage = ({ data }) =>
      handlers.message(peer, typeof data === "string" ? data : new Uint8Array(data));
    // The runtime tells who closes himself that there was no status.
    socket.onclose = ({ code, reason }) => {
      watch.stop();
      const told = code === NO_STATUS && own !== undefined ? own : { code, reason };
      handlers.close(peer, told.code, told.reason);
    };
    return response;
  }

  /** This server has no idle limit of its own to turn off. */
  setIdleLimit(): void {}
}

function listenOnDeno(deno: DenoGlobal, options: ListenOptions, handle: HttpHandler): HttpListener {
  const { tls } = options;
  const abort = new AbortController();
  const pending = new PendingAnswers();
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
      (request, info) => pending.watch(handle(request, new DenoConnection(deno, request, info.remoteAddr))),
    );
  } catch (error) {
    throw listenFailure(error, options);
  }
  return {
    port: server.addr.port,
    close: (signal) =>
      untilAborted(server.shutdown(), signal, () => {
        pending.giveUp();
        abort.abort();
      }),
  };
}

/** Answers that handlers still owe. This server waits for them without end, so somebody has to give them. */
class PendingAnswers {
  readonly #owed = new Set<(response: Response) => void>();

  /** `response`, or 503 when it is given up before. */
  watch(response: Response | Promise<Response>): Response | Promise<Response> {
    if (!(response instanceof Promise)) return response;
    return new Promise((resolve, reject) => {
      this.#owed.add(resolve);
      response.then(resolve, reject).finally(() => this.#owed.delete(resolve));
    });
  }

  giveUp(): void {
    for (const resolve of this.#owed) resolve(new Response(null, { status: 503 }));
    this.#owed.clear();
  }
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
