/**
 * Unix sockets, named pipes on Windows.
 */
import { chmodSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { relative } from "node:path";
import { Buffer } from "node:buffer";
import process from "node:process";
import { Failure } from "../core/mod.ts";
import type { LocalConnection, LocalHandlers, LocalListener, LocalSockets } from "../ports/mod.ts";

/** Only the owner may read and write. */
const SOCKET_MODE = 0o600;
const OTHERS_MASK = 0o177;
/** Longest path every system takes for a socket. */
const PATH_BYTES_MAX = 100;

/** The runtime's module, loaded when it is first used: that takes long. */
function net(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}

/** Local sockets of this machine. */
export class SystemSockets implements LocalSockets {
  listen(path: string, accept: (connection: LocalConnection) => LocalHandlers): Promise<LocalListener> {
    const open = new Set<Socket>();
    const server = net().createServer((socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      const connection = connectionOf(socket);
      attach(socket, connection, accept(connection));
    });
    const isFile = process.platform !== "win32";
    return new Promise((resolve, reject) => {
      server.once("error", (error) => reject(socketFailure(error, `can't listen on ${path}`)));
      server.once("listening", () => {
        if (isFile) chmodSync(path, SOCKET_MODE);
        resolve({
          close: () =>
            new Promise((closed) => {
              server.close(() => {
                if (isFile) rmSync(path, { force: true });
                closed();
              });
              for (const socket of open) socket.destroy();
            }),
        });
      });
      // The file must not be open to others for even a moment, hence the mask while it is made.
      const mask = isFile ? process.umask(OTHERS_MASK) : 0;
      server.listen(addressOf(path));
      if (isFile) process.umask(mask);
    });
  }

  connect(path: string, handlers: LocalHandlers): Promise<LocalConnection> {
    return new Promise((resolve, reject) => {
      const socket = net().connect(addressOf(path));
      const refuse = (error: Error): void => reject(socketFailure(error, `can't connect to ${path}`));
      socket.once("error", refuse);
      socket.once("connect", () => {
        socket.off("error", refuse);
        const connection = connectionOf(socket);
        attach(socket, connection, handlers);
        resolve(connection);
      });
    });
  }
}

/** What the system calls the socket: a pipe in a name space of its own on Windows, else the shorter of two paths. */
function addressOf(path: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\${path.replaceAll(/[\\/:]/g, "-")}`;
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path;
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

function connectionOf(socket: Socket): LocalConnection {
  return {
    write: (data) => {
      if (!socket.destroyed) socket.write(data);
    },
    end: () => {
      socket.end();
    },
  };
}

function attach(socket: Socket, connection: LocalConnection, handlers: LocalHandlers): void {
  socket.on("data", (data) => handlers.data(connection, data as Uint8Array));
  // What went wrong shows as the close that follows.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => handlers.closed(connection));
}

function socketFailure(error: Error, what: string): Failure {
  return new Failure("Unavailable", `${what}: ${error.message}`, { cause: error });
}
