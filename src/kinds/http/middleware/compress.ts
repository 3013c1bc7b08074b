/** `compress`: gzip for clients that accept it. */
import type { Compression, CompressionEffort } from "../../../ports/mod.ts";
import { addVary, type Answer, bodyLength, whenAnswered } from "../answer.ts";
import { defineMiddleware } from "./definition.ts";

const MIN_LENGTH = 1024;
/** Bodies up to this size are compressed at once; larger ones piece by piece, so that others get their turn. */
const AT_ONCE_BYTES_MAX = 256 * 1024;
const PIECE_BYTES = 64 * 1024;
/** What does not get smaller. */
const COMPRESSED_TYPES =
  /^(image\/(?!svg)|video\/|audio\/|font\/woff|application\/(zip|gzip|x-gzip|zstd|x-7z|x-rar|pdf|wasm))/;

const encoder = new TextEncoder();

/** Whether `Accept-Encoding` allows gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  let any = false;
  for (const item of header.toLowerCase().split(",")) {
    const [name, ...parameters] = item.split(";").map((part) => part.trim());
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (name === "gzip" || name === "x-gzip") return !refused;
    if (name === "*") any = !refused;
  }
  return any;
}

function isCompressible(answer: Answer, isHead: boolean): boolean {
  if (answer.handedOver !== undefined || answer.body === null || isHead) return false;
  const { headers, status } = answer;
  if (status === 204 || status === 206 || status === 304) return false;
  if (headers["content-encoding"] !== undefined) return false;
  if (/\bno-transform\b/.test(headers["cache-control"] ?? "")) return false;
  const type = headers["content-type"] ?? "";
  // Events are small and must not wait for each other.
  return !type.startsWith("text/event-stream") && !COMPRESSED_TYPES.test(type);
}

function pieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.subarray(position, position + PIECE_BYTES));
      position += PIECE_BYTES;
      if (position >= bytes.length) controller.close();
    },
  });
}

function compress(answer: Answer, compression: Compression, effort: CompressionEffort): Answer {
  const { body } = answer;
  const data = typeof body === "string" ? encoder.encode(body) : body;
  if (data instanceof Uint8Array) {
    answer.body = data.length <= AT_ONCE_BYTES_MAX
      ? compression.gzip(data, effort)
      : compression.gzipStream(pieces(data), effort);
  } else answer.body = compression.gzipStream(data instanceof Blob ? data.stream() : data!, effort);
  const { headers } = answer;
  headers["content-encoding"] = "gzip";
  delete headers["content-length"];
  // Ranges count bytes of the file, which is not what is sent.
  delete headers["accept-ranges"];
  const { etag } = headers;
  if (etag !== undefined && !etag.startsWith("W/")) headers["etag"] = `W/${etag}`;
  return answer;
}

/** Gzip for clients that accept it. */
export const compressMiddleware = defineMiddleware({
  name: "compress",
  prefix: "compress",
  create({ options, services }) {
    const effort = options.choice("level", ["fastest", "default", "best"] as const, "default");
    const min = options.integer("min.length", MIN_LENGTH, 0);
    const { compression } = services.ports;
    return (next) => (exchange) =>
      whenAnswered(next(exchange), (answer) => {
        if (!isCompressible(answer, exchange.method === "HEAD")) return answer;
        const announced = answer.headers["content-length"];
        const length = bodyLength(answer.body) ?? (announced === undefined ? undefined : Number(announced));
        if (length !== undefined && length < min) return answer;
        addVary(answer, "Accept-Encoding");
        return acceptsGzip(exchange.header("accept-encoding"))
          ? compress(answer, compression, effort)
          : answer;
      });
  },
});
