/**
 * Answers and handlers inside the HTTP kinds.
 *
 * An answer is plain data until it leaves the server, so that middleware can change it without touching streams. Handlers
 * return it at once whenever they can: the path of a small request has no promise in it.
 */
import type { Exchange } from "./exchange.ts";

/** Bytes or text that are there, bytes that are still to come, or nothing. */
export type AnswerBody = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array> | null;

/** What will be sent. Header names are lower case. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: AnswerBody;
  /** A response that must be returned as it is: the connection was handed over. */
  readonly handedOver?: Response;
}

/** Answers a request. */
export type Handler = (exchange: Exchange) => Answer | Promise<Answer>;

/** A handler around another one. */
export type Middleware = (next: Handler) => Handler;

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

/** A short text. */
export function textAnswer(status: number, text: string): Answer {
  return { status, headers: { "content-type": TEXT }, body: text };
}

/** A JSON document. */
export function jsonAnswer(status: number, document: unknown): Answer {
  return { status, headers: { "content-type": JSON_TYPE }, body: JSON.stringify(document) };
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: null };
}

/** `change` applied to an answer, now or when it is there. */
export function whenAnswered(
  answer: Answer | Promise<Answer>,
  change: (answer: Answer) => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  return answer instanceof Promise ? answer.then(change) : change(answer);
}

/** `handler` inside `middleware`, the first one outermost. */
export function chain(middleware: readonly Middleware[], handler: Handler): Handler {
  return middleware.reduceRight((next, wrap) => wrap(next), handler);
}

/** Adds a name to the `Vary` header. */
export function addVary(answer: Answer, name: string): void {
  const present = answer.headers["vary"];
  if (present === undefined) answer.headers["vary"] = name;
  else if (!present.toLowerCase().split(/\s*,\s*/).includes(name.toLowerCase())) {
    answer.headers["vary"] = `${present}, ${name}`;
  }
}

/** Bytes in the body; undefined when they are still to come. */
export function bodyLength(body: AnswerBody): number | undefined {
  if (body === null) return 0;
  if (typeof body === "string") return utf8Length(body);
  if (body instanceof Uint8Array) return body.length;
  return body instanceof Blob ? body.size : undefined;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two bytes; three from 0x800 on, but a surrogate pair has four in two units.
    length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/** Statuses that never have a body. */
const BODILESS = new Set([204, 205, 304]);

/** The response of the platform. `isHead` keeps the length and drops the body. */
export function responseOf(answer: Answer, isHead: boolean): Response {
  if (answer.handedOver !== undefined) return answer.handedOver;
  const { status, headers } = answer;
  let body = answer.body;
  if (isHead || BODILESS.has(status)) {
    const length = bodyLength(body);
    if (isHead && length !== undefined && headers["content-length"] === undefined) {
      headers["content-length"] = String(length);
    }
    if (body instanceof ReadableStream) void body.cancel();
    body = null;
  }
  return new Response(body, { status, headers });
}
