/** Where a file of a binary is in memory is read from its segments. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { placeOf } from "../../scripts/vm_place.ts";
import { markOf } from "../../src/platform/linux_calls.ts";

const CONTENT = Uint8Array.from({ length: 9000 }, (_, i) => i * 7 + (i >> 8));
const OFFSET = 1000;

/** An ELF file with `content` at `OFFSET`, in a segment that is loaded at 0x400000 and begins 500 bytes before it. */
function elf(type: number, content: Uint8Array): Uint8Array {
  const file = Buffer.alloc(12_000);
  file.writeUInt32LE(0x464c457f, 0);
  file.writeUInt16LE(type, 16);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(2, 56);
  file.writeUInt32LE(4, 64);
  file.writeUInt32LE(1, 64 + 56);
  file.writeBigUInt64LE(BigInt(OFFSET - 500), 64 + 56 + 8);
  file.writeBigUInt64LE(0x400000n, 64 + 56 + 16);
  file.writeBigUInt64LE(10_000n, 64 + 56 + 32);
  file.set(content, OFFSET);
  return file;
}

function placeIn(file: Uint8Array): ReturnType<typeof placeOf> {
  const folder = mkdtempSync(join(tmpdir(), "place-"));
  try {
    const path = join(folder, "binary");
    writeFileSync(path, file);
    return placeOf(CONTENT, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the place of a file is where its segment puts it", () => {
  assert.deepEqual(placeIn(elf(2, CONTENT)), {
    address: 0x400000 + 500,
    length: CONTENT.length,
    mark: markOf(CONTENT),
  });
});

test("a program that is loaded anywhere, one of another form, and one without the file give no place", () => {
  const other = CONTENT.slice();
  other[4000]! ^= 1;
  assert.equal(placeIn(elf(3, CONTENT)), undefined);
  assert.equal(placeIn(elf(2, other)), undefined);
  assert.equal(placeIn(Buffer.concat([Buffer.alloc(100), CONTENT])), undefined);
});
