/**
 * The response while a handler writes it.
 *
 * Owns status, headers and what was written; turning it into an answer belongs to `invoke`.
 *
 * W1. Status and headers are fixed by the first write or flush.
 * W2. What is written is kept until the handler flushes, writes much or ends. From then on it is a stream, and writing waits
 *     while the client reads slower than the handler writes.
 * W3. When the client is gone writing fails, and the handler is cancelled.
 */
import { Failure, HTTP_RESPONSE_QUEUED_BYTES_MAX, joinBytes } from "../../core/mod.ts";
import type { ByteStream, HttpResponseWriter } from "../../ports/mod.ts";
import type { Answer } from "./answer.ts";

const STATUS_MIN = 200;
const STATUS_MAX = 599;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// deno-lint-ignore no-control-regex
const BAD_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
// deno-lint-ignore no-control-regex
const BEYOND_ASCII = /[^\x00-\x7f]/;

const EVENT_COMMENT = ":\n\n";

const encoder = new TextEncoder();

type Chunk = string | Uint8Array;

function late(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false, details: { type: "INVALID_STATE" } });
}

/** A header value whose characters stand for bytes, as the platform wants it. */
export function headerBytes(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  let text = "";
  for (const byte of encoder.encode(value)) text += String.fromCharCode(byte);
  return text;
}

/** The text of a header value that was set by `headerBytes`. */
export function textOfHeader(value: string): string {
  if (!BEYOND_ASCII.test(value)) return value;
  return new TextDecoder().decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
}

/** What the stream of a response needs from the connection. */
export interface StreamOwner {
  /** The stream is read for the first time. */
  streamBegan(): void;
  /** The stream is about to end in good order. */
  streamEnds(): void;
  /** The client has taken everything that was written. */
  taken?(): void;
  /** The client stopped reading. */
  clientGone(): void;
}

/** The response of one request. */
export class ResponseWriter implements HttpResponseWriter {
  status = 0;
  readonly headers: Record<string, string> = {};
  headersSent = false;
  handled = false;
  /** True once the response is a stream. */
  isStreaming = false;
  /** Called when it has become clear that the response must be streamed. */
  onStream: (() => void) | undefined;
  #mode: "buffer" | "chunked" | "sse" = "buffer";
  #wantsStream = false;
  #queue: Chunk[] = [];
  #queuedBytes = 0;
  #state: "open" | "ended" | "broken" = "open";
  #reading: (() => void) | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #drained: (() => void)[] = [];

  /** Chunks that wait to be read. */
  get queuedChunks(): number {
    return this.#queue.length;
  }

  /** Bytes that wait to be read. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** True while the client waits for more. */
  get isAwaited(): boolean {
    return this.#reading !== undefined;
  }

  /** True once the response can't stay in memory until its end. */
  get wantsStream(): boolean {
    return this.#wantsStream;
  }

  setStatus(status: number): void {
    if (this.headersSent) throw late("cannot set status after headers are sent");
    if (!Number.isInteger(status) || status < STATUS_MIN || status > STATUS_MAX) {
      throw late(`status ${status} is not between ${STATUS_MIN} and ${STATUS_MAX}`);
    }
    this.status = status;
  }

  setHeader(name: string, value: string): void {
    if (this.headersSent) throw late("cannot set headers after they are sent");
    this.#header(name, value);
    this.handled = true;
  }

  setContentType(value: string): void {
    if (this.headersSent) throw late("cannot set content type after headers are sent");
    this.#header("content-type", value);
  }

  #header(name: string, value: string): void {
    if (!HEADER_NAME.test(name)) throw late(`invalid header name "${name}"`);
    if (BAD_IN_VALUE.test(value)) throw late(`invalid value of header ${name}`);
    this.headers[name.toLowerCase()] = headerBytes(value.trim());
  }

  setTransfer(mode: "chunked" | "sse"): void {
    if (this.headersSent) throw late("cannot set transfer mode after headers are sent");
    this.#mode = mode;
    if (mode === "sse") this.#beginEvents();
  }

  #beginEvents(): void {
    this.#mode = "sse";
    this.headers["content-type"] = "text/event-stream";
    this.headers["cache-control"] = "no-cache";
    this.headers["connection"] = "keep-alive";
  }

  write(data: Uint8Array | string): void | Promise<void> {
    if (this.#state !== "open") throw this.#unwritable();
    this.headersSent = true;
    this.handled = true;
    if (data.length > 0) {
      this.#queue.push(data);
      this.#queuedBytes += data.length;
    }
    this.#wake();
    if (this.#queuedBytes <= HTTP_RESPONSE_QUEUED_BYTES_MAX) return;
    this.#stream();
    return new Promise((resolve, reject) => {
      this.#drained.push(() => this.#state === "broken" ? reject(this.#unwritable()) : resolve());
    });
  }

  flush(): void {
    if (this.#state !== "open") throw this.#unwritable();
    // Some servers keep the headers until there is a body; a comment is one that means nothing.
    if (this.#mode === "sse" && !this.headersSent) this.#queue.push(EVENT_COMMENT);
    this.headersSent = true;
    this.handled = true;
    this.#stream();
  }

  event(name: string, data: string): void | Promise<void> {
    if (this.#state !== "open") throw this.#unwritable();
    if (this.#mode !== "sse") {
      if (this.headersSent) throw late("cannot switch to SSE mode after headers are sent");
      this.#beginEvents();
    }
    this.#wantsStream = true;
    const written = this.write(eventText(name, data));
    this.flush();
    return written;
  }

  stream(): ByteStream {
    return new WriterStream(this);
  }

  #stream(): void {
    if (this.#wantsStream && this.onStream === undefined) return;
    this.#wantsStream = true;
    const begin = this.onStream;
    this.onStream = undefined;
    begin?.();
  }

  #unwritable(): Failure {
    const reason = this.#state === "broken" ? "client disconnected" : "response has ended";
    return new Failure("Internal", `write failed: ${reason}`, {
      retryable: false,
      details: { type: "WRITE_FAILED" },
    });
  }

  /** Nothing more will be written. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#wake();
  }

  /** The client is gone, or waits no longer. */
  break(): void {
    if (this.#state !== "open") return;
    this.#state = "broken";
    this.#queue = [];
    this.#wake();
    this.#release();
  }

  /** Disconnects a client in the midst of its stream. */
  cut(reason: string): void {
    this.break();
    this.#controller?.error(new Failure("Internal", reason));
  }

  /** Everything written, when the handler has ended and nothing was streamed. */
  whole(): Answer {
    const body = joinText(this.#queue);
    return { status: this.status || 200, headers: this.#finalHeaders(body), body };
  }

  /** The response as a stream of what was and will be written. */
  streamed(owner: StreamOwner): Answer {
    let isFirst = true;
    this.isStreaming = true;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async (controller) => {
        if (isFirst) {
          isFirst = false;
          owner.streamBegan();
        }
        while (this.#queue.length === 0 && this.#state === "open") {
          await new Promise<void>((resolve) => this.#reading = resolve);
        }
        if (this.#queue.length > 0) {
          controller.enqueue(this.#take());
          owner.taken?.();
          return;
        }
        owner.streamEnds();
        controller.close();
      },
      cancel: () => {
        this.break();
        owner.clientGone();
      },
    }, { highWaterMark: 0 });
    return { status: this.status || 200, headers: this.#finalHeaders(this.#queue[0] ?? null), body };
  }

  #finalHeaders(body: Chunk | null): Record<string, string> {
    if (this.headers["content-type"] === undefined && body !== null && body.length > 0) {
      this.headers["content-type"] = sniffedType(body);
    }
    return this.headers;
  }

  #take(): Uint8Array {
    const taken = bytesOf(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#release();
    return taken;
  }

  #release(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resume of waiting) resume();
  }

  #wake(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.();
  }
}

/** One server-sent event. */
export function eventText(name: string, data: string): string {
  const lines = data.includes("\n")
    ? data.split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`).join("")
    : `data: ${data}\n`;
  return `event: ${name}\n${lines}\n`;
}

function joinText(chunks: readonly Chunk[]): string | Uint8Array<ArrayBuffer> | null {
  if (chunks.length === 0) return null;
  if (chunks.length === 1) return chunks[0] as string | Uint8Array<ArrayBuffer>;
  return chunks.every((chunk) => typeof chunk === "string") ? chunks.join("") : bytesOf(chunks);
}

function bytesOf(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const parts = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return parts.length === 1 ? parts[0] as Uint8Array<ArrayBuffer> : joinBytes(parts);
}

const SNIFFED: readonly [RegExp, string][] = [
  [/^\s*(<!doctype html|<html|<head|<body|<!--)/i, "text/html; charset=utf-8"],
  [/^\s*<\?xml/i, "text/xml; charset=utf-8"],
];

/** The type of a body for which none was set. */
function sniffedType(body: Chunk): string {
  if (typeof body !== "string") return "application/octet-stream";
  return SNIFFED.find(([pattern]) => pattern.test(body))?.[1] ?? "text/plain; charset=utf-8";
}

/** The response as a stream that a handler may pass on. */
class WriterStream implements ByteStream {
  readonly size = -1;
  position = 0;
  readonly #writer: ResponseWriter;

  constructor(writer: ResponseWriter) {
    this.#writer = writer;
  }

  write(data: Uint8Array): number | Promise<number> {
    // The caller may reuse its buffer.
    const written = this.#writer.write(data.slice());
    this.position += data.length;
    return written === undefined ? data.length : written.then(() => data.length);
  }

  flush(): void {
    this.#writer.flush();
  }

  /** The response goes on: its handler may write more. */
  close(): void {}
}
