/**
 * Carries the requests of the AWS library over the HTTP client of the program.
 *
 * A1. What was signed is what goes out: a path that a URL would spell otherwise is refused.
 * A2. An answer is held as a whole, within a limit, unless it is the body of an object: that is read as it is wanted.
 * A3. Nothing is waited for longer than `AWS_ANSWER_MS`.
 */
import { AWS_ANSWER_BYTES_MAX, AWS_ANSWER_MS, Failure, joinBytes } from "../../core/mod.ts";
import type { ByteStream, Clock, HttpClient, HttpClientResponse, TimerHandle } from "../../ports/mod.ts";

const BODY_PART_BYTES = 256 * 1024;
const ENCODER = new TextEncoder();

/** A signed request of the library. */
export interface AwsRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** An answer as the library takes it. */
export interface AwsResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array>;
}

/** What the library says of an attempt: its signal is of a type of its own. */
interface Attempt {
  readonly abortSignal?: object;
}

/** Ends an attempt when nothing came for too long, or its caller has gone. */
class Watch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #caller: AbortSignal | undefined;
  #timer: TimerHandle | undefined;
  readonly #leave = (): void => this.#controller.abort(this.#caller?.reason);

  constructor(clock: Clock, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller?.aborted) this.#leave();
    else caller?.addEventListener("abort", this.#leave, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async during<T>(work: () => Promise<T> | T): Promise<T> {
    this.#timer = this.#clock.timer(AWS_ANSWER_MS, () => {
      const message = `no answer within ${AWS_ANSWER_MS / 1000} s`;
      this.#controller.abort(new Failure("Timeout", message, { retryable: true }));
    });
    try {
      return await work();
    } finally {
      this.#timer.cancel();
    }
  }

  end(): void {
    this.#timer?.cancel();
    this.#caller?.removeEventListener("abort", this.#leave);
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function queryOf(query: AwsRequest["query"]): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) => {
    if (value === null) return [encode(name)];
    return [value].flat().map((each) => `${encode(name)}=${encode(each)}`);
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function urlOf({ hostname, path, port, protocol, query }: AwsRequest): URL {
  const url = new URL(
    `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${queryOf(query)}`,
  );
  if (url.pathname === path) return url;
  throw new Failure("Invalid", `no URL has the path ${path}`, { retryable: false });
}

function bodyOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null || body === "") return undefined;
  if (typeof body === "string") return ENCODER.encode(body);
  if (body instanceof Uint8Array) return body;
  throw new Error("a request to AWS has a body that is neither text nor bytes");
}

function headerRecord({ headers }: HttpClientResponse): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    record[key] = Object.hasOwn(record, key) ? `${record[key]}, ${value}` : value;
  }
  return record;
}

async function readWhole(body: ByteStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const part = await body.read!(BODY_PART_BYTES);
    if (part === null) return joinBytes(parts);
    parts.push(part);
    bytes += part.length;
    if (bytes > AWS_ANSWER_BYTES_MAX) {
      throw new Failure("LimitExceeded", `the answer has more than ${AWS_ANSWER_BYTES_MAX} bytes`, {
        retryable: false,
      });
    }
  }
}

/** A body that is read when its reader asks, and never ahead. */
function streamOf(body: ByteStream, watch: Watch): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const part = await watch.during(() => body.read!(BODY_PART_BYTES));
        if (part !== null) return controller.enqueue(part);
        watch.end();
        controller.close();
      } catch (error) {
        watch.end();
        controller.error(error);
      }
    },
    async cancel() {
      watch.end();
      await body.close();
    },
  }, { highWaterMark: 0 });
}

/** The library tries again what says so of itself. */
function tellRetryable(error: unknown): unknown {
  if (!(error instanceof Failure) || error.retryable !== true) return error;
  return Object.assign(new Error(error.message, { cause: error }), { $retryable: {} });
}

/** The way out that the library is given. */
export class AwsHttpHandler {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly #http: HttpClient;
  readonly #clock: Clock;

  constructor(http: HttpClient, clock: Clock) {
    this.#http = http;
    this.#clock = clock;
  }

  async handle(request: AwsRequest, { abortSignal }: Attempt = {}): Promise<{ response: AwsResponse }> {
    const watch = new Watch(this.#clock, abortSignal as AbortSignal | undefined);
    try {
      const answer = await watch.during(() =>
        this.#http.send({
          method: request.method,
          url: urlOf(request),
          // Bytes as they are stored: unless somebody asks, the client would unpack them. The library does not sign this header.
          headers: [...Object.entries(request.headers), ["accept-encoding", "identity"]],
          body: bodyOf(request.body),
          signal: watch.signal,
        })
      );
      const { body, status: statusCode } = answer;
      const isObject = request.query?.["x-id"] === "GetObject" && statusCode < 300;
      const headers = headerRecord(answer);
      if (isObject) return { response: { statusCode, headers, body: streamOf(body, watch) } };
      try {
        return { response: { statusCode, headers, body: await watch.during(() => readWhole(body)) } };
      } finally {
        watch.end();
        await body.close();
      }
    } catch (error) {
      watch.end();
      throw tellRetryable(error);
    }
  }

  /** The client of the program is not the library's to end. */
  destroy(): void {}

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}
