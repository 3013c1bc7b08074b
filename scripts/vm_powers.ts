/**
 * Writes `src/vm/native/powers.h`: powers of ten as 128-bit significands, for numbers in JSON.
 *
 *     bun scripts/vm_powers.ts           rewrite it
 *     bun scripts/vm_powers.ts --check   exit 1 when it is stale
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "./source_tree.ts";

const MIN = -342;
const MAX = 324;
const PATH = join(ROOT, "src/vm/native/powers.h");

/** The first 128 bits of 10^`power`, cut off. */
export function significand(power: number): bigint {
  let value = 10n ** BigInt(Math.abs(power));
  if (power < 0) {
    // Enough bits that the quotient has more than 128 of them.
    const bits = value.toString(2).length;
    value = (1n << BigInt(bits + 200)) / value;
  }
  const length = value.toString(2).length;
  return length >= 128 ? value >> BigInt(length - 128) : value << BigInt(128 - length);
}

/** Text of the header. */
export function powersHeader(): string {
  const hex = (value: bigint): string => `0x${value.toString(16).padStart(16, "0")}`;
  const rows: string[] = [];
  for (let power = MIN; power <= MAX; power++) {
    const bits = significand(power);
    rows.push(`  {${hex(bits >> 64n)}, ${hex(bits & 0xffffffffffffffffn)}},`);
  }
  return `/* Made by scripts/vm_powers.ts; do not edit. The first 128 bits of powers of ten, cut off. */
#define POWER_MIN (${MIN})
#define POWER_MAX ${MAX}
static const uint64_t powers[][2] = {
${rows.join("\n")}
};
`;
}

if (import.meta.main) {
  const text = powersHeader();
  if (!process.argv.includes("--check")) writeFileSync(PATH, text);
  else if (readFileSync(PATH, "utf8") !== text) {
    process.stderr.write("src/vm/native/powers.h is stale: bun scripts/vm_powers.ts\n");
    process.exit(1);
  }
}
