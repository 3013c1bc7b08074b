/** One HTTP request and its response, as the `http` module sees them. Provided by the HTTP kinds. */
import type { ByteStream } from "./byte_stream.ts";
import { defineAttachment } from "./runtime.ts";

/** A request being answered. Header names are case-insensitive. */
export interface HttpExchange {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  /** Query text without `?`. */
  readonly search: string;
  /** `Host` header as sent. */
  readonly host: string;
  /** `ip:port`. */
  readonly remoteAddress: string;
  readonly params: Record<string, string>;
  /** Value of a request header, several joined with `, `; undefined when absent. */
  header(name: string): string | undefined;
  /** -1 when unknown. */
  readonly contentLength: number;
  /** Whole body; Invalid `request body too large`, Internal `failed to read body`. Synchronous when already there. */
  body(options: { bytesMax: number; timeoutMs: number }): Uint8Array | Promise<Uint8Array>;
  /** The body as it arrives; can be had once. `timeoutMs` bounds the whole reading. */
  bodyStream(options?: { timeoutMs?: number }): ByteStream;
  readonly response: HttpResponseWriter;
}

/** The response. Every method throws Invalid when it comes too late (see features http.res.late). */
export interface HttpResponseWriter {
  readonly headersSent: boolean;
  /** True once the handler set a header, wrote, flushed or sent an event. */
  readonly handled: boolean;
  setStatus(status: number): void;
  setHeader(name: string, value: string): void;
  /** Like `setHeader("Content-Type", ...)`, but does not count as handling the request. */
  setContentType(value: string): void;
  setTransfer(mode: "chunked" | "sse"): void;
  write(data: Uint8Array | string): void | Promise<void>;
  flush(): void | Promise<void>;
  /** Writes one server-sent event; the first call switches to SSE. */
  event(name: string, data: string): void | Promise<void>;
  stream(): ByteStream;
}

/** The exchange a handler works on. */
export const HttpExchangeAttachment = defineAttachment<HttpExchange>("http.exchange");
