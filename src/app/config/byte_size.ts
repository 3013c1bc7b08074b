/** Amounts of memory as people write them: `512M`, `1G`, `1GiB`, `1048576`. */
import { Failure } from "../../core/mod.ts";

const UNITS: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of `text`; units count in 1024. Fails with Invalid naming `field`. */
export function parseByteSize(text: string, field: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * UNITS[match[2]!.toLowerCase()]!;
  if (!Number.isFinite(bytes) || bytes <= 0) {
    throw new Failure("Invalid", `${field}: "${text}" is not an amount of memory (examples: 512M, 1G)`, {
      retryable: false,
      details: field.startsWith("--") ? { flag: field } : undefined,
    });
  }
  return Math.floor(bytes);
}
