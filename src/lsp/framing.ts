/**
 * Messages on a stream of bytes: `Content-Length` headers and JSON.
 *
 * FR1. A message longer than the limit is refused and passed over without being kept; what follows is read as usual.
 * FR2. A body that is no JSON is refused; what follows is read as usual. Headers that make no sense end the stream: nobody knows
 *      where the next message begins.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-languageserver-protocol/node";
import { joinBytes } from "../core/mod.ts";

/** Bytes both ways. */
export interface ByteChannel {
  /** Called with what comes in; once. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Called when nothing more comes in; once. */
  onClose(listener: () => void): void;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Codes of refusals, as JSON-RPC has them. */
export const PARSE_ERROR = -32700;
/** A message that is none. */
export const INVALID_REQUEST = -32600;

/** Longest headers that are read. */
const HEADER_BYTES_MAX = 4096;

const DECODER = new TextDecoder("utf-8");
const ENCODER = new TextEncoder();

/** What comes of the bytes. */
interface FrameListener {
  message(message: Message): void;
  refuse(code: number, reason: string): void;
  end(): void;
}

/** Cuts messages out of bytes. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #listener: FrameListener;
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Length of the body that is being read; undefined while headers are. */
  #length: number | undefined;
  /** Bytes still to be passed over. */
  #skip = 0;
  #isEnded = false;

  constructor(bytesMax: number, listener: FrameListener) {
    this.#bytesMax = bytesMax;
    this.#listener = listener;
  }

  /** Takes more bytes. */
  push(bytes: Uint8Array): void {
    if (this.#isEnded) return;
    let more = bytes;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, more.length);
      this.#skip -= skipped;
      more = more.subarray(skipped);
    }
    if (more.length > 0) {
      this.#parts.push(more);
      this.#size += more.length;
    }
    while (
      !this.#isEnded && (this.#length === undefined ? this.#readHeaders() : this.#readBody(this.#length))
    );
  }

  /** All bytes at hand as one piece. */
  #whole(): Uint8Array {
    const [first] = this.#parts;
    if (this.#parts.length === 1) return first!;
    const whole = joinBytes(this.#parts);
    this.#parts = [whole];
    return whole;
  }

  #drop(count: number): void {
    const rest = this.#whole().subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }

  #readHeaders(): boolean {
    if (this.#size === 0) return false;
    const whole = this.#whole();
    const end = endOfHeaders(whole);
    if (end === undefined) {
      if (whole.length > HEADER_BYTES_MAX) this.#fail("the headers of a message are too long");
      return false;
    }
    const headers = DECODER.decode(whole.subarray(0, end));
    const length = Number(/^content-length:\s*(\d+)\s*$/im.exec(headers)?.[1] ?? Number.NaN);
    this.#drop(end);
    if (!Number.isSafeInteger(length)) {
      this.#fail("a message without Content-Length");
      return false;
    }
    if (length > this.#bytesMax) {
      this.#listener.refuse(
        INVALID_REQUEST,
        `a message of ${length} bytes; at most ${this.#bytesMax} are read`,
      );
      const skipped = Math.min(length, this.#size);
      this.#drop(skipped);
      this.#skip = length - skipped;
      return this.#skip === 0;
    }
    this.#length = length;
    return true;
  }

  #readBody(length: number): boolean {
    if (this.#size < length) return false;
    const text = DECODER.decode(this.#size === 0 ? new Uint8Array() : this.#whole().subarray(0, length));
    this.#drop(length);
    this.#length = undefined;
    const message = parseMessage(text);
    if (typeof message === "string") this.#listener.refuse(PARSE_ERROR, message);
    else if (message === undefined) this.#listener.refuse(INVALID_REQUEST, "a message is one JSON object");
    else this.#listener.message(message);
    return true;
  }

  #fail(reason: string): void {
    this.#isEnded = true;
    this.#parts = [];
    this.#listener.refuse(PARSE_ERROR, reason);
    this.#listener.end();
  }
}

/** A message; a text that says why it is no JSON; undefined for JSON that is no message. */
export function parseMessage(text: string): Message | string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  const isMessage = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMessage ? value as Message : undefined;
}

function endOfHeaders(bytes: Uint8Array): number | undefined {
  for (let i = 3; i < bytes.length; i++) {
    if (bytes[i] === 10 && bytes[i - 1] === 13 && bytes[i - 2] === 10 && bytes[i - 3] === 13) return i + 1;
  }
  return undefined;
}

/** A message with its header. */
export function frame(message: unknown): Uint8Array {
  const body = ENCODER.encode(JSON.stringify(message));
  const header = ENCODER.encode(`Content-Length: ${body.length}\r\n\r\n`);
  return joinBytes([header, body]);
}

/** Reads the messages of a channel. What is refused is answered on the channel itself. */
export class ChannelReader extends AbstractMessageReader implements MessageReader {
  readonly #channel: ByteChannel;
  readonly #bytesMax: number;

  constructor(channel: ByteChannel, bytesMax: number) {
    super();
    this.#channel = channel;
    this.#bytesMax = bytesMax;
  }

  listen(callback: DataCallback): Disposable {
    const reader = new FrameReader(this.#bytesMax, {
      message: callback,
      refuse: (code, message) =>
        this.#channel.write(frame({ jsonrpc: "2.0", id: null, error: { code, message } })),
      end: () => this.#channel.close(),
    });
    this.#channel.onData((bytes) => reader.push(bytes));
    this.#channel.onClose(() => this.fireClose());
    return { dispose: () => {} };
  }
}

/** Writes messages to a channel. */
export class ChannelWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #channel: ByteChannel;

  constructor(channel: ByteChannel) {
    super();
    this.#channel = channel;
  }

  write(message: Message): Promise<void> {
    this.#channel.write(frame(message));
    return Promise.resolve();
  }

  end(): void {}
}
