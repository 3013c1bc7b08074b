/** Bodies of requests: as given, as a form, or as a form with files. */
import type { ByteStream } from "../../src/ports/mod.ts";
import type { FilePart, RequestOptions, Text } from "./options.ts";
import { encodeUri } from "./uri.ts";

/** A body and its content type, when it has one of its own. */
export interface Body {
  readonly content: Uint8Array | ByteStream | undefined;
  readonly contentType: string | undefined;
  /** Whether it can be sent again. */
  readonly isRepeatable: boolean;
}

const ENCODER = new TextEncoder();
const CRLF = "\r\n";

function bytesOf(text: Text): Uint8Array {
  return typeof text === "string" ? ENCODER.encode(text) : text;
}

/** The body that the options describe. `boundary` separates the parts of a form with files. */
export function bodyOf(options: RequestOptions, boundary: string): Body {
  const { body, files, form } = options;
  if (files.length > 0) {
    const parts = partsOf(form ?? [], files, boundary);
    const isRepeatable = parts.every((part) => part instanceof Uint8Array);
    return {
      content: new PartsStream(parts),
      contentType: `multipart/form-data; boundary=${boundary}`,
      isRepeatable,
    };
  }
  if (form !== undefined) {
    return {
      content: ENCODER.encode(encodePairs(form)),
      contentType: "application/x-www-form-urlencoded",
      isRepeatable: true,
    };
  }
  return {
    content: body === undefined ? undefined : bytesOf(body),
    contentType: undefined,
    isRepeatable: true,
  };
}

/** Names and values as a query. */
export function encodePairs(pairs: readonly (readonly [string, Text])[]): string {
  return pairs.map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`).join("&");
}

function quoted(name: string): string {
  return `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(/[\r\n]/g, "")}"`;
}

function partsOf(
  form: readonly (readonly [string, Text])[],
  files: readonly FilePart[],
  boundary: string,
): (Uint8Array | ByteStream)[] {
  const parts: (Uint8Array | ByteStream)[] = [];
  const disposition = (name: string): string =>
    `--${boundary}${CRLF}Content-Disposition: form-data; name=${quoted(name)}`;
  for (const [name, value] of form) {
    parts.push(ENCODER.encode(disposition(name) + CRLF + CRLF), bytesOf(value), ENCODER.encode(CRLF));
  }
  for (const { name, filename, content } of files) {
    const head = `${disposition(name)}; filename=${quoted(filename)}${CRLF}` +
      `Content-Type: application/octet-stream${CRLF}${CRLF}`;
    const isBytes = typeof content === "string" || content instanceof Uint8Array;
    parts.push(ENCODER.encode(head), isBytes ? bytesOf(content) : content, ENCODER.encode(CRLF));
  }
  parts.push(ENCODER.encode(`--${boundary}--${CRLF}`));
  return parts;
}

/** Pieces one after the other. */
class PartsStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #parts: readonly (Uint8Array | ByteStream)[];
  #index = 0;
  #offset = 0;

  constructor(parts: readonly (Uint8Array | ByteStream)[]) {
    this.#parts = parts;
    let size = 0;
    for (const part of parts) {
      const bytes = part instanceof Uint8Array
        ? part.length
        : part.size < 0
        ? NaN
        : part.size - part.position;
      size += bytes;
    }
    this.size = Number.isNaN(size) ? -1 : size;
  }

  async read(size: number): Promise<Uint8Array | null> {
    for (;;) {
      const part = this.#parts[this.#index];
      if (part === undefined) return null;
      const piece = part instanceof Uint8Array
        ? part.subarray(this.#offset, this.#offset + size)
        : await part.read!(size);
      if (piece !== null && piece.length > 0) {
        this.#offset += piece.length;
        this.position += piece.length;
        return piece;
      }
      this.#index++;
      this.#offset = 0;
    }
  }

  /** From the start, for bytes alone. */
  rewind(): void {
    this.#index = this.#offset = this.position = 0;
  }

  close(): void {
    this.#index = this.#parts.length;
  }
}

/** Makes a repeatable body ready to be sent once more. */
export function rewind({ content }: Body): void {
  if (content instanceof PartsStream) content.rewind();
}
