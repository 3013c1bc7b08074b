/**
 * Uploads: small content in one request, large content in parts that the service puts together.
 *
 * U1. At most `CLOUD_PARTS_AT_ONCE` parts are in memory, whatever the size of the content.
 * U2. An upload in parts that is not finished is given up at the service: what was sent costs nothing and is never seen.
 * U3. A condition is the service's to keep, when the object appears; of a large one it is also asked for before anything is sent.
 */
import type { PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { CLOUD_PART_BYTES, CLOUD_PARTS_AT_ONCE, CLOUD_PARTS_MAX, Failure } from "../../core/mod.ts";
import type { ByteStream, CloudUploadOptions } from "../../ports/mod.ts";
import { refusalOf } from "../aws/failure.ts";
import { type S3Library, sendHeaders } from "./s3_library.ts";

/** Headers that belong to every request of an upload in parts; all others to the one that begins it. */
const OF_EVERY_PART = /^x-amz-(server-side-encryption-customer-|request-payer$|expected-bucket-owner$)/;
/** Content of unknown length may turn out long: later parts are larger. */
const GROWTH_AFTER_PARTS = 1000;
const STREAM_READ_BYTES = 256 * 1024;

/** Where an upload goes. */
export interface UploadTarget {
  readonly library: S3Library;
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

/** A part as the service knows it. */
interface SentPart {
  readonly ETag: string | undefined;
  readonly PartNumber: number;
}

/** Content that is taken in parts. */
class PartSource {
  readonly #content: Uint8Array | ByteStream;
  readonly #bytes: number;
  #taken = 0;
  #parts = 0;
  /** Of parts that were sent: the garbage of large buffers is collected late. */
  readonly #buffers: Uint8Array[] = [];

  constructor(content: Uint8Array | ByteStream) {
    this.#content = content;
    const isStream = !(content instanceof Uint8Array);
    this.#bytes = !isStream ? content.length : content.size < 0 ? -1 : content.size - content.position;
    if (isStream && content.read === undefined) {
      throw new Failure("Invalid", "content is not readable", { retryable: false });
    }
  }

  /** The next part, shorter than `partBytes` at the end only; empty behind it. */
  async next(): Promise<{ bytes: Uint8Array; isLast: boolean }> {
    const size = this.#partBytes();
    this.#parts++;
    const bytes = this.#content instanceof Uint8Array
      ? this.#content.subarray(this.#taken, this.#taken + size)
      : await this.#read(this.#content, size);
    this.#taken += bytes.length;
    return { bytes, isLast: bytes.length < size };
  }

  /** Takes back what `next` gave, when nobody reads it any more. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(this.#content instanceof Uint8Array)) this.#buffers.push(new Uint8Array(buffer));
  }

  /** Up to `size` bytes, fewer at the end of the stream only. */
  async #read(stream: ByteStream, size: number): Promise<Uint8Array> {
    // A stream may turn out longer than it said, as files of the system do that say nothing.
    const expected = this.#bytes < 0 ? size : this.#bytes - this.#taken + 1;
    let buffer = this.#buffer(Math.min(size, Math.max(1, expected)));
    let filled = 0;
    while (filled < size) {
      const piece = await stream.read!(Math.min(size - filled, STREAM_READ_BYTES));
      if (piece === null) break;
      if (filled + piece.length > buffer.length) {
        const larger = this.#buffer(size);
        larger.set(buffer.subarray(0, filled));
        buffer = larger;
      }
      buffer.set(piece, filled);
      filled += piece.length;
    }
    return buffer.subarray(0, filled);
  }

  #buffer(size: number): Uint8Array {
    const buffer = this.#buffers.pop();
    return buffer === undefined || buffer.length < size ? new Uint8Array(size) : buffer.subarray(0, size);
  }

  #partBytes(): number {
    if (this.#bytes >= 0) return Math.max(CLOUD_PART_BYTES, Math.ceil(this.#bytes / CLOUD_PARTS_MAX));
    return CLOUD_PART_BYTES * (1 + Math.floor(this.#parts / GROWTH_AFTER_PARTS));
  }
}

function inputOf({ bucket, key }: UploadTarget, options: CloudUploadOptions): PutObjectCommandInput {
  return {
    Bucket: bucket,
    Key: key,
    ContentType: options.contentType,
    CacheControl: options.cacheControl,
    ContentDisposition: options.contentDisposition,
    ContentEncoding: options.contentEncoding,
    Metadata: options.metadata,
  };
}

function conditionsOf(
  { ifMatch, ifNoneMatch }: CloudUploadOptions,
): Pick<PutObjectCommandInput, "IfMatch" | "IfNoneMatch"> {
  return {
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch }),
  };
}

/** Uploads `content` from where it stands; what it throws is the library's, or the content's. */
export async function upload(
  target: UploadTarget,
  content: Uint8Array | ByteStream,
  options: CloudUploadOptions,
): Promise<void> {
  const source = new PartSource(content);
  const first = await source.next();
  if (!first.isLast) return await uploadParts(target, source, first.bytes, options);
  const { client, library: { PutObjectCommand }, signal } = target;
  const command = new PutObjectCommand({
    ...inputOf(target, options),
    ...conditionsOf(options),
    Body: first.bytes,
  });
  sendHeaders(command, options.headers ?? {});
  await client.send(command, { abortSignal: signal });
}

async function uploadParts(
  target: UploadTarget,
  source: PartSource,
  first: Uint8Array,
  options: CloudUploadOptions,
): Promise<void> {
  const { bucket, client, key, library, signal } = target;
  await checkCondition(target, options);
  const begin = new library.CreateMultipartUploadCommand(inputOf(target, options));
  sendHeaders(begin, options.headers ?? {});
  const { UploadId } = await client.send(begin, { abortSignal: signal });
  const place = { Bucket: bucket, Key: key, UploadId };
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).filter(([name]) => OF_EVERY_PART.test(name)),
  );
  try {
    const Parts = await sendParts(source, first, async (Body, PartNumber) => {
      const part = new library.UploadPartCommand({ ...place, PartNumber, Body });
      sendHeaders(part, headers);
      const { ETag } = await client.send(part, { abortSignal: signal });
      return { ETag, PartNumber };
    });
    const end = new library.CompleteMultipartUploadCommand({
      ...place,
      ...conditionsOf(options),
      MultipartUpload: { Parts },
    });
    sendHeaders(end, headers);
    await client.send(end, { abortSignal: signal });
  } catch (error) {
    // Without the caller's signal: it may be what ended the upload. What keeps the parts from being dropped is not his concern.
    await client.send(new library.AbortMultipartUploadCommand(place)).catch(() => undefined);
    throw error;
  }
}

/** Sends all parts, several at a time; after a failure no other one begins. */
async function sendParts(
  source: PartSource,
  first: Uint8Array,
  send: (bytes: Uint8Array, number: number) => Promise<SentPart>,
): Promise<SentPart[]> {
  const sent: SentPart[] = [];
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let part = { bytes: first, isLast: false };
  for (let number = 1; part.bytes.length > 0 && failures.length === 0; number++) {
    if (number > CLOUD_PARTS_MAX) {
      failures.push(new Failure("LimitExceeded", "content is too long for one object", { retryable: false }));
      break;
    }
    const { bytes } = part;
    const work: Promise<void> = send(bytes, number).then(
      (done) => {
        sent[number - 1] = done;
        source.giveBack(bytes);
      },
      (error: unknown) => void failures.push(error),
    ).finally(() => running.delete(work));
    running.add(work);
    if (part.isLast) break;
    if (running.size >= CLOUD_PARTS_AT_ONCE) await Promise.race(running);
    try {
      part = await source.next();
    } catch (error) {
      failures.push(error);
    }
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
  return sent;
}

/** Refuses as the service would at the end, before gigabytes have been sent. */
async function checkCondition(
  target: UploadTarget,
  { ifMatch, ifNoneMatch }: CloudUploadOptions,
): Promise<void> {
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const { bucket, client, key, library, signal } = target;
  const head = new library.HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    ...conditionsOf({ ifMatch, ifNoneMatch: ifNoneMatch === "*" ? undefined : ifNoneMatch }),
  });
  try {
    await client.send(head, { abortSignal: signal });
  } catch (error) {
    if (refusalOf(error).status === 404 && ifMatch === undefined) return;
    throw error;
  }
  if (ifNoneMatch === "*") throw new Failure("Conflict", "precondition_failed", { retryable: false });
}
