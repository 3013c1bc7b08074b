/** Messages of the plugin, byte by byte. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePgMessage, parseLsn, printLsn } from "./pgoutput.ts";

/** Bytes of texts and numbers: `[value, size]` is big-endian. */
function bytes(...parts: (string | [value: number, size: number])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    if (typeof part === "string") return [...new TextEncoder().encode(part)];
    const [value, size] = part;
    return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
  }));
}

const UPDATE = bytes("U", [7, 4], "K", [2, 2], "t", [1, 4], "a", "n", "N", [2, 2], "t", [2, 4], "é", "u");

test("an update tells NULL, a value that was not sent and a text apart", () => {
  assert.deepEqual(decodePgMessage(UPDATE), {
    kind: "update",
    relation: 7,
    old: { isKey: true, values: ["a", null] },
    row: ["é", undefined],
  });
});

test("a relation names its columns, their types and which are its key", () => {
  const message = bytes("R", [9, 4], "s\0t\0d", [2, 2], [1, 1], "id\0", [23, 4], [0, 4], [0, 1], "v\0", [
    25,
    4,
  ], [0, 4]);
  assert.deepEqual(decodePgMessage(message), {
    kind: "relation",
    relation: {
      id: 9,
      schema: "s",
      table: "t",
      columns: [{ name: "id", type: 23, isKey: true }, { name: "v", type: 25, isKey: false }],
    },
  });
});

test("a message that is cut short anywhere fails, and never with another error", () => {
  for (let length = 1; length < UPDATE.length; length++) {
    assert.throws(() => decodePgMessage(UPDATE.subarray(0, length)), { name: "Failure", kind: "Internal" });
  }
  const binary = bytes("I", [7, 4], "N", [1, 2], "b", [1, 4], "x");
  assert.throws(() => decodePgMessage(binary), { name: "Failure", message: /unknown format/ });
  // No number of columns makes room for itself.
  assert.throws(() => decodePgMessage(bytes("T", [0xffffffff, 4], [0, 1])), {
    name: "Failure",
    kind: "Internal",
  });
});

test("positions are printed as Postgres does, and read back", () => {
  for (const text of ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF", "1/F"]) {
    assert.equal(printLsn(parseLsn(text)), text);
  }
  assert.throws(() => parseLsn("16-B3"), { name: "Failure" });
});
