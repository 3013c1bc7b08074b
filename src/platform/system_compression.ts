/** Gzip of the runtime. */
import { constants, createGzip, gzipSync } from "node:zlib";
import type { Compression, CompressionEffort } from "../ports/mod.ts";

const LEVELS: Record<CompressionEffort, number> = {
  fastest: constants.Z_BEST_SPEED,
  default: constants.Z_DEFAULT_COMPRESSION,
  best: constants.Z_BEST_COMPRESSION,
};

/** The library both runtimes bring. */
export const systemCompression: Compression = {
  gzip: (data, effort) => new Uint8Array(gzipSync(data, { level: LEVELS[effort] })),
  gzipStream(data, effort) {
    const gzip = createGzip({ level: LEVELS[effort] });
    return data.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          gzip.on("data", (chunk: Uint8Array) => controller.enqueue(new Uint8Array(chunk)));
          gzip.on("error", (error) => controller.error(error));
        },
        transform(chunk) {
          gzip.write(chunk);
          // Readers of a slow stream must get what there is.
          return new Promise((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
        },
        flush: () =>
          new Promise((resolve) => {
            gzip.on("end", () => resolve());
            gzip.end();
          }),
      }),
    );
  },
};
