/**
 * HTTP requests through the runtime's `node:http`.
 *
 * R1. A host is looked up once, every address is offered to `admit`, and the connection goes to one of these addresses:
 *     a name can't mean something else by then, and a kept connection never serves a host that was not admitted.
 * R2. The next address is tried only while nothing has been sent.
 */
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Socket } from "node:net";
import process from "node:process";
import type { Readable } from "node:stream";
import { Failure } from "../core/mod.ts";
import type {
  ByteStream,
  HeaderLines,
  HttpClient,
  HttpClientRequest,
  HttpClientResponse,
  NetworkProxy,
} from "../ports/mod.ts";
import { ReadableEnd } from "./readable_end.ts";
import { connectThrough } from "./socks_connection.ts";

/** Errors of a connection that was never made. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "ConnectionRefused",
]);
const BODY_PART_BYTES = 64 * 1024;
const ENCODED = "content-encoding";

/** The client both runtimes bring. */
export const systemHttpClient: HttpClient = { send };

async function send(request: HttpClientRequest): Promise<HttpClientResponse> {
  request.signal.throwIfAborted();
  if (request.unixSocket !== undefined) return await exchange(request, { socketPath: request.unixSocket });
  const host = request.url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (request.proxy !== undefined) {
    try {
      return await exchange(request, await throughProxy(request, request.proxy, host));
    } catch (error) {
      throw request.signal.aborted ? error : networkFailure(error);
    }
  }
  const addresses = await lookUp(host);
  for (const address of addresses) request.admit?.(address);
  request.signal.throwIfAborted();
  for (const [i, address] of addresses.entries()) {
    try {
      return await exchange(request, { host: address, ...serverName(request, host) });
    } catch (error) {
      const isLast = i === addresses.length - 1;
      if (isLast || !NOT_CONNECTED.has(codeOf(error)) || request.signal.aborted) throw networkFailure(error);
    }
  }
  throw new Failure("Unavailable", `no address of ${host} can be reached`, { retryable: true });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code ?? "");
}

function networkFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const text = NOT_CONNECTED.has(code) && code !== "EHOSTUNREACH" && code !== "ENETUNREACH"
    ? "connection refused"
    : message;
  return new Failure("Unavailable", text, { retryable: true, cause: error });
}

async function lookUp(host: string): Promise<string[]> {
  const { isIP } = process.getBuiltinModule("node:net");
  if (isIP(host) !== 0) return [host];
  const { lookup } = process.getBuiltinModule("node:dns").promises;
  try {
    const found = await lookup(host, { all: true });
    if (found.length > 0) return found.map(({ address }) => address);
  } catch (error) {
    throw new Failure("Unavailable", `lookup ${host}: no such host`, { retryable: true, cause: error });
  }
  throw new Failure("Unavailable", `lookup ${host}: no such host`, { retryable: true });
}

/** The name that TLS asks for and checks; an address has none. */
function serverName({ tls }: HttpClientRequest, host: string): RequestOptions & { servername?: string } {
  const name = tls?.serverName ?? host;
  return process.getBuiltinModule("node:net").isIP(name) === 0 ? { servername: name } : {};
}

/** A connection of its own through a proxy; names are looked up on the other side. */
async function throughProxy(
  request: HttpClientRequest,
  proxy: NetworkProxy,
  target: string,
): Promise<RequestOptions> {
  const { url, signal } = request;
  const isSecure = url.protocol === "https:";
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  const socket = await connectThrough(proxy, target, port, signal);
  const connected = isSecure ? await secured(socket, request, target) : socket;
  // The runtime looks up the host it is given even where it gets a connection; with an agent, were it none, it would make one of its own.
  return { host: "127.0.0.1", createConnection: () => connected };
}

/** TLS over a connection, once it stands. */
function secured(socket: Socket, request: HttpClientRequest, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const connected = process.getBuiltinModule("node:tls").connect({
      ...tlsOptions(request) as Record<string, unknown>,
      ...serverName(request, target) as Record<string, unknown>,
      socket,
    }, () => resolve(connected));
    connected.once("error", (error) => {
      socket.destroy();
      reject(error);
    });
  });
}

function headerRecord(request: HttpClientRequest): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {};
  const names = new Map<string, string>();
  for (const [name, value] of request.headers) {
    const key = names.get(name.toLowerCase());
    if (key === undefined) {
      names.set(name.toLowerCase(), name);
      record[name] = value;
    } else record[key] = [...[record[key]!].flat(), value];
  }
  if (!names.has("host")) record["Host"] = request.url.host;
  if (isUnpacked(request)) record["Accept-Encoding"] = "gzip";
  const length = request.body === undefined ? undefined : lengthOf(request.body);
  if (length !== undefined && !names.has("content-length")) record["Content-Length"] = String(length);
  return record;
}

/** Whether the answer is asked for packed and given unpacked: unless the caller deals with encodings or parts. */
function isUnpacked({ headers, method }: HttpClientRequest): boolean {
  return method !== "HEAD" && !headers.some(([name]) => /^(accept-encoding|range)$/i.test(name));
}

function lengthOf(body: Uint8Array | ByteStream): number | undefined {
  if (body instanceof Uint8Array) return body.length;
  return body.size >= 0 ? Math.max(0, body.size - body.position) : undefined;
}

function tlsOptions({ tls }: HttpClientRequest): RequestOptions & Record<string, unknown> {
  if (tls === undefined) return {};
  return {
    cert: tls.cert,
    key: tls.key,
    ca: tls.ca,
    rejectUnauthorized: tls.skipVerify !== true,
  };
}

function exchange(request: HttpClientRequest, target: RequestOptions): Promise<HttpClientResponse> {
  const isSecure = request.url.protocol === "https:";
  const client = isSecure ? process.getBuiltinModule("node:https") : process.getBuiltinModule("node:http");
  const { url, signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<HttpClientResponse>();
  const outgoing = client.request({
    ...target,
    ...isSecure ? tlsOptions(request) : {},
    port: url.port === "" ? undefined : Number(url.port),
    path: url.pathname + url.search,
    method: request.method,
    headers: headerRecord(request),
  });
  let answer: Readable | undefined = undefined;
  const abort = (): void => {
    const reason = signal.reason as Error;
    answer?.destroy(reason);
    outgoing.destroy(reason);
    reject(reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  outgoing.on("error", (error) => {
    signal.removeEventListener("abort", abort);
    reject(error);
  });
  outgoing.on("response", (incoming) => {
    const body = bodyOf(incoming, request);
    answer = body.source;
    incoming.on("close", () => signal.removeEventListener("abort", abort));
    resolve({
      status: incoming.statusCode ?? 0,
      headers: headerLines(incoming, body.isDecoded),
      body: body.stream,
    });
  });
  if (request.body === undefined || request.body instanceof Uint8Array) outgoing.end(request.body);
  else {
    pour(request.body, outgoing).catch((error: unknown) => {
      outgoing.destroy();
      reject(error as Error);
    });
  }
  return promise;
}

/** Sends a stream, no faster than it is taken. */
async function pour(from: ByteStream, to: NodeJS.WritableStream): Promise<void> {
  for (;;) {
    const part = await from.read?.(BODY_PART_BYTES);
    if (part === null || part === undefined) break;
    if (!to.write(part)) await new Promise<void>((resolve) => to.once("drain", () => resolve()));
  }
  to.end();
}

/** The lines of the answer's head, less those that no longer hold for a body that was unpacked. */
function headerLines(incoming: IncomingMessage, isDecoded: boolean): HeaderLines {
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    const name = incoming.rawHeaders[i]!;
    const key = name.toLowerCase();
    if (isDecoded && (key === ENCODED || key === "content-length")) continue;
    lines.push([name, incoming.rawHeaders[i + 1]!]);
  }
  return lines;
}

function bodyFailure(cause: Error): Failure {
  return new Failure("Unavailable", `reading the body: ${cause.message}`, { retryable: true, cause });
}

/** The body, unpacked when it came packed because we asked for that. */
function bodyOf(
  incoming: IncomingMessage,
  request: HttpClientRequest,
): { stream: ByteStream; source: Readable; isDecoded: boolean } {
  const isEmpty = request.method === "HEAD" || incoming.statusCode === 204 || incoming.statusCode === 304;
  const isDecoded = !isEmpty && isUnpacked(request) && incoming.headers[ENCODED]?.toLowerCase() === "gzip";
  const length = Number(incoming.headers["content-length"] ?? NaN);
  if (!isDecoded) {
    const size = isEmpty ? 0 : Number.isNaN(length) ? -1 : length;
    return { stream: new ReadableEnd(incoming, { size, failed: bodyFailure }), source: incoming, isDecoded };
  }
  const gunzip = process.getBuiltinModule("node:zlib").createGunzip();
  incoming.on("error", (error) => gunzip.destroy(error));
  incoming.on("aborted", () => gunzip.destroy(new Error("connection closed before the body was complete")));
  incoming.pipe(gunzip);
  const stream = new ReadableEnd(gunzip, { failed: bodyFailure, closed: () => incoming.destroy() });
  return { stream, source: gunzip, isDecoded };
}
