/**
 * One request being answered: what handlers and middleware see of it.
 *
 * E1. Everything that costs something is made when it is asked for.
 * E2. `signal` aborts when the answer is not wanted any more: the client is gone, the time is up, the server ends.
 */
import type {
  Actor,
  ByteStream,
  ConnectionInfo,
  Frame,
  HttpExchange,
  Scope,
  TimerHandle,
  TraceContext,
} from "../../ports/mod.ts";
import { HttpExchangeAttachment } from "../../ports/mod.ts";
import { type Answer, textAnswer } from "./answer.ts";
import type { Endpoint } from "./endpoint_route.ts";
import { RequestBody } from "./request_body.ts";
import { ResponseWriter, type StreamOwner } from "./response_writer.ts";
import { unescapePart } from "./route_table.ts";
import type { HttpServer } from "./http_server.ts";

// deno-lint-ignore no-control-regex
const BEYOND_ASCII = /[^\x00-\x7f]/;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A header value as text: bytes that are UTF-8 are read as such. */
function headerText(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 0xff) return value;
    bytes[i] = unit;
  }
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return value;
    throw error;
  }
}

/** A request and its response. */
export class Exchange implements HttpExchange, StreamOwner {
  readonly server: HttpServer;
  readonly request: Request;
  readonly connection: ConnectionInfo;
  readonly method: string;
  /** Path as sent, still escaped. */
  readonly rawPath: string;
  readonly search: string;
  /** Whom the request acts for: the server's own identity until authentication says otherwise. */
  actor: Actor | null;
  scope: Scope | null;
  /** The endpoint found for the request, if any, and the values of its parameters. */
  endpoint: Endpoint | undefined;
  values: readonly string[] = [];
  /** What it is in a trace, when it is traced. */
  trace: TraceContext | undefined;
  /** Methods of the path, when it is known but the method is not. */
  allowed: readonly string[] | undefined;
  /** Segments of the path below the static mount that serves it. */
  below: readonly string[] = [];
  readonly response = new ResponseWriter();
  #remoteAddress: string | undefined;
  #params: Record<string, string> | undefined;
  #body: RequestBody | undefined;
  #abort: AbortController | undefined;
  #timer: TimerHandle | undefined;
  #forget: (() => void) | undefined;
  #finished = false;

  constructor(server: HttpServer, request: Request, connection: ConnectionInfo) {
    this.server = server;
    this.request = request;
    this.connection = connection;
    this.method = request.method;
    const { url } = request;
    // Without a Host header there is nothing before the path.
    const start = url.charCodeAt(0) === 47 ? 0 : url.indexOf("/", url.indexOf("//") + 2);
    const query = url.indexOf("?", start);
    if (query < 0) {
      this.rawPath = start < 0 ? "/" : url.slice(start);
      this.search = "";
    } else {
      this.rawPath = url.slice(start, query);
      this.search = url.slice(query + 1);
    }
    const { frame } = server;
    this.actor = frame.actor;
    this.scope = frame.scope;
  }

  get path(): string {
    return unescapePart(this.rawPath);
  }

  get host(): string {
    return this.header("host") ?? "";
  }

  get remoteAddress(): string {
    return this.#remoteAddress ??= this.connection.remoteAddress;
  }

  set remoteAddress(address: string) {
    this.#remoteAddress = address;
  }

  get params(): Record<string, string> {
    return this.#params ??= this.#collectParams();
  }

  #collectParams(): Record<string, string> {
    const params: Record<string, string> = {};
    const names = this.endpoint?.pattern.names ?? [];
    for (const [i, value] of this.values.entries()) params[names[i]!] = value;
    return params;
  }

  header(name: string): string | undefined {
    const value = this.request.headers.get(name);
    return value === null ? undefined : headerText(value);
  }

  /** Value of a query parameter, the first one. */
  query(name: string): string | undefined {
    return new URLSearchParams(this.search).get(name) ?? undefined;
  }

  /** Value of a cookie. */
  cookie(name: string): string | undefined {
    for (const part of (this.header("cookie") ?? "").split(";")) {
      const equals = part.indexOf("=");
      if (equals > 0 && part.slice(0, equals).trim() === name) {
        return unescapePart(part.slice(equals + 1).trim().replace(/^"(.*)"$/, "$1"));
      }
    }
    return undefined;
  }

  get #requestBody(): RequestBody {
    return this.#body ??= new RequestBody(this.request, this.server.clock, this.server.readDeadlineMs());
  }

  get contentLength(): number {
    return this.#requestBody.length;
  }

  body(options: { bytesMax: number; timeoutMs: number }): Uint8Array | Promise<Uint8Array> {
    return this.#requestBody.read(options);
  }

  bodyStream(options: { timeoutMs?: number } = {}): ByteStream {
    return this.#requestBody.stream(options.timeoutMs ?? Infinity);
  }

  /** The frame in which the endpoint's function runs. */
  frame(): Frame {
    const attachments = new Map<string, unknown>();
    attachments.set(HttpExchangeAttachment.name, this);
    const { frame } = this.server;
    return {
      actor: this.actor,
      scope: this.scope,
      values: frame.values,
      network: frame.network,
      attachments,
      trace: this.trace,
    };
  }

  /** Aborts when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = this.#abort = new AbortController();
      const { signal } = this.request;
      const gone = (): void => this.clientGone();
      signal.addEventListener("abort", gone);
      this.#forget = () => signal.removeEventListener("abort", gone);
      if (signal.aborted) abort.abort();
    }
    return this.#abort.signal;
  }

  /** Gives the request up. */
  abandon(): void {
    if (this.#finished) return;
    this.response.break();
    this.#abort?.abort();
  }

  /** The answer, or 503 when it takes longer than `limitMs`. A stream is cut off then. */
  within(limitMs: number, answer: Promise<Answer>): Promise<Answer> {
    const expiry = Promise.withResolvers<Answer>();
    this.#timer = this.server.clock.timer(limitMs, () => {
      expiry.resolve(textAnswer(503, "response timeout"));
      this.abandon();
    });
    return Promise.race([answer, expiry.promise]);
  }

  /** The answer is on its way; what is left to do belongs to its stream. */
  answered(): void {
    if (!this.response.isStreaming) this.#timer?.cancel();
  }

  clientGone(): void {
    this.abandon();
  }

  streamBegan(): void {
    this.connection.setIdleLimit(false);
  }

  streamEnds(): void {
    this.connection.setIdleLimit(true);
  }

  /** The handler has ended. */
  finish(): void {
    this.#finished = true;
    this.#timer?.cancel();
    this.#forget?.();
    this.#forget = undefined;
  }
}
