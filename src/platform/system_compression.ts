/** Gzip of the runtime. */
import process from "node:process";
import type { Compression, CompressionEffort } from "../ports/mod.ts";

/** Levels as the library numbers them; -1 is its own choice. */
const LEVELS: Record<CompressionEffort, number> = { fastest: 1, default: -1, best: 9 };

let loaded: typeof import("node:zlib") | undefined;

/** The runtime's module, loaded when it is first used: that takes longer than all of a short run. */
function zlib(): typeof import("node:zlib") {
  return loaded ??= process.getBuiltinModule("node:zlib");
}

/** The library both runtimes bring. */
export const systemCompression: Compression = {
  gzip: (data, effort) => new Uint8Array(zlib().gzipSync(data, { level: LEVELS[effort] })),
  gzipStream(data, effort) {
    const gzip = zlib().createGzip({ level: LEVELS[effort] });
    return data.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        start(controller) {
          gzip.on("data", (chunk: Uint8Array) => controller.enqueue(new Uint8Array(chunk)));
          gzip.on("error", (error) => controller.error(error));
        },
        transform(chunk) {
          gzip.write(chunk);
          // Readers of a slow stream must get what there is.
          return new Promise((resolve) => gzip.flush(zlib().constants.Z_SYNC_FLUSH, () => resolve()));
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
