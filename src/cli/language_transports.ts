/**
 * How editors reach the language server: standard input and output, TCP, HTTP.
 */
import { createServer, type Socket } from "node:net";
import process from "node:process";
import { parseAddress } from "../app/mod.ts";
import { Failure } from "../core/mod.ts";
import type { ByteChannel, LanguageServers } from "../lsp/mod.ts";
import type { Ports } from "../ports/mod.ts";

/** Something that listens. */
export interface Listening {
  /** `host:port` as it came out. */
  readonly address: string;
  /** Stops listening and lets those go that are connected; `signal` ends what takes too long. */
  close(signal: AbortSignal): Promise<void>;
}

/** Standard input and output. */
export function standardChannel(): ByteChannel {
  return {
    onData: (listener) => void process.stdin.on("data", listener),
    onClose: (listener) => {
      process.stdin.on("end", listener);
      process.stdin.on("close", listener);
      process.stdout.on("error", listener);
    },
    write: (bytes) => void process.stdout.write(bytes),
    close: () => {},
  };
}

/** A client's socket. */
function socketChannel(socket: Socket): ByteChannel {
  return {
    onData: (listener) => void socket.on("data", (data) => listener(data as Uint8Array)),
    onClose: (listener) => {
      socket.on("close", listener);
      // What went wrong shows as the close that follows.
      socket.on("error", () => socket.destroy());
    },
    write: (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    },
    close: () => void socket.end(),
  };
}

/** Accepts clients over TCP. Fails with Unavailable when the address can't be had. */
export function listenTcp(servers: LanguageServers, address: string, setting: string): Promise<Listening> {
  const { hostname, port } = parseAddress(address, setting);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    void servers.serve(socketChannel(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const reason = (error as { code?: string }).code === "EADDRINUSE"
        ? "address already in use"
        : error.message;
      reject(new Failure("Unavailable", `${setting}: ${reason}: ${address}`, { cause: error }));
    });
    server.listen(port, ...hostname === "" ? [] : [hostname], () => {
      const bound = server.address();
      const actual = typeof bound === "object" && bound !== null ? bound.port : port;
      resolve({
        address: `${hostname}:${actual}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
}

/** Where and how HTTP is spoken. */
export interface HttpPlace {
  readonly address: string;
  readonly path: string;
  readonly allowOrigin: string;
  readonly messageBytesMax: number;
}

/** Accepts posted messages. */
export async function listenHttp(
  servers: LanguageServers,
  { http }: Pick<Ports, "http">,
  place: HttpPlace,
  setting: string,
): Promise<Listening> {
  const { hostname, port } = parseAddress(place.address, setting);
  const transport = servers.serveHttp(place);
  const listener = await http.listen(
    // Past the limit by as much as makes the refusal ours, which says how much is read.
    { hostname, port, bodyBytesMax: place.messageBytesMax + 1024 },
    (request) => transport.handle(request),
  );
  return {
    address: `${hostname}:${listener.port}`,
    async close(signal) {
      transport.close();
      await listener.close(signal);
    },
  };
}
