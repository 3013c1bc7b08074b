/** Compression by the runtime's own library, and streams that behave the same on every runtime. */

/** How hard to try: quickest, balanced, smallest. */
export type CompressionEffort = "fastest" | "default" | "best";

/** Formats of compressed data. `deflate` is raw. */
export type CodecName = "gzip" | "deflate" | "zlib" | "brotli" | "zstd";

/** What one step of a stream did. */
export interface CodecStep {
  /** Bytes taken of the input. */
  readonly consumed: number;
  readonly output: Uint8Array;
  /** True when the compressed stream has ended, whether or not more input follows. */
  readonly ended: boolean;
}

/**
 * A stream being compressed or decompressed. A step takes what it can of the input and gives a bounded output; a step that
 * neither takes nor gives anything needs more input. Bad data is Invalid.
 */
export interface StreamCodec {
  step(input: Uint8Array, isLast: boolean): CodecStep;
  /** After the end: ready for another stream right behind it. */
  restart(): void;
  close(): void;
}

/** How a dictionary is made; an id of 0 lets the library choose one. */
export interface ZstdTraining {
  readonly size: number;
  readonly id: number;
  readonly level: number;
}

/** Facts of a dictionary. */
export interface ZstdDictionaryInfo {
  readonly id: number;
  readonly contentSize: number;
}

/** Streams and dictionaries, once they are loaded. */
export interface Codecs {
  encoder(name: CodecName, level: number, dictionary?: Uint8Array): StreamCodec;
  decoder(name: CodecName, dictionary?: Uint8Array): StreamCodec;
  train(samples: readonly Uint8Array[], training: ZstdTraining): Uint8Array;
  inspect(dictionary: Uint8Array): ZstdDictionaryInfo | undefined;
}

/** Compression. */
export interface Compression {
  gzip(data: Uint8Array, effort: CompressionEffort): Uint8Array<ArrayBuffer>;
  /** Compresses a stream; what has been read can be decompressed at once, chunk by chunk. */
  gzipStream(data: ReadableStream<Uint8Array>, effort: CompressionEffort): ReadableStream<Uint8Array>;
  /**
   * Compresses; at once when it takes a millisecond or two, in such steps or outside the main thread when it takes longer. `data`
   * may change afterwards, and a result that is there at once is valid until the next call. `isOver` is asked between steps
   * whether nobody waits for the result any more, in which case it fails with Canceled.
   */
  encode(
    format: CodecName,
    data: Uint8Array,
    level: number,
    isOver?: () => boolean,
  ): Uint8Array | Promise<Uint8Array>;
  /** Decompresses, by the same rules. Bad data is Invalid, more than `sizeMax` bytes of output LimitExceeded. */
  decode(format: CodecName, data: Uint8Array, sizeMax: number): Uint8Array | Promise<Uint8Array>;
  /** Decompresses raw deflate that gives exactly `size` bytes, at once; anything else is Invalid, found out in bounded memory. */
  inflate(data: Uint8Array, size: number): Uint8Array;
  /** CRC-32 of `data`, continued from that of what came before. */
  crc32(data: Uint8Array, before: number): number;
  /** Loaded on first use. */
  codecs(): Codecs | Promise<Codecs>;
}
