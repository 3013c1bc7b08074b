/** The form of packs: what is wrong with a file is told, and no byte that is wrong is given out. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { Failure } from "../../src/core/mod.ts";
import { encodeBlock, encodeHead, encodeTail } from "../../src/pack/format.ts";
import { type EmbeddedSource, type PackPlan, PackShelf, verifyPack, writePack } from "../../src/pack/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import type { FileHandle, FileInfo } from "../../src/ports/mod.ts";
import { packValue } from "../../src/registry/mod.ts";

const ports = createPorts();
const BLOCK = 128 * 1024;

function info(name: string, isDirectory: boolean, size = 0): FileInfo {
  return { name, size, mode: 0o644, modifiedMs: 0, isDirectory };
}

/** A handle on bytes that are made when they are read. */
function made(size: number, byteAt: (i: number) => number): FileHandle {
  let position = 0;
  const refuse = (): never => assert.fail("it is only read");
  return {
    read(buffer) {
      const count = Math.min(buffer.length, size - position);
      for (let i = 0; i < count; i++) buffer[i] = byteAt(position + i);
      position += count;
      return count;
    },
    write: refuse,
    truncate: refuse,
    sync: refuse,
    stat: () => info("", false, size),
    close: () => undefined,
  };
}

const noise = (i: number): number => (Math.imul(i + 1, 2654435761) >>> 13) & 255;

const FOLDER: EmbeddedSource = {
  list: (path) => path === "" ? [info("b.txt", false), info("a", true)] : [info("noise", false)],
  open: (path) => path === "b.txt" ? made(3 * BLOCK + 7, (i) => i % 97) : made(BLOCK + 1, noise),
};

function plan(path: string, folders: PackPlan["folders"] = new Map([["app:files", FOLDER]])): PackPlan {
  const facts = { program: "test", module: "", version: "", description: "about", tags: [], meta: {} };
  const entry = { id: "app:x", kind: "registry.entry", meta: {}, data: { text: "words ".repeat(50) } };
  const chunk = new TextEncoder().encode("code");
  const hash = ports.cryptography.digest("sha256", chunk).toHex();
  return {
    path,
    facts,
    runtime: undefined,
    parts: [{ module: "", version: "", entries: [{ entry }] }],
    chunks: new Map([[hash, { machine: "test", read: () => chunk }]]),
    folders,
  };
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-format-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads all there is in a pack; what it says when it is refused. */
function readAll(path: string): string {
  const shelf = new PackShelf(ports);
  try {
    verifyPack(shelf.open(path, "x.wapp"), shelf);
    return "";
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, "Invalid");
    return error.message;
  } finally {
    shelf.close();
  }
}

test("what was written is read, in whole and at random", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.wapp");
    const { folders, size } = await writePack(ports, plan(path));
    assert.deepEqual(folders, [{ id: "app:files", files: 2, size: 4 * BLOCK + 8 }]);
    assert.equal(readFileSync(path).length, size);
    assert.equal(existsSync(`${path}.part`), false);
    const shelf = new PackShelf(ports);
    const files = shelf.open(path, "x.wapp").parts().size === 1
      ? shelf.embedded("app:files")!
      : assert.fail();
    assert.deepEqual(files.list("/").map(({ name }) => name), ["a", "b.txt"]);
    const text = files.readFile("/b.txt");
    assert.equal(text.length, 3 * BLOCK + 7);
    assert.ok(text.every((byte, i) => byte === i % 97));
    const handle = files.open("/a/noise", "r");
    const buffer = new Uint8Array(10);
    for (const from of [BLOCK - 5, 0, BLOCK - 9, 77]) {
      const count = handle.read(buffer, from);
      assert.deepEqual(
        [...buffer.subarray(0, count)],
        [...buffer.keys()].slice(0, count).map((i) => noise(from + i)),
      );
    }
    assert.equal(handle.read(buffer, BLOCK - 3), 4);
    assert.equal(handle.read(buffer, BLOCK + 1), 0);
    shelf.close();
  }));

test("every changed byte and every cut is found", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.wapp");
    const small: EmbeddedSource = { list: () => [info("f", false)], open: () => made(300, noise) };
    await writePack(ports, plan(path, new Map([["app:files", small]])));
    const good = readFileSync(path);
    assert.equal(readAll(path), "");
    const broken = join(folder, "broken.wapp");
    const said = new Set<string>();
    for (let i = 0; i < good.length; i++) {
      const bytes = Uint8Array.from(good);
      bytes[i]! ^= 1 << (i % 8);
      writeFileSync(broken, bytes);
      const message = readAll(broken);
      assert.notEqual(message, "", `byte ${i} of ${good.length} may be changed`);
      said.add(message.replace(/\d+/g, "N"));
    }
    assert.ok(
      [...said].some((message) => /damaged: bytes N to N; copy it again, or make it again$/.test(message)),
    );
    for (let length = 0; length < good.length; length++) {
      writeFileSync(broken, good.subarray(0, length));
      const expected = length === 0 ? /is empty, and no pack/ : /the pack is cut short; copy it again/;
      assert.match(readAll(broken), expected, `${length} of ${good.length} bytes`);
    }
    writeFileSync(broken, Buffer.concat([good, Buffer.from("more")]));
    assert.match(readAll(broken), /cut short/);
  }));

/** A pack whose two files share their first bytes, which no writer of packs makes. */
function overlapping(data: Uint8Array, shared: number): Uint8Array {
  const digest = (bytes: Uint8Array): Uint8Array => ports.cryptography.digest("sha256", bytes);
  const parts = [encodeHead()];
  let end = parts[0]!.length;
  const placed = (bytes: Uint8Array, at: number) => [
    at,
    bytes.length,
    encodeBlock({ stored: bytes.length, isDeflated: false, hash: digest(bytes) }),
  ];
  const add = (bytes: Uint8Array): number => {
    parts.push(bytes);
    end += bytes.length;
    return end - bytes.length;
  };
  const at = add(data);
  const list = packValue([["a", ...placed(data.subarray(0, shared), at)], ["b", ...placed(data, at)]]);
  const entries = packValue([["", "", []]]);
  const index = packValue({
    facts: {},
    chunks: {},
    entries: placed(entries, add(entries)),
    folders: { "app:files": [placed(list, add(list)), 2, data.length + shared] },
  });
  const place = { at: add(index), stored: index.length, size: index.length, hash: digest(index) };
  return Buffer.concat([...parts, encodeTail(place)]);
}

test("a forged pack whose files overlap gives each its own bytes, and no endless reading", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.wapp");
    const data = Uint8Array.from({ length: 20 }, (_, i) => i);
    writeFileSync(path, overlapping(data, 10));
    const shelf = new PackShelf(ports);
    shelf.open(path, "x.wapp");
    const files = shelf.embedded("app:files")!;
    for (const [name, size] of [["/a", 10], ["/b", 20], ["/a", 10]] as const) {
      const buffer = new Uint8Array(30);
      assert.equal(files.open(name, "r").read(buffer, 0), size);
      assert.deepEqual(buffer.subarray(0, size), data.subarray(0, size));
    }
    shelf.close();
  }));

test("an index of any size is unpacked to exactly what it says, or refused", () => {
  let state = 1;
  const bytes = Uint8Array.from({ length: 20 * BLOCK }, () => {
    state = Math.imul(state, 1664525) + 1013904223;
    return state >>> 28;
  });
  const small = deflateRawSync(bytes);
  assert.ok(small.length > 2 * BLOCK);
  assert.deepEqual(ports.compression.inflate(small, bytes.length), bytes);
  for (const size of [bytes.length - 1, bytes.length + 1, 1000]) {
    assert.throws(() => ports.compression.inflate(small, size), { kind: "Invalid" });
  }
});

test("other files and packs of newer programs are told apart", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.wapp");
    writeFileSync(
      path,
      "#!/bin/sh\necho no pack at all, but long enough to be one, if it were only for the length\n",
    );
    assert.equal(readAll(path), "x.wapp: is no pack of this program; wippy pack makes one");
    writeFileSync(path, "PK\x03\x04 a zip archive");
    assert.equal(
      readAll(path),
      "x.wapp: is no pack of this program, but a zip archive; wippy pack makes one",
    );
    await writePack(ports, plan(path));
    const bytes = readFileSync(path);
    bytes[8] = 2;
    writeFileSync(path, bytes);
    assert.match(
      readAll(path),
      /has version 2 of the format, and this program reads up to 1; a newer program/,
    );
    const shelf = new PackShelf(ports);
    assert.throws(() => shelf.open(join(folder, "none.wapp"), "none.wapp"), /none\.wapp: no such file/);
  }));

test("the same input gives the same bytes, and a failure leaves nothing and takes nothing away", () =>
  inFolder(async (folder) => {
    const [one, two] = [join(folder, "one.wapp"), join(folder, "two.wapp")];
    await writePack(ports, plan(one));
    await writePack(ports, plan(two));
    assert.ok(readFileSync(one).equals(readFileSync(two)));
    const failing: EmbeddedSource = {
      list: () => [info("f", false)],
      open: () => {
        throw new Failure("PermissionDenied", "no way in");
      },
    };
    await assert.rejects(writePack(ports, plan(two, new Map([["app:files", failing]]))), /no way in/);
    assert.ok(readFileSync(one).equals(readFileSync(two)));
    assert.equal(existsSync(`${two}.part`), false);
  }));

test("what lies in the way of a pack is replaced, a link by a file of its own", () =>
  inFolder(async (folder) => {
    const [path, other] = [join(folder, "x.wapp"), join(folder, "other")];
    for (const target of [other, join(folder, "nothing")]) {
      writeFileSync(other, "precious");
      symlinkSync(target, `${path}.part`);
      await writePack(ports, plan(path));
      assert.equal(readFileSync(other, "utf8"), "precious");
      assert.equal(existsSync(join(folder, "nothing")), false);
      assert.equal(readAll(path), "");
    }
  }));

test("a large file goes in and out in pieces, whatever its size", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.wapp");
    const size = 512 * BLOCK;
    let largest = 0;
    const large: EmbeddedSource = {
      list: () => [info("large", false)],
      open() {
        const handle = made(size, (i) => i >> 17);
        return {
          ...handle,
          read(buffer, position) {
            largest = Math.max(largest, buffer.length);
            return handle.read(buffer, position);
          },
        };
      },
    };
    const { size: packed } = await writePack(ports, plan(path, new Map([["app:files", large]])));
    assert.ok(largest <= BLOCK, `${largest} bytes were asked for at once`);
    assert.ok(packed < size / 100, `${packed} bytes`);
    const reads: number[] = [];
    const watched = {
      ...ports,
      files: Object.assign(Object.create(ports.files) as typeof ports.files, {
        open(...args: Parameters<typeof ports.files.open>) {
          const handle = ports.files.open(...args);
          return {
            read: (buffer: Uint8Array, position: number | null) => {
              reads.push(buffer.length);
              return handle.read(buffer, position);
            },
            stat: () => handle.stat(),
            close: () => handle.close(),
          } as FileHandle;
        },
      }),
    };
    const shelf = new PackShelf(watched);
    shelf.open(path, "x.wapp");
    const handle = shelf.embedded("app:files")!.open("large", "r");
    reads.length = 0;
    const buffer = new Uint8Array(100);
    assert.equal(handle.read(buffer, 400 * BLOCK + 5), 100);
    assert.ok(buffer.every((byte) => byte === (400 & 255)));
    assert.equal(reads.length, 1, "one block is read for a range inside of it");
    shelf.close();
  }));
