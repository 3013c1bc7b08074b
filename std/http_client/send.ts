/**
 * Sends one request under the caller's permissions and follows its redirects.
 *
 * S1. Every hop is judged anew: its URL, the addresses of its host, its socket. What was sent to one host for that host alone
 *     (credentials, cookies) does not go to another.
 * S2. The timeout bounds the whole exchange; of a streamed one the wait for the head, then each wait for bytes.
 */
import { Failure, HTTP_CLIENT_REDIRECTS_MAX, joinBytes } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import {
  type ByteStream,
  type HeaderLines,
  type HttpClientResponse,
  type Network,
  NetworkResource,
  type TimerHandle,
} from "../../src/ports/mod.ts";
import { type Body, bodyOf, encodePairs, rewind } from "./body.ts";
import { invalidOption, type RequestOptions } from "./options.ts";
import { isPrivateAddress } from "./private_address.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Redirects after which the body goes out again. */
const REPEATING = new Set([307, 308]);
const PART_BYTES = 256 * 1024;
const USER_AGENT = "wippy-http-client/1.0";

/** An answer: its head, and its body whole or as a stream. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly url: string;
  readonly body: Uint8Array | undefined;
  readonly stream: ByteStream | undefined;
}

/** A request as its caller wrote it. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly options: RequestOptions;
}

/** The URL of a request. Fails with Invalid for what no server can be asked. */
function urlOf({ url: text, options }: Asked): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Failure("Invalid", `invalid URL: ${text}`, { retryable: false });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Failure("Invalid", `invalid URL: ${text} (http or https)`, { retryable: false });
  }
  if (options.query.length > 0) {
    const query = encodePairs(options.query);
    url.search = url.search === "" ? query : `${url.search}&${query}`;
  }
  return url;
}

/** Whether a method is a token. */
export function checkMethod(method: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw invalidOption("method", JSON.stringify(method));
  return method;
}

/** Refuses what the caller may not do, before anything is connected. */
function judge(call: Call, url: URL, written: string, options: RequestOptions): void {
  call.demand("http_client.request", written, `not allowed: ${written}`);
  const { network, tls, unixSocket } = options;
  if (unixSocket !== undefined) {
    call.demand("http_client.unix_socket", unixSocket, `not allowed: unix socket ${unixSocket}`);
  }
  if (tls?.skipVerify === true && url.protocol === "https:") {
    call.demand("http_client.insecure_tls", written, `not allowed: insecure TLS for ${written}`);
  }
  if (network !== undefined) call.demand("network.select", network, `not allowed: network ${network}`);
}

/** Ends an exchange when its time is over or its caller gone. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #call: Call;
  readonly #ms: number;
  readonly #what: string;
  #timer: TimerHandle | undefined;
  readonly #cancel = (): void =>
    this.#controller.abort(new Failure("Canceled", `${this.#what}: canceled`, { retryable: false }));

  constructor(call: Call, ms: number, what: string) {
    this.#call = call;
    this.#ms = ms;
    this.#what = what;
    const { signal } = call.process;
    if (signal.aborted) this.#cancel();
    else signal.addEventListener("abort", this.#cancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The time begins. */
  start(): void {
    this.#timer = this.#call.services.ports.clock.timer(this.#ms, () => {
      const message = `${this.#what}: timed out after ${this.#ms / 1000}s`;
      this.#controller.abort(new Failure("Internal", message, { retryable: true }));
    });
  }

  pause(): void {
    this.#timer?.cancel();
  }

  end(): void {
    this.#timer?.cancel();
    this.#call.process.signal.removeEventListener("abort", this.#cancel);
  }
}

/** Failures of the network are Internal and may be tried again. */
function exchangeFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure && error.kind !== "Unavailable") return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("Internal", `${what}: ${message}`, { retryable: true, cause: error });
}

/** Sends a request and gives its answer. */
export async function send(call: Call, asked: Asked): Promise<Answer> {
  const { options } = asked;
  const url = urlOf(asked);
  judge(call, url, asked.url, options);
  const what = `${asked.method} ${url.origin}${url.pathname}`;
  const deadline = new Deadline(call, options.timeoutMs, what);
  deadline.start();
  try {
    const { response, url: last } = await follow(call, asked, url, deadline.signal);
    const { body, headers, status } = response;
    if (options.isStreamed) {
      deadline.pause();
      const stream = new LimitedStream(body, options.bodyBytesMax, deadline, what);
      return { status, headers, url: last.href, body: undefined, stream };
    }
    const bytes = await wholeBody(body, options.bodyBytesMax!);
    deadline.end();
    return { status, headers, url: last.href, body: bytes, stream: undefined };
  } catch (error) {
    deadline.end();
    throw exchangeFailure(what, deadline.signal.aborted ? deadline.signal.reason : error);
  }
}

async function follow(
  call: Call,
  { method, options }: Asked,
  start: URL,
  signal: AbortSignal,
): Promise<{ response: HttpClientResponse; url: URL }> {
  const { ports } = call.services;
  const body = bodyOf(
    options,
    `wippy${ports.random.stream("http_client.boundary").below(2 ** 52).toString(36)}`,
  );
  const admit = (address: string): void => {
    if (!isPrivateAddress(address)) return;
    call.demand("http_client.private_ip", address, `not allowed: private IP ${address}`);
  };
  const network = networkOf(call, options);
  let hop: Hop = { method, url: start, body, isAtHome: true };
  for (let hops = 0;; hops++) {
    const response = await ports.httpClient.send({
      method: hop.method,
      url: hop.url,
      headers: traced(call, headersOf(hop, options)),
      body: hop.body.content,
      unixSocket: options.unixSocket,
      tls: options.tls,
      proxy: await network?.proxy(signal),
      admit,
      isStreamed: options.isStreamed,
      signal,
    });
    let next: Hop | undefined;
    try {
      next = nextHop(hop, start, response);
    } catch (error) {
      await response.body.close();
      throw error;
    }
    if (next === undefined) return { response, url: hop.url };
    await response.body.close();
    if (hops === HTTP_CLIENT_REDIRECTS_MAX) {
      throw new Failure("Internal", `stopped after ${HTTP_CLIENT_REDIRECTS_MAX} redirects`, {
        retryable: false,
      });
    }
    judge(call, next.url, next.url.href, options);
    hop = next;
  }
}

/** The overlay to go through: the one asked for, else the caller's own, else the one of all. */
function networkOf(call: Call, options: RequestOptions): Network | undefined {
  const id = options.network ?? (call.process.frame.network || call.services.defaultNetwork);
  if (id === "" || options.unixSocket !== undefined) return undefined;
  const network = call.services.resources.find(NetworkResource, id);
  if (network === undefined) throw new Failure("NotFound", `network not found: ${id}`, { retryable: false });
  return network;
}

/** One request of a chain of redirects. */
interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly body: Body;
  /** Whether it goes to the host that the caller named. */
  readonly isAtHome: boolean;
}

const NO_BODY: Body = { content: undefined, contentType: undefined, isRepeatable: true };

function nextHop(hop: Hop, start: URL, { status, headers }: HttpClientResponse): Hop | undefined {
  const location = headers.find(([name]) => name.toLowerCase() === "location")?.[1];
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  if (REPEATING.has(status) && !hop.body.isRepeatable) return undefined;
  if (!URL.canParse(location, hop.url)) {
    throw new Failure("Internal", `redirect to an invalid URL: ${location}`, { retryable: false });
  }
  const url = new URL(location, hop.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Failure("Internal", `redirect to ${url.protocol} is not followed`, { retryable: false });
  }
  const isAtHome = url.host === start.host && (url.protocol === start.protocol || url.protocol === "https:");
  if (REPEATING.has(status)) {
    rewind(hop.body);
    return { ...hop, url, isAtHome };
  }
  const method = hop.method === "GET" || hop.method === "HEAD" ? hop.method : "GET";
  return { method, url, body: NO_BODY, isAtHome };
}

/** Headers for the caller's host alone. */
const HOME_HEADERS = new Set(["authorization", "cookie", "proxy-authorization", "www-authenticate", "host"]);
/** Headers that speak of a body. */
const BODY_HEADERS = new Set(["content-type", "content-length", "content-encoding", "transfer-encoding"]);

function headersOf(hop: Hop, options: RequestOptions): [string, string][] {
  const lines = options.headers.filter(([name]) => {
    const key = name.toLowerCase();
    return (hop.isAtHome || !HOME_HEADERS.has(key)) && (hop.body !== NO_BODY || !BODY_HEADERS.has(key));
  }).map(([name, value]): [string, string] => [name, value]);
  const has = (key: string): boolean => lines.some(([name]) => name.toLowerCase() === key);
  if (!has("user-agent")) lines.push(["User-Agent", USER_AGENT]);
  if (hop.body.contentType !== undefined) {
    const isForm = lines.findIndex(([name]) => name.toLowerCase() === "content-type");
    if (isForm >= 0) lines.splice(isForm, 1);
    lines.push(["Content-Type", hop.body.contentType]);
  }
  if (!hop.isAtHome) return lines;
  if (options.cookies.length > 0) {
    lines.push(["Cookie", options.cookies.map(([name, value]) => `${name}=${value}`).join("; ")]);
  }
  const credentials = options.auth ?? userInfoOf(hop.url);
  if (credentials !== undefined && !has("authorization")) {
    const bytes = new TextEncoder().encode(`${credentials.user}:${credentials.pass}`);
    lines.push(["Authorization", `Basic ${bytes.toBase64()}`]);
  }
  return lines;
}

/** With what the request is part of, which its caller may have told already. */
function traced({ process, services: { tracing } }: Call, lines: [string, string][]): [string, string][] {
  const { trace } = process.frame;
  if (tracing === undefined || trace === undefined) return lines;
  const { enabled, injects } = tracing.sources.http;
  if (!enabled || !injects) return lines;
  tracing.inject(trace, (key, value) => {
    if (!lines.some(([name]) => name.toLowerCase() === key)) lines.push([key, value]);
  });
  return lines;
}

function userInfoOf(url: URL): RequestOptions["auth"] {
  if (url.username === "" && url.password === "") return undefined;
  return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
}

function tooLarge(bytesMax: number): Failure {
  return new Failure("Internal", `response body too large (max ${bytesMax} bytes)`, { retryable: false });
}

async function wholeBody(body: ByteStream, bytesMax: number): Promise<Uint8Array> {
  if (body.size > bytesMax) {
    await body.close();
    throw tooLarge(bytesMax);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = await body.read!(PART_BYTES);
    if (part === null) break;
    length += part.length;
    if (length > bytesMax) {
      await body.close();
      throw tooLarge(bytesMax);
    }
    parts.push(part);
  }
  if (parts.length === 1) return parts[0]!;
  return joinBytes(parts);
}

/** The body of a streamed answer: bounded in bytes and in each wait. */
class LimitedStream implements ByteStream {
  readonly #body: ByteStream;
  readonly #bytesMax: number;
  readonly #deadline: Deadline;
  readonly #what: string;

  constructor(body: ByteStream, bytesMax: number | undefined, deadline: Deadline, what: string) {
    this.#body = body;
    this.#bytesMax = bytesMax ?? Infinity;
    this.#deadline = deadline;
    this.#what = what;
  }

  get size(): number {
    return this.#body.size;
  }

  get position(): number {
    return this.#body.position;
  }

  async read(size: number): Promise<Uint8Array | null> {
    this.#deadline.start();
    try {
      const part = await this.#body.read!(size);
      if (part === null) this.#deadline.end();
      if (this.#body.position > this.#bytesMax) throw tooLarge(this.#bytesMax);
      return part;
    } catch (error) {
      await this.close();
      const { signal } = this.#deadline;
      throw exchangeFailure(this.#what, signal.aborted ? signal.reason : error);
    } finally {
      this.#deadline.pause();
    }
  }

  async close(): Promise<void> {
    this.#deadline.end();
    await this.#body.close();
  }
}
