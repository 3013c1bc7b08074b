/** Where archives are written to. */
import { Failure } from "../../src/core/mod.ts";
import type { ByteStream, FileHandle, StreamCodec } from "../../src/ports/mod.ts";
import { writeAll } from "./extract.ts";

/** Takes the bytes of an archive, in order. */
export interface Sink {
  write(data: Uint8Array): Promise<void>;
  /** Ends it; with `isWhole` everything was written. */
  close(isWhole: boolean): Promise<void>;
}

function denied(message: string): Failure {
  return new Failure("PermissionDenied", message, { retryable: false });
}

/** A file that belongs to the archive's writer. */
export function fileSink(file: FileHandle): Sink {
  return {
    write(data) {
      writeAll(file, data);
      return Promise.resolve();
    },
    close() {
      file.close();
      return Promise.resolve();
    },
  };
}

/** A stream; it stays the script's. */
export function streamSink(stream: ByteStream): Sink {
  if (stream.write === undefined) throw denied("destination is not writable");
  return {
    async write(data) {
      try {
        for (let at = 0; at < data.length;) {
          const count = await stream.write!(data.subarray(at));
          if (count <= 0) throw new Failure("Internal", "nothing more can be written", { retryable: false });
          at += count;
        }
      } catch (error) {
        if (error instanceof Failure && /not open for writing/.test(error.message)) {
          throw denied(error.message);
        }
        throw error;
      }
    },
    async close() {
      await stream.flush?.();
    },
  };
}

/** Compresses all of `data` and hands on what comes out. */
export async function compressInto(
  codec: StreamCodec,
  data: Uint8Array,
  { isLast, take }: { isLast: boolean; take: (output: Uint8Array) => Promise<void> },
): Promise<void> {
  let at = 0;
  for (;;) {
    const step = codec.step(data.subarray(at), isLast);
    at += step.consumed;
    if (step.output.length > 0) await take(step.output);
    if (step.ended) return;
    if (!isLast && at === data.length && step.output.length === 0) return;
  }
}

/** Compresses what is written. */
export function compressedSink(codec: StreamCodec, sink: Sink): Sink {
  const take = (output: Uint8Array): Promise<void> => sink.write(output);
  return {
    write: (data) => compressInto(codec, data, { isLast: false, take }),
    async close(isWhole) {
      try {
        if (isWhole) await compressInto(codec, new Uint8Array(0), { isLast: true, take });
      } finally {
        codec.close();
        await sink.close(isWhole);
      }
    },
  };
}
