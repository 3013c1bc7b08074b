/** A server to ask, and functions that ask it. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";

const CERTIFICATES = new URL("../../kinds/http/certificates/", import.meta.url);

/** A PEM text of the test certificates. */
export function certificate(name: string): string {
  return readFileSync(new URL(name, CERTIFICATES), "utf8");
}

/** What the server saw. */
export interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** A running server: every path answers with what it saw, unless `paths` knows better. */
export interface Peer {
  readonly origin: string;
  readonly port: number;
  readonly seen: Seen[];
}

/** Answers of one path. */
export type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const STANDARD: Record<string, Handler> = {
  "/gzip": (_request, response) => {
    response.setHeader("Content-Encoding", "gzip");
    response.end(gzipSync("unpacked ".repeat(1000)));
  },
  "/never": () => {},
  "/stall": (_request, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("part");
  },
  "/cut": (request, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("part", () => request.socket.destroy());
  },
  "/cookies": (_request, response) => {
    response.setHeader("Set-Cookie", ["a=1; Path=/; HttpOnly", 'b="two"; Secure']);
    response.setHeader("x-many", ["first", "second"]);
    response.end("set");
  },
  "/loop": (_request, response) => {
    response.writeHead(302, { Location: "/loop" });
    response.end();
  },
  "/teapot": (_request, response) => {
    response.writeHead(418);
    response.end("short and stout");
  },
};

async function receive(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Runs `body` beside a server on a free port of the loopback interface. */
export async function withPeer(
  body: (peer: Peer) => Promise<void>,
  options: { paths?: Record<string, Handler>; tls?: Record<string, unknown>; unixSocket?: string } = {},
): Promise<void> {
  const seen: Seen[] = [];
  const paths = { ...STANDARD, ...options.paths };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const data = await receive(request).catch(() => Buffer.alloc(0));
    const url = request.url ?? "";
    const what: Seen = {
      method: request.method ?? "",
      url,
      headers: request.headers as Record<string, string>,
      body: data.toString("latin1"),
    };
    seen.push(what);
    const known = paths[url.split("?")[0]!];
    if (known !== undefined) return known(request, response, data);
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(what));
  };
  const server: Server = options.tls === undefined
    ? createServer((request, response) => void handle(request, response))
    : createSecureServer(options.tls, (request, response) => void handle(request, response));
  await new Promise<void>((resolve) =>
    options.unixSocket === undefined
      ? server.listen(0, "127.0.0.1", () => resolve())
      : server.listen(options.unixSocket, () => resolve())
  );
  const port = options.unixSocket === undefined ? (server.address() as AddressInfo).port : 0;
  try {
    await body({ origin: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`, port, seen });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Runs Lua code as a function of `origin` (and `extra`) with `http_client`, `json` and `time`. */
export function withAsking(
  code: string,
  body: (ask: (origin: string, extra?: Value) => Promise<Value>, app: TestApplication) => Promise<void>,
): Promise<void> {
  const source = `return { main = function(origin, extra)\n${code}\nend }`;
  const entries = [
    { name: "files", kind: "fs.directory", directory: "./data", auto_init: true },
    {
      name: "main",
      kind: "function.lua",
      method: "main",
      modules: ["http_client", "json", "time", "fs"],
      source,
    },
  ];
  const project = JSON.stringify({ version: "1.0", namespace: "app", entries });
  return withApplication(project, (app) => body((...args) => app.call("app:main", ...args as Value[]), app));
}

/** Asserts in Lua, against one server. */
export function asked(
  code: string,
  check: (peer: Peer) => void = () => {},
  options: Parameters<typeof withPeer>[1] & { extra?: Value } = {},
): Promise<void> {
  return withPeer(
    (peer) =>
      withAsking(code, async (ask) => {
        await ask(peer.origin, options.extra ?? null);
        check(peer);
      }),
    options,
  );
}
