/**
 * The language server over HTTP: one JSON-RPC message per POST, its answer as the response.
 *
 * HT1. All requests are one conversation: whoever posts shares the open documents.
 * HT2. A notification is answered with 204. What the server would tell unasked is not told: it is asked for (`textDocument/diagnostic`).
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
} from "vscode-languageserver-protocol/node";
import { INVALID_REQUEST, PARSE_ERROR, parseMessage } from "./framing.ts";

/** How the address is spoken to. */
export interface HttpTransportOptions {
  readonly path: string;
  /** The origin that browsers may come from. */
  readonly allowOrigin: string;
  readonly messageBytesMax: number;
}

type Id = string | number;

/** One conversation whose messages come by POST. */
export class HttpTransport {
  readonly reader: PostReader;
  readonly writer: PostWriter;
  readonly #options: HttpTransportOptions;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.reader = new PostReader();
    this.writer = new PostWriter();
  }

  /** Answers one HTTP request. */
  async handle(request: Request): Promise<Response> {
    const { path, allowOrigin, messageBytesMax } = this.#options;
    const headers = {
      "access-control-allow-origin": allowOrigin,
      "access-control-allow-methods": "POST, OPTIONS",
      "access-control-allow-headers": "content-type",
    };
    if (new URL(request.url).pathname !== path) return new Response("Not Found\n", { status: 404, headers });
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers });
    if (request.method !== "POST") {
      return new Response("Method Not Allowed\n", {
        status: 405,
        headers: { ...headers, allow: "POST, OPTIONS" },
      });
    }
    const answer = (body: unknown, status = 200): Response =>
      new Response(JSON.stringify(body), {
        status,
        headers: { ...headers, "content-type": "application/json" },
      });
    const refusal = (code: number, message: string, status: number): Response =>
      answer({ jsonrpc: "2.0", id: null, error: { code, message } }, status);
    const bytes = await request.bytes();
    if (bytes.length > messageBytesMax) {
      return refusal(
        INVALID_REQUEST,
        `a message of ${bytes.length} bytes; at most ${messageBytesMax} are read`,
        413,
      );
    }
    const message = parseMessage(new TextDecoder().decode(bytes));
    if (typeof message === "string") return refusal(PARSE_ERROR, message, 400);
    if (message === undefined) return refusal(INVALID_REQUEST, "a message is one JSON object", 400);
    const { id } = message as { id?: Id | null };
    if (!("method" in message) || id === null || id === undefined) {
      this.reader.take(message);
      return new Response(null, { status: 204, headers });
    }
    return answer(await this.#ask(message, id));
  }

  /** Each request gets an id of its own here: two clients may use the same. */
  async #ask(message: Message, id: Id): Promise<unknown> {
    const { own, answered } = this.writer.expect();
    this.reader.take({ ...message, id: own } as Message);
    return { ...await answered, id };
  }

  close(): void {
    this.reader.close();
  }
}

class PostReader extends AbstractMessageReader {
  #callback: DataCallback | undefined;

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    return { dispose: () => {} };
  }

  take(message: Message): void {
    this.#callback?.(message);
  }

  close(): void {
    this.fireClose();
  }
}

class PostWriter extends AbstractMessageWriter {
  readonly #waiting = new Map<number, (message: object) => void>();
  #last = 0;

  /** An id, and the answer that will come under it. */
  expect(): { own: number; answered: Promise<object> } {
    const own = ++this.#last;
    return { own, answered: new Promise((resolve) => this.#waiting.set(own, resolve)) };
  }

  write(message: Message): Promise<void> {
    const { id } = message as { id?: number };
    if (id !== undefined && !("method" in message)) {
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    }
    return Promise.resolve();
  }

  end(): void {}
}
