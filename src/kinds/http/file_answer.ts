/**
 * Files as answers: types, validators, conditions and ranges, for static mounts and `X-Sendfile`.
 *
 * FA1. A small file is sent whole, a large one piece by piece: no file is ever read into memory as a whole because of its
 *      size.
 * FA2. One range is served; a request for several gets the whole file, which is always allowed.
 */
import { getMimeType } from "hono/utils/mime";
import type { FileInfo, FileSystem } from "../../ports/mod.ts";
import { type Answer, type AnswerBody, emptyAnswer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";

/** Files up to this size are read at once. */
const WHOLE_FILE_BYTES_MAX = 256 * 1024;
const PIECE_BYTES = 64 * 1024;
const OCTETS = "application/octet-stream";

/** The answer to a request for `path`, whose facts are `info`. */
export function fileAnswer(exchange: Exchange, files: FileSystem, path: string, info: FileInfo): Answer {
  const headers: Record<string, string> = {
    "content-type": getMimeType(info.name) ?? OCTETS,
    "last-modified": new Date(info.modifiedMs).toUTCString(),
    etag: info.tag === undefined
      ? `W/"${info.size.toString(16)}-${Math.trunc(info.modifiedMs).toString(16)}"`
      : `"${info.tag}"`,
    "accept-ranges": "bytes",
  };
  if (isUnchanged(exchange, headers, info)) {
    delete headers["content-type"];
    return emptyAnswer(304, headers);
  }
  const range = wantedRange(exchange, headers, info);
  if (range === "unsatisfiable") {
    return emptyAnswer(416, { "content-range": `bytes */${info.size}`, "accept-ranges": "bytes" });
  }
  const { start, end } = range ?? { start: 0, end: info.size };
  const body = contents(exchange, files, path, { start, end, size: info.size });
  // Else the platform would name the file.
  if (body instanceof Blob) headers["content-disposition"] = "inline";
  if (range === undefined) {
    headers["content-length"] = String(info.size);
    return { status: 200, headers, body };
  }
  headers["content-range"] = `bytes ${start}-${end - 1}/${info.size}`;
  headers["content-length"] = String(end - start);
  return { status: 206, headers, body };
}

/** `If-None-Match`, else `If-Modified-Since`. */
function isUnchanged(exchange: Exchange, headers: Record<string, string>, info: FileInfo): boolean {
  const tags = exchange.header("if-none-match");
  if (tags !== undefined) return tags.trim() === "*" || splitTags(tags).includes(weak(headers["etag"]!));
  const since = exchange.header("if-modified-since");
  if (since === undefined) return false;
  // Header dates have whole seconds.
  return Math.floor(info.modifiedMs / 1000) * 1000 <= Date.parse(since);
}

function splitTags(tags: string): string[] {
  return tags.split(",").map((tag) => weak(tag.trim()));
}

function weak(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

type Range = { start: number; end: number };

function wantedRange(
  exchange: Exchange,
  headers: Record<string, string>,
  info: FileInfo,
): Range | "unsatisfiable" | undefined {
  const written = exchange.header("range");
  if (written === undefined || (exchange.method !== "GET" && exchange.method !== "HEAD")) return undefined;
  const condition = exchange.header("if-range");
  if (condition !== undefined && condition !== headers["last-modified"] && condition !== headers["etag"]) {
    return undefined;
  }
  const match = /^bytes=(\d*)-(\d*)$/.exec(written.replaceAll(" ", ""));
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const { size } = info;
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Number(match[2]);
  if (match[2] !== "" && last < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end: Math.min(last + 1, size) };
}

function contents(
  exchange: Exchange,
  files: FileSystem,
  path: string,
  part: Range & { size: number },
): AnswerBody {
  const { start, end, size } = part;
  if (exchange.method === "HEAD") return null;
  if (start === 0 && end <= WHOLE_FILE_BYTES_MAX) {
    const bytes = files.readFile(path);
    // Should it have grown since it was looked at, the announced length still holds.
    return bytes.subarray(0, end) as Uint8Array<ArrayBuffer>;
  }
  // Asked for a range of a whole file the platform would grant it, whatever was decided here.
  const isRisky = start === 0 && end === size && exchange.header("range") !== undefined;
  const system = isRisky ? undefined : files.systemPath?.(path);
  const body = system === undefined ? undefined : exchange.server.fileBody(system, start, end);
  return body ?? pieces(files, path, start, end);
}

function pieces(files: FileSystem, path: string, start: number, end: number): ReadableStream<Uint8Array> {
  const file = files.open(path, "r");
  let position = start;
  const stop = (): void => file.close();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, end - position));
      const count = piece.length === 0 ? 0 : file.read(piece, position);
      if (count > 0) {
        position += count;
        controller.enqueue(piece.subarray(0, count));
      }
      if (count === 0 || position >= end) {
        stop();
        controller.close();
      }
    },
    cancel: stop,
  }, { highWaterMark: 0 });
}
