/** What a script may say about an archive, and the counting of what limits bound. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, type Options, optionsArgument } from "../../src/lua/mod.ts";

/** Names of formats. */
export const FORMATS = ["zip", "tar", "tar.gz", "tar.zst"] as const;
/** One of `FORMATS`. */
export type Format = (typeof FORMATS)[number];

/** Bounds of the work and memory of one archive. */
export interface ArchiveOptions {
  readonly format: Format | undefined;
  readonly entriesMax: number;
  readonly totalBytesMax: number;
  readonly fileBytesMax: number;
  readonly inlineBytesMax: number;
  readonly bufferBytes: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const BUFFER_BYTES_MAX = 8 * MIB;

/** The script's or the archive's fault. */
export function invalid(message: string, cause?: unknown): Failure {
  return new Failure("Invalid", message, { retryable: false, cause });
}

/** A whole number among options. */
export function wholeOption(
  options: Options,
  key: string,
  { fallback, min = 0, max = Number.MAX_SAFE_INTEGER }: { fallback: number; min?: number; max?: number },
): number {
  const value = options[key] ?? fallback;
  const isFitting = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  if (!isFitting) throw invalid(`${key} must be an integer between ${min} and ${max}`);
  return value;
}

/** Argument `i` as the options of an archive. */
export function archiveOptions(call: Call, i: number): ArchiveOptions {
  const options = optionsArgument(call, i);
  const { format } = options;
  if (format !== undefined && format !== null && !FORMATS.includes(format as Format)) {
    throw invalid(`unknown archive format: ${String(format)} (${FORMATS.join(", ")})`);
  }
  return {
    format: (format ?? undefined) as Format | undefined,
    entriesMax: wholeOption(options, "max_entries", { fallback: 100_000, min: 1 }),
    totalBytesMax: wholeOption(options, "max_total_bytes", { fallback: 2 * KIB * MIB, min: 1 }),
    fileBytesMax: wholeOption(options, "max_file_bytes", { fallback: KIB * MIB, min: 1 }),
    inlineBytesMax: wholeOption(options, "max_inline_bytes", { fallback: 16 * MIB, min: 1 }),
    bufferBytes: wholeOption(options, "buffer_bytes", {
      fallback: 64 * KIB,
      min: 512,
      max: BUFFER_BYTES_MAX,
    }),
  };
}

/** Counts entries and bytes of one archive against its limits. */
export class Meter {
  readonly options: ArchiveOptions;
  #entries = 0;
  #bytes = 0;

  constructor(options: ArchiveOptions) {
    this.options = options;
  }

  entry(): void {
    const { entriesMax } = this.options;
    if (++this.#entries > entriesMax) {
      throw invalid(`archive has more than ${entriesMax} entries (max_entries)`);
    }
  }

  /** Counts `bytes` more of the file `name`, which by now has `fileBytes`. */
  bytes(name: string, bytes: number, fileBytes: number): void {
    this.#bytes += bytes;
    const { fileBytesMax, totalBytesMax } = this.options;
    if (fileBytes > fileBytesMax) {
      throw invalid(`${name}: larger than ${fileBytesMax} bytes (max_file_bytes)`);
    }
    if (this.#bytes > totalBytesMax) {
      throw invalid(`archive holds more than ${totalBytesMax} bytes (max_total_bytes)`);
    }
  }
}
