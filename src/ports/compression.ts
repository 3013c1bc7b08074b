/** Compression by the runtime's own library. */

/** How hard to try: quickest, balanced, smallest. */
export type CompressionEffort = "fastest" | "default" | "best";

/** Gzip. */
export interface Compression {
  gzip(data: Uint8Array, effort: CompressionEffort): Uint8Array<ArrayBuffer>;
  /** Compresses a stream; what has been read can be decompressed at once, chunk by chunk. */
  gzipStream(data: ReadableStream<Uint8Array>, effort: CompressionEffort): ReadableStream<Uint8Array>;
}
