/**
 * TLS with checks of client certificates that the runtime's own server can't make: a front that decrypts, judges the
 * certificate and passes the bytes on to a plain server on the loopback interface.
 *
 * F1. The plain server answers connections of the front only: others know none of its ports.
 */
import type { Socket } from "node:net";
import process from "node:process";
import type { Server, TLSSocket } from "node:tls";
import { Failure } from "../core/mod.ts";
import type { ConnectionInfo, HttpHandler, HttpListener, ListenOptions, TlsOptions } from "../ports/mod.ts";

const LOOPBACK = "127.0.0.1";

/** Listens with TLS in front of what `listenPlainly` starts. */
export async function listenBehindTls(
  options: ListenOptions,
  handle: HttpHandler,
  listenPlainly: (options: ListenOptions, handle: HttpHandler) => HttpListener,
): Promise<HttpListener> {
  const tls = options.tls!;
  /** Address of the client by the front's own port towards the plain server. */
  const clients = new Map<string, string>();
  const plain = listenPlainly(
    { ...options, hostname: LOOPBACK, port: 0, tls: undefined },
    (request, connection) => {
      const client = clients.get(connection.remoteAddress);
      if (client === undefined) return new Response("forbidden", { status: 403 });
      return handle(request, new FrontedConnection(connection, client));
    },
  );
  const open = new Set<Socket>();
  const server = process.getBuiltinModule("node:tls").createServer(
    {
      cert: tls.cert,
      key: tls.key,
      ca: tls.clientCa,
      requestCert: true,
      rejectUnauthorized: tls.clientAuthentication === "require_and_verify",
    },
    (socket) => {
      if (!isWelcome(socket, tls)) {
        socket.destroy();
        return;
      }
      const inner = process.getBuiltinModule("node:net").connect(plain.port, LOOPBACK, () => {
        const key = `${LOOPBACK}:${inner.localPort}`;
        clients.set(key, `${socket.remoteAddress}:${socket.remotePort}`);
        inner.on("close", () => clients.delete(key));
        socket.pipe(inner).pipe(socket);
      });
      join(socket, inner, open);
    },
  );
  // A handshake that fails is the client's affair.
  server.on("tlsClientError", () => undefined);
  try {
    await started(server, options);
  } catch (error) {
    await plain.close(AbortSignal.abort());
    throw error;
  }
  return {
    port: (server.address() as { port: number }).port,
    async close(signal) {
      server.close();
      await plain.close(signal);
      for (const socket of open) socket.destroy();
    },
  };
}

function isWelcome(socket: TLSSocket, tls: TlsOptions): boolean {
  const certificate = socket.getPeerCertificate() as { subject?: unknown } | null;
  const isGiven = certificate !== null && certificate !== undefined && certificate.subject !== undefined;
  switch (tls.clientAuthentication) {
    case "require_any":
      return isGiven;
    case "verify_if_given":
      return !isGiven || socket.authorized;
    case "require_and_verify":
      return socket.authorized;
    default:
      return true;
  }
}

/** Ties two sockets together: neither outlives the other. */
function join(outer: Socket, inner: Socket, open: Set<Socket>): void {
  for (const [one, other] of [[outer, inner], [inner, outer]] as const) {
    open.add(one);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      open.delete(one);
      // Not destroyed: what came last may still have to be written.
      other.end();
    });
  }
}

function started(server: Server, options: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const address = `${options.hostname}:${options.port}`;
  server.once("error", (error: Error & { code?: string }) => {
    const message = error.code === "EADDRINUSE"
      ? `address already in use: ${address}`
      : `can't listen on ${address}: ${error.message}`;
    reject(new Failure("Unavailable", message, { cause: error }));
  });
  server.listen(
    { port: options.port, host: options.hostname === "" ? undefined : options.hostname },
    resolve,
  );
  return promise;
}

/** A connection whose client stands behind the front. */
class FrontedConnection implements ConnectionInfo {
  readonly remoteAddress: string;
  readonly #inner: ConnectionInfo;

  constructor(inner: ConnectionInfo, remoteAddress: string) {
    this.#inner = inner;
    this.remoteAddress = remoteAddress;
  }

  upgrade(...given: Parameters<ConnectionInfo["upgrade"]>): Response | undefined {
    return this.#inner.upgrade(...given);
  }

  setIdleLimit(enabled: boolean): void {
    this.#inner.setIdleLimit(enabled);
  }
}
