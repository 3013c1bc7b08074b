/** A SOCKS5 proxy for tests (RFC 1928, RFC 1929): it connects every name to this machine and writes down what it was asked. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What the proxy was asked. */
export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A running proxy. */
export interface Proxy {
  readonly port: number;
  readonly connections: Connection[];
  /** Ports of this machine for those that are asked for, where they are others. */
  readonly ports: Map<number, number>;
}

const [VERSION, ACCEPTED, REFUSED, NO_METHOD, BY_PASSWORD, IPV4, NAME, IPV6] = [5, 0, 5, 255, 2, 1, 3, 4];

/** Reads exact counts of bytes from a socket. */
class Reader {
  #bytes = Buffer.alloc(0);
  #wanted: { count: number; resolve: (bytes: Buffer) => void } | undefined;

  constructor(socket: Socket) {
    socket.on("data", this.#take);
    this.stop = () => {
      socket.off("data", this.#take);
      return this.#bytes;
    };
  }

  readonly stop: () => Buffer;

  readonly #take = (data: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    this.#serve();
  };

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#bytes.length < wanted.count) return;
    this.#wanted = undefined;
    const bytes = this.#bytes.subarray(0, wanted.count);
    this.#bytes = this.#bytes.subarray(wanted.count);
    wanted.resolve(bytes);
  }

  read(count: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#wanted = { count, resolve };
      this.#serve();
    });
  }

  async text(): Promise<string> {
    const [length] = await this.read(1);
    return (await this.read(length!)).toString();
  }
}

async function serve(
  socket: Socket,
  { connections, ports }: Pick<Proxy, "connections" | "ports">,
  password: string | undefined,
): Promise<void> {
  const reader = new Reader(socket);
  const [, count] = await reader.read(2);
  const methods = [...await reader.read(count!)];
  const isByPassword = methods.includes(BY_PASSWORD!);
  if (password !== undefined && !isByPassword) return void socket.end(Buffer.from([VERSION!, NO_METHOD!]));
  socket.write(Buffer.from([VERSION!, isByPassword ? BY_PASSWORD! : 0]));
  let [user, given] = ["", ""];
  if (isByPassword) {
    await reader.read(1);
    [user, given] = [await reader.text(), await reader.text()];
    const isRight = password === undefined || given === password;
    socket.write(Buffer.from([1, isRight ? ACCEPTED! : 1]));
    if (!isRight) return void socket.end();
  }
  const [, , , type] = await reader.read(4);
  const host = type === NAME
    ? await reader.text()
    : [...await reader.read(type === IPV4 ? 4 : type === IPV6 ? 16 : 0)].join(".");
  const port = (await reader.read(2)).readUInt16BE();
  connections.push({ host, port, user, password: given });
  const reply = (code: number): void =>
    void socket.write(Buffer.from([VERSION!, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  const target = connect(ports.get(port) ?? port, "127.0.0.1");
  target.on("error", () => {
    reply(REFUSED!);
    socket.end();
  });
  target.on("connect", () => {
    reply(ACCEPTED!);
    target.write(reader.stop());
    socket.pipe(target).pipe(socket);
  });
}

/** Runs `body` beside a proxy on a free port; with `password` it accepts nobody else. */
export async function withProxy(body: (proxy: Proxy) => Promise<void>, password?: string): Promise<void> {
  const connections: Connection[] = [];
  const ports = new Map<number, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    void serve(socket, { connections, ports }, password);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  try {
    await body({ port: (server.address() as AddressInfo).port, connections, ports });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
