/** WebSocket connections through `ws`, which Bun replaces with its own under its usual name: hence the alias. */
import type { ClientOptions, WebSocket } from "ws-client";
import { Failure } from "../core/mod.ts";
import type { WebSocketClientPeer, WebSocketDial, WebSocketDialOptions } from "../ports/mod.ts";
import { connectThrough } from "./socks_connection.ts";

/** The client both runtimes share. */
export const systemWebSockets: WebSocketDial = { dial };

async function dial(options: WebSocketDialOptions): Promise<WebSocketClientPeer> {
  const { WebSocket } = await import("ws-client");
  const { signal, url } = options;
  signal.throwIfAborted();
  const socket = new WebSocket(url, [...options.protocols], {
    headers: headerRecord(options),
    perMessageDeflate: deflateOptions(options),
    maxPayload: options.messageBytesMax,
    ...await proxyOptions(options),
  });
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketClientPeer>();
  const abort = (): void => {
    socket.terminate();
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", abort, { once: true });
  let isOpen = false;
  socket.on("open", () => {
    isOpen = true;
    signal.removeEventListener("abort", abort);
    resolve(peerOf(socket));
  });
  socket.on("message", (data, isBinary) => {
    options.heard?.();
    options.message(data as Uint8Array, !isBinary);
  });
  socket.on("ping", () => options.heard?.());
  socket.on("pong", () => options.heard?.());
  socket.on("error", (error: Error & { code?: string }) => {
    signal.removeEventListener("abort", abort);
    const message = error.code === "ECONNREFUSED" ? "connection refused" : error.message;
    // Once it is open, `close` follows and tells.
    reject(
      error instanceof Failure
        ? error
        : new Failure("Unavailable", message, { retryable: true, cause: error }),
    );
  });
  socket.on("close", (code, reason) => {
    if (isOpen) options.closed(code, reason.toString());
  });
  return await promise;
}

function headerRecord({ headers }: WebSocketDialOptions): Record<string, string> {
  return Object.fromEntries(headers);
}

function deflateOptions(
  { compression, compressionThresholdBytes }: WebSocketDialOptions,
): ClientOptions["perMessageDeflate"] {
  if (compression === "none") return false;
  const isForgetting = compression === "message";
  return {
    threshold: compressionThresholdBytes,
    clientNoContextTakeover: isForgetting,
    serverNoContextTakeover: isForgetting,
  };
}

async function proxyOptions({ proxy, url, signal }: WebSocketDialOptions): Promise<ClientOptions> {
  if (proxy === undefined) return {};
  const isSecure = url.protocol === "wss:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = await connectThrough(
    proxy,
    host,
    url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    signal,
  );
  if (!isSecure) return { createConnection: () => socket };
  const [{ connect }, { isIP }] = await Promise.all([import("node:tls"), import("node:net")]);
  const isAddress = isIP(host) !== 0;
  return { createConnection: () => connect({ socket, ...isAddress ? {} : { servername: host } }) };
}

/** Settles when the system has taken a frame. */
function taken(write: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) =>
    write((error) => {
      if (error === undefined || error === null) return resolve();
      reject(new Failure("Unavailable", error.message, { retryable: true, cause: error }));
    })
  );
}

function peerOf(socket: WebSocket): WebSocketClientPeer {
  return {
    send: (data, isText) => taken((done) => socket.send(data, { binary: !isText }, done)),
    ping: () => taken((done) => socket.ping(undefined, undefined, done)),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  };
}
