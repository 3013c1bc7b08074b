/** Connections through overlays: by SOCKS5 proxies, and by bridges of I2P. */
import type { Socket } from "node:net";
import { Failure } from "../core/mod.ts";
import type { NetworkProxy, SocksProxy } from "../ports/mod.ts";
import { connectBySam } from "./sam_connection.ts";

/** Longest that a proxy may take, also one that nobody waits for any more. */
const PROXY_TIMEOUT_MS = 120_000;

/** A connection to `host`, which the proxy looks up. Fails with Unavailable, naming the proxy. */
export async function connectThrough(
  proxy: NetworkProxy,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  return "session" in proxy
    ? await connectBySam(proxy, host, signal)
    : await connectBySocks(proxy, host, port, signal);
}

async function connectBySocks(
  proxy: SocksProxy,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const { SocksClient } = await import("socks");
  signal.throwIfAborted();
  const connecting = SocksClient.createConnection({
    command: "connect",
    proxy: { host: proxy.host, port: proxy.port, type: 5, userId: proxy.username, password: proxy.password },
    destination: { host, port },
    timeout: PROXY_TIMEOUT_MS,
  }).catch((error: Error) => {
    throw new Failure("Unavailable", `socks5 proxy ${proxy.host}:${proxy.port}: ${error.message}`, {
      retryable: true,
      cause: error,
    });
  });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    reject(signal.reason);
    connecting.then(({ socket }) => socket.destroy(), () => undefined);
  };
  signal.addEventListener("abort", abort);
  try {
    return (await Promise.race([connecting, aborted])).socket;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
