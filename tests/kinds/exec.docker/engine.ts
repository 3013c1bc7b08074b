/**
 * A Docker engine for tests: the part of its API that commands use, over a unix socket. Containers are functions here.
 */
import { createServer, type Server, type Socket } from "node:net";

/** What a container was made of, and what happened to it. */
export interface Container {
  readonly id: string;
  readonly config: Record<string, unknown> & {
    Image: string;
    Cmd: string[];
    HostConfig: Record<string, unknown>;
  };
  readonly kills: number[];
  attached: Socket | undefined;
  input: string;
  isStarted: boolean;
  isRemoved: boolean;
  exit: number | undefined;
  waiting: ((code: number) => void)[];
}

/** A frame as the engine sends it. */
function frame(stream: 1 | 2, text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const all = new Uint8Array(8 + bytes.length);
  all[0] = stream;
  new DataView(all.buffer).setUint32(4, bytes.length);
  all.set(bytes, 8);
  return all;
}

function answer(socket: Socket, status: number, body?: unknown, chunked = false): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  const head = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n`;
  if (!chunked) return void socket.end(`${head}Content-Length: ${text.length}\r\n\r\n${text}`);
  const half = text.length >> 1;
  const parts = [text.slice(0, half), text.slice(half)].filter((part) => part !== "");
  socket.end(
    `${head}Transfer-Encoding: chunked\r\n\r\n${
      parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("")
    }0\r\n\r\n`,
  );
}

/** The engine. */
export class Engine {
  readonly containers: Container[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      this.#serve(socket);
    });
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve) => this.#server.listen(path, () => resolve()));
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    let seen = Buffer.alloc(0);
    const take = (data: Buffer): void => {
      seen = Buffer.concat([seen, data]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = seen.subarray(0, end).toString();
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (seen.length < end + 4 + length) return;
      socket.off("data", take);
      const [method, path] = head.split(" ") as [string, string];
      this.#answer(socket, `${method} ${path}`, seen.subarray(end + 4, end + 4 + length).toString());
    };
    socket.on("data", take);
  }

  #answer(socket: Socket, request: string, body: string): void {
    const create = /^POST \/containers\/create/.test(request);
    if (create) return this.#create(socket, JSON.parse(body));
    const id = /\/containers\/(\w+)/.exec(request)?.[1];
    const container = this.containers.find((one) => one.id === id);
    if (container === undefined) return answer(socket, 404, { message: `No such container: ${id}` });
    if (/^DELETE /.test(request)) {
      container.isRemoved = true;
      return answer(socket, 204);
    }
    if (request.includes("/attach?")) return this.#attach(socket, container);
    if (request.includes("/wait?")) {
      const tell = (code: number): void => answer(socket, 200, { StatusCode: code }, true);
      if (container.exit !== undefined) tell(container.exit);
      else container.waiting.push(tell);
      return;
    }
    if (request.includes("/kill?signal=")) {
      const signal = Number(/signal=(\d+)/.exec(request)![1]);
      container.kills.push(signal);
      answer(socket, 204);
      return end(container, 128 + signal);
    }
    if (container.config.Cmd[0] === "unstartable") {
      return answer(socket, 500, { message: "can't start it" });
    }
    container.isStarted = true;
    answer(socket, 204);
    run(container);
  }

  #create(socket: Socket, config: Container["config"]): void {
    if (config.Image === "missing") return answer(socket, 404, { message: "No such image: missing:latest" });
    const id = `c${this.containers.length + 1}`;
    this.containers.push({
      id,
      config,
      kills: [],
      attached: undefined,
      input: "",
      isStarted: false,
      isRemoved: false,
      exit: undefined,
      waiting: [],
    });
    answer(socket, 201, { Id: id, Warnings: [] }, true);
  }

  #attach(socket: Socket, container: Container): void {
    container.attached = socket;
    socket.on("data", (data) => container.input += data);
    socket.on("end", () => {
      if (container.config.Cmd[0] !== "cat") return;
      socket.write(frame(1, container.input));
      end(container, 0);
    });
    socket.write(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
  }
}

function end(container: Container, code: number): void {
  if (container.exit !== undefined) return;
  container.exit = code;
  container.attached?.end();
  for (const tell of container.waiting.splice(0)) tell(code);
}

/** What commands do. */
function run(container: Container): void {
  const [command, ...words] = container.config.Cmd;
  const socket = container.attached!;
  switch (command) {
    case "echo":
      socket.write(frame(1, `${words.join(" ")}\n`));
      return end(container, 0);
    case "mixed":
      // Frames in pieces that fit nothing.
      for (
        const byte of Buffer.concat([frame(1, "one "), frame(2, "problem"), frame(1, ""), frame(1, "two")])
      ) {
        socket.write(Uint8Array.of(byte));
      }
      return end(container, 3);
    case "flood":
      for (let i = 0; i < 300; i++) socket.write(frame(2, new Uint8Array(64 * 1024)));
      socket.write(frame(1, "done"));
      return end(container, 0);
  }
}
