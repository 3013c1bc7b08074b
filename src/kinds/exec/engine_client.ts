/**
 * The HTTP API of a Docker engine, over a unix socket or TCP: as much of HTTP as it takes, and connections that are handed over.
 *
 * H1. Every answer is bounded in bytes and, but for those that wait for a container, in time.
 */
import { DOCKER_ANSWER_BYTES_MAX, DOCKER_ANSWER_MS, Failure, joinBytes } from "../../core/mod.ts";
import type { Clock, Connection, Connections, ConnectionTarget } from "../../ports/mod.ts";

const DEFAULT_HOST = "unix:///var/run/docker.sock";
const HTTP_PORT = 2375;
const HEAD_BYTES_MAX = 64 * 1024;

/** An answer. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A connection that became a stream, and what had arrived on it by then. */
export interface HandedOver {
  readonly connection: Connection;
  readonly rest: Uint8Array;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly rest: Uint8Array;
}

/** Where an engine listens: `unix:///path`, `tcp://host:port`, `http://host:port`; the usual socket for `""`. */
export function engineTarget(host: string): ConnectionTarget {
  const url = host === "" ? DEFAULT_HOST : host;
  const path = /^unix:\/\/(\/.+)$/.exec(url)?.[1];
  if (path !== undefined) return { path };
  const address = /^(?:tcp|http):\/\/([^/:]+)(?::(\d{1,5}))?\/?$/.exec(url);
  if (address === null) {
    const message = `host: ${url} is no address of a Docker engine (unix:///path or tcp://host:port)`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  return { host: address[1]!, port: Number(address[2] ?? HTTP_PORT) };
}

function broken(message: string): Failure {
  return new Failure("Unavailable", `docker engine: ${message}`, { retryable: true });
}

/** Talks to one engine. */
export class EngineClient {
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #target: ConnectionTarget;

  constructor(connections: Connections, clock: Clock, target: ConnectionTarget) {
    this.#connections = connections;
    this.#clock = clock;
    this.#target = target;
  }

  /** Asks and reads the answer; with `patient` it may take as long as it takes. */
  async request(
    method: string,
    path: string,
    { body, patient = false }: { body?: unknown; patient?: boolean } = {},
  ): Promise<EngineAnswer> {
    const connection = await this.#connections.open(this.#target);
    let isLate = false;
    const timer = patient ? undefined : this.#clock.timer(DOCKER_ANSWER_MS, () => {
      isLate = true;
      connection.close();
    });
    try {
      await connection.write(head(method, path, { "Connection": "close" }, body));
      const answer = await readHead(connection);
      return { status: answer.status, body: parsed(await readBody(connection, answer)) };
    } catch (error) {
      if (!isLate) throw error;
      const message = `docker engine did not answer within ${DOCKER_ANSWER_MS / 1000} s`;
      throw new Failure("Timeout", message, { retryable: true, cause: error });
    } finally {
      timer?.cancel();
      connection.close();
    }
  }

  /** Asks for a connection that carries the streams of a container. */
  async handOver(path: string): Promise<HandedOver> {
    const connection = await this.#connections.open(this.#target);
    try {
      await connection.write(head("POST", path, { "Connection": "Upgrade", "Upgrade": "tcp" }));
      const answer = await readHead(connection);
      if (answer.status === 101 || answer.status === 200) return { connection, rest: answer.rest };
      throw failureOf({ status: answer.status, body: parsed(await readBody(connection, answer)) });
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}

/** The failure that an answer tells of. */
export function failureOf({ body, status }: EngineAnswer): Failure {
  const told = (body as { message?: unknown } | undefined)?.message;
  const message = `docker engine: ${typeof told === "string" ? told : `status ${status}`}`;
  const kind = status === 404
    ? "NotFound"
    : status === 409
    ? "Conflict"
    : status < 500
    ? "Invalid"
    : "Internal";
  return new Failure(kind, message, { retryable: status >= 500 });
}

function head(method: string, path: string, headers: Record<string, string>, body?: unknown): Uint8Array {
  const content = body === undefined ? "" : JSON.stringify(body);
  const length = new TextEncoder().encode(content).length;
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: docker",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...body === undefined ? [] : ["Content-Type: application/json"],
    ...method === "GET" ? [] : [`Content-Length: ${length}`],
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${content}`);
}

async function readHead(connection: Connection): Promise<Head> {
  let bytes = new Uint8Array(0) as Uint8Array;
  for (;;) {
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0) return parseHead(text.slice(0, end), bytes.subarray(end + 4));
    if (bytes.length > HEAD_BYTES_MAX) throw broken("no HTTP answer");
    const part = await connection.read();
    if (part === null) throw broken("it closed the connection");
    bytes = joinBytes([bytes, part]);
  }
}

function parseHead(text: string, rest: Uint8Array): Head {
  const [first, ...lines] = text.split("\r\n") as [string, ...string[]];
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
  if (!Number.isInteger(status)) throw broken("no HTTP answer");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status, headers, rest };
}

/** All that follows the head, as far as the head says. */
async function readBody(connection: Connection, { headers, rest, status }: Head): Promise<Uint8Array> {
  if (status === 204 || status === 304) return new Uint8Array(0);
  const isChunked = headers.get("transfer-encoding")?.toLowerCase() === "chunked";
  const length = headers.has("content-length") ? Number(headers.get("content-length")) : Infinity;
  let bytes = rest;
  for (;;) {
    if (isChunked) {
      const body = unchunked(bytes);
      if (body !== undefined) return body;
    } else if (bytes.length >= length) return bytes.subarray(0, length);
    if (bytes.length > DOCKER_ANSWER_BYTES_MAX) throw broken("its answer is too long");
    const part = await connection.read();
    if (part === null) {
      if (isChunked || length !== Infinity) throw broken("its answer is cut short");
      return bytes;
    }
    bytes = joinBytes([bytes, part]);
  }
}

/** The content of chunks; undefined while the last one is not there. */
function unchunked(bytes: Uint8Array): Uint8Array | undefined {
  let body = new Uint8Array(0) as Uint8Array;
  for (let at = 0;;) {
    const end = bytes.indexOf(13, at);
    if (end < 0 || end + 2 > bytes.length) return undefined;
    const line = new TextDecoder("latin1").decode(bytes.subarray(at, end));
    const size = /^[0-9a-fA-F]{1,8}/.exec(line)?.[0];
    if (size === undefined) throw broken("no HTTP answer");
    const length = Number.parseInt(size, 16);
    if (length === 0) return body;
    const from = end + 2;
    if (from + length + 2 > bytes.length) return undefined;
    body = joinBytes([body, bytes.subarray(from, from + length)]);
    at = from + length + 2;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes));
  } catch (_error) {
    // Some answers are plain text.
    return { message: new TextDecoder().decode(bytes).trim() };
  }
}
