/** Streams and datagrams between nodes: TCP and UDP. */
import type { Socket } from "node:net";
import process from "node:process";
import { Failure } from "../core/mod.ts";
import type {
  Datagrams,
  NodeAddress,
  NodeListener,
  NodeNetwork,
  NodeStream,
  NodeStreamHandlers,
} from "../ports/mod.ts";

/** The runtime's modules, loaded when they are first used: that takes long. */
function net(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}

function unavailable(error: Error, what: string): Failure {
  return new Failure("Unavailable", `${what}: ${error.message}`, { retryable: true, cause: error });
}

function streamOf(socket: Socket): NodeStream {
  socket.setNoDelay(true);
  return {
    write: (data) => {
      if (!socket.destroyed) socket.write(data);
    },
    get queuedBytes() {
      return socket.writableLength;
    },
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

function attach(socket: Socket, handlers: NodeStreamHandlers): void {
  socket.on("data", (data) => handlers.data(data as Uint8Array));
  // What went wrong shows as the close that follows.
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("close", () => handlers.closed());
}

function listen(
  { host, port }: NodeAddress,
  accept: (stream: NodeStream) => NodeStreamHandlers,
): Promise<NodeListener> {
  const open = new Set<Socket>();
  const server = net().createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    attach(socket, accept(streamOf(socket)));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(unavailable(error, `can't listen on ${host}:${port}`)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
}

function connect(
  { host, port }: NodeAddress,
  handlers: NodeStreamHandlers,
  timeoutMs: number,
): Promise<NodeStream> {
  return new Promise((resolve, reject) => {
    const socket = net().connect(port, host);
    const what = `can't connect to ${host}:${port}`;
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer in time")));
    const refuse = (error: Error): void => reject(unavailable(error, what));
    socket.once("error", refuse);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", refuse);
      attach(socket, handlers);
      resolve(streamOf(socket));
    });
  });
}

function openDatagrams(
  { host, port }: NodeAddress,
  receive: (data: Uint8Array) => void,
): Promise<Datagrams> {
  const { createSocket } = process.getBuiltinModule("node:dgram");
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => reject(unavailable(error, `can't listen on ${host}:${port}`));
    socket.once("error", refuse);
    socket.on("message", (data) => receive(data));
    socket.bind(port, host, () => {
      socket.off("error", refuse);
      // A datagram that can't be sent is a lost one.
      socket.on("error", () => {});
      let isOpen = true;
      resolve({
        port: socket.address().port,
        send: (address, data) => {
          if (!isOpen) return;
          try {
            socket.send(data, address.port, address.host, () => {});
          } catch {
            // An address that can't be one, as another node may have told it: that datagram is lost, too.
            return;
          }
        },
        close: () => {
          isOpen = false;
          return new Promise((closed) => socket.close(() => closed()));
        },
      });
    });
  });
}

function machineAddress(): string {
  const { networkInterfaces } = process.getBuiltinModule("node:os");
  for (const addresses of Object.values(networkInterfaces())) {
    const found = addresses?.find(({ family, internal }) => family === "IPv4" && !internal);
    if (found !== undefined) return found.address;
  }
  return "127.0.0.1";
}

/** The network of this machine. */
export const systemNodeNetwork: NodeNetwork = { listen, connect, openDatagrams, machineAddress };
