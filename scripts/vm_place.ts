/**
 * Where a file that a binary carries will be in memory: reading it, all of which is copied, takes as long as a fortieth of `wippy call`.
 *
 * Binaries for Linux on x64 are loaded at a fixed address, so what lies in a segment of the file has its place before the program
 * is started. The place is written into the program, which is built again for that; it only counts once it has not moved by it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markOf, type MemoryPlace } from "../src/platform/linux_calls.ts";

/** Where the program says it. */
const SOURCE = "src/cli/vm_place.ts";

// Of the head of an ELF file for 64 bits, and of its table of segments.
const MAGIC = 0x464c457f;
const TYPE_AT = 16;
const FIXED = 2;
const TABLE_AT = 32;
const COUNT_AT = 56;
const SEGMENT_BYTES = 56;
const LOADED = 1;

/** The place of `content` in the binary `path`; undefined where it is loaded anywhere, or not at all. */
export function placeOf(content: Uint8Array, path: string): MemoryPlace | undefined {
  const binary = readFileSync(path);
  if (binary.readUInt32LE(0) !== MAGIC || binary.readUInt16LE(TYPE_AT) !== FIXED) return undefined;
  const at = binary.indexOf(content);
  if (at < 0) return undefined;
  const table = Number(binary.readBigUInt64LE(TABLE_AT));
  for (let i = 0; i < binary.readUInt16LE(COUNT_AT); i++) {
    const segment = table + i * SEGMENT_BYTES;
    const [offset, address, , size] = [8, 16, 24, 32].map((field) =>
      Number(binary.readBigUInt64LE(segment + field))
    ) as [number, number, number, number];
    if (binary.readUInt32LE(segment) !== LOADED || at < offset || at + content.length > offset + size) {
      continue;
    }
    return { address: address + at - offset, length: content.length, mark: markOf(content) };
  }
  return undefined;
}

/** Has the program in `root` know the place, or none. Each place takes as many characters as any other. */
export function writePlace(root: string, place: MemoryPlace | undefined): void {
  const text = place === undefined
    ? "undefined"
    : `{ address: ${inDigits(place.address)}, length: ${place.length}, mark: ${place.mark} }`;
  writeFileSync(join(root, SOURCE), `export const VM_PLACE = ${text};\n`);
}

function inDigits(address: number): string {
  return `0x${address.toString(16).padStart(12, "0")}`;
}
