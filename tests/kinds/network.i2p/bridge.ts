/** A SAM bridge as an I2P router has one, without a network behind it. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A destination: 391 bytes, as the network's own alphabet writes them. */
export const ME = new Uint8Array(391).fill(0xfb).toBase64().replaceAll("+", "-").replaceAll("/", "~");

/** A running bridge. */
export interface Bridge {
  readonly port: number;
  /** Lines that were said to it. */
  readonly said: string[];
  /** Ports of this machine that names of the network lead to. */
  readonly names: Map<string, number>;
  /** Port that those who come in are brought to; undefined when there is none. */
  forwarded(): number | undefined;
  /** Answers of a kind of line, instead of the usual one; "" for none. */
  readonly answers: Map<string, string>;
  /** Makes the next session end as soon as something is forwarded. */
  endNextSession(): void;
  /** Cuts every connection to it. */
  cut(): void;
}

/** Runs `body` beside a bridge. */
export async function withBridge(body: (bridge: Bridge) => Promise<void>): Promise<void> {
  const said: string[] = [];
  const names = new Map<string, number>();
  const answers = new Map<string, string>();
  const sockets = new Set<Socket>();
  const forwards = new Map<Socket, number>();
  const sessions = new Map<string, Socket>();
  let isShort = false;

  const answer = (socket: Socket, line: string): void => {
    said.push(line);
    const value = (key: string): string => new RegExp(`${key}=(\\S+)`).exec(line)?.[1] ?? "";
    const kind = line.split(" ").slice(0, 2).join(" ");
    const say = (text: string): void => {
      const given = answers.get(kind) ?? text;
      if (given !== "") socket.write(`${given}\n`);
    };
    if (kind === "HELLO VERSION") say("HELLO REPLY RESULT=OK VERSION=3.3");
    else if (kind === "SESSION CREATE") {
      const id = value("ID");
      if (sessions.has(id)) return say("SESSION STATUS RESULT=DUPLICATED_ID");
      sessions.set(id, socket);
      socket.on("close", () => sessions.delete(id));
      say("SESSION STATUS RESULT=OK DESTINATION=secret");
    } else if (kind === "NAMING LOOKUP") {
      const name = value("NAME");
      if (name === "ME") say(`NAMING REPLY RESULT=OK NAME=ME VALUE=${ME}`);
      else if (names.has(name)) say(`NAMING REPLY RESULT=OK NAME=${name} VALUE=to-${name}`);
      else say(`NAMING REPLY RESULT=KEY_NOT_FOUND NAME=${name}`);
    } else if (!sessions.has(value("ID"))) say("STREAM STATUS RESULT=INVALID_ID");
    else if (kind === "STREAM FORWARD") {
      forwards.set(socket, Number(value("PORT")));
      socket.on("close", () => forwards.delete(socket));
      if (isShort) {
        isShort = false;
        const session = sessions.get(value("ID"))!;
        // The end is there before the answer, as on a bridge that is about to stop.
        session.on("close", () => setTimeout(() => say("STREAM STATUS RESULT=OK"), 20));
        return void session.destroy();
      }
      say("STREAM STATUS RESULT=OK");
    } else if (kind === "STREAM CONNECT") {
      const target = connect(names.get(value("DESTINATION").slice("to-".length))!, "127.0.0.1");
      say("STREAM STATUS RESULT=OK");
      socket.pipe(target);
      target.pipe(socket);
      for (const [a, b] of [[socket, target], [target, socket]] as const) {
        a.on("error", () => b.destroy());
        a.on("close", () => b.destroy());
      }
      return;
    } else say("I2P ERROR");
    read(socket);
  };

  /** Takes one line; what a stream carries is its own matter. */
  const read = (socket: Socket): void => {
    let text = "";
    const take = (data: Uint8Array): void => {
      text += new TextDecoder("latin1").decode(data);
      const at = text.indexOf("\n");
      if (at < 0) return;
      socket.off("data", take);
      answer(socket, text.slice(0, at));
    };
    socket.on("data", take);
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    read(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    await body({
      port: (server.address() as AddressInfo).port,
      said,
      names,
      answers,
      endNextSession: () => {
        isShort = true;
      },
      forwarded: () => [...forwards.values()][0],
      cut,
    });
  } finally {
    cut();
    await new Promise((resolve) => server.close(resolve));
  }
}
