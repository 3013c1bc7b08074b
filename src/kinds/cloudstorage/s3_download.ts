/**
 * Downloads: the body is handed on part by part, no faster than it is taken.
 *
 * When the connection breaks on the way the rest is asked for again, of the same version of the object: what was written stays.
 */
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { CLOUD_RESUMPTIONS_MAX, Failure } from "../../core/mod.ts";
import type { CloudDownloadOptions } from "../../ports/mod.ts";

/** Asks for an object. */
export type GetObject = (options: CloudDownloadOptions) => Promise<GetObjectCommandOutput>;

/** First and last byte of what an answer holds. */
interface Extent {
  readonly first: number;
  readonly last: number;
}

function extentOf({ ContentLength, ContentRange }: GetObjectCommandOutput): Extent | undefined {
  const range = /^bytes (\d+)-(\d+)\//.exec(ContentRange ?? "");
  if (range !== null) return { first: Number(range[1]), last: Number(range[2]) };
  return ContentLength === undefined ? undefined : { first: 0, last: ContentLength - 1 };
}

/** Where an error came up decides whether asking again can help. */
class WriteFailed {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Writes an object; `get` is asked again for what is left when its connection breaks. */
export async function download(
  get: GetObject,
  options: CloudDownloadOptions,
  write: (part: Uint8Array) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let answer = await get(options);
  const etag = answer.ETag;
  const extent = extentOf(answer);
  let written = 0;
  const take = async (part: Uint8Array): Promise<void> => {
    try {
      await write(part);
    } catch (error) {
      throw new WriteFailed(error);
    }
    written += part.length;
  };
  for (let left = CLOUD_RESUMPTIONS_MAX;; left--) {
    try {
      await pour(answer, take);
      const bytes = extent === undefined ? written : extent.last - extent.first + 1;
      if (written >= bytes) return;
      throw new Failure("Unavailable", `the object ended after ${written} of ${bytes} bytes`, {
        retryable: true,
      });
    } catch (error) {
      if (error instanceof WriteFailed) throw error.cause;
      if (left === 0 || signal?.aborted || extent === undefined || etag === undefined) throw error;
    }
    answer = await get({ range: `bytes=${extent.first + written}-${extent.last}`, ifMatch: etag });
  }
}

async function pour(
  answer: GetObjectCommandOutput,
  write: (part: Uint8Array) => Promise<void>,
): Promise<void> {
  const reader = (answer.Body as ReadableStream<Uint8Array> | undefined)?.getReader();
  try {
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) return;
      await write(part.value);
    }
  } finally {
    // Nothing is left to be told of a body that nobody reads any further.
    await reader?.cancel().catch(() => undefined);
  }
}
