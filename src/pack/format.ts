/**
 * The form of a pack: one file of blocks that can be read at random.
 *
 *     head     8 bytes magic, version, four zeros
 *     blocks   parts of streams, deflated where that makes them smaller
 *     index    MessagePack: what is in the pack, and where its streams are; deflated like a block
 *     tail     where the index is, its length stored and plain, its SHA-256, 8 bytes magic
 *
 * PF1. Every byte that is used was compared before: the index by the tail, a block by the SHA-256 that its stream lists.
 * PF2. What is wrong with a file is told apart: foreign, made by a newer program, cut short, damaged.
 * PF3. A stream lists its blocks as 36 bytes each: length (its highest bit says deflated), SHA-256. All but its last one hold
 *      `BLOCK_BYTES`. Blocks of a stream follow each other.
 */
import { Failure, PACK_INDEX_BYTES_MAX } from "../core/mod.ts";

/** The version that is written, and the newest that is read. */
const PACK_VERSION = 1;
/** Plain bytes of every block but the last one of a stream. */
export const BLOCK_BYTES = 128 * 1024;
/** Length of the head. */
export const HEAD_BYTES = 16;
/** Length of the tail. */
export const TAIL_BYTES = 64;
const RECORD_BYTES = 36;
const DEFLATED = 0x80000000;
const HASH_BYTES = 32;

// The first byte is no text, the line ends show a transfer that changes them.
const HEAD_MAGIC = new Uint8Array([0x9d, 0x57, 0x41, 0x50, 0x50, 0x0d, 0x0a, 0x1a]);
const TAIL_MAGIC = new Uint8Array([0x9d, 0x57, 0x41, 0x50, 0x50, 0x45, 0x4e, 0x44]);

/** Where a stream is and what it is made of. */
export interface PackStream {
  /** Position of its first block. */
  readonly at: number;
  /** Plain bytes. */
  readonly size: number;
  /** Records of its blocks. */
  readonly blocks: Uint8Array;
}

/** One block of a stream. */
export interface PackBlock {
  readonly stored: number;
  readonly isDeflated: boolean;
  readonly hash: Uint8Array;
}

/** Where the index of a pack is. */
export interface IndexPlace {
  readonly at: number;
  readonly stored: number;
  readonly size: number;
  readonly hash: Uint8Array;
}

/** The failure of a file that is no good pack. */
export function packFailure(name: string, message: string): Failure {
  return new Failure("Invalid", `${name}: ${message}`, { retryable: false });
}

/** The failure of a pack that is not what was written. */
export function damaged(name: string, what: string): Failure {
  return packFailure(name, `the pack is damaged: ${what}; copy it again, or make it again`);
}

/** The first bytes of a pack. */
export function encodeHead(): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  head.set(HEAD_MAGIC);
  new DataView(head.buffer).setUint32(HEAD_MAGIC.length, PACK_VERSION, true);
  return head;
}

/** Checks the first bytes of a file of `size` bytes. */
export function checkHead(head: Uint8Array, size: number, name: string): void {
  if (head.length === 0) throw packFailure(name, "is empty, and no pack");
  const isPack = HEAD_MAGIC.every((byte, i) => i >= head.length || head[i] === byte);
  if (!isPack) {
    const isZip = head[0] === 0x50 && head[1] === 0x4b;
    throw packFailure(
      name,
      `is no pack of this program${isZip ? ", but a zip archive" : ""}; wippy pack makes one`,
    );
  }
  if (size < HEAD_BYTES + TAIL_BYTES) throw cutShort(name);
  const view = new DataView(head.buffer, head.byteOffset);
  const version = view.getUint32(HEAD_MAGIC.length, true);
  if (version > PACK_VERSION) {
    throw packFailure(
      name,
      `has version ${version} of the format, and this program reads up to ${PACK_VERSION}; a newer program runs it`,
    );
  }
  if (version === 0 || view.getUint32(HEAD_MAGIC.length + 4, true) !== 0) throw damaged(name, "its head");
}

function cutShort(name: string): Failure {
  return packFailure(name, "the pack is cut short; copy it again, or make it again");
}

/** The last bytes of a pack. */
export function encodeTail({ at, stored, size, hash }: IndexPlace): Uint8Array {
  const tail = new Uint8Array(TAIL_BYTES);
  const view = new DataView(tail.buffer);
  view.setBigUint64(0, BigInt(at), true);
  view.setBigUint64(8, BigInt(stored), true);
  view.setBigUint64(16, BigInt(size), true);
  tail.set(hash, 24);
  tail.set(TAIL_MAGIC, 24 + HASH_BYTES);
  return tail;
}

/** Where the last bytes of a file of `size` bytes say that the index is. */
export function decodeTail(tail: Uint8Array, size: number, name: string): IndexPlace {
  if (!TAIL_MAGIC.every((byte, i) => tail[24 + HASH_BYTES + i] === byte)) throw cutShort(name);
  const view = new DataView(tail.buffer, tail.byteOffset);
  const [at, stored, plain] = [0, 8, 16].map((offset) => Number(view.getBigUint64(offset, true)));
  const place = { at: at!, stored: stored!, size: plain!, hash: tail.slice(24, 24 + HASH_BYTES) };
  const isWhole = place.at >= HEAD_BYTES && place.at + place.stored + TAIL_BYTES === size;
  // One that deflating makes no smaller is stored as it is.
  if (!isWhole || place.stored > place.size) throw damaged(name, "its end");
  if (place.size > PACK_INDEX_BYTES_MAX || place.stored > PACK_INDEX_BYTES_MAX) {
    throw packFailure(name, `its index is larger than ${PACK_INDEX_BYTES_MAX} bytes`);
  }
  return place;
}

/** The record of a block. */
export function encodeBlock({ stored, isDeflated, hash }: PackBlock): Uint8Array {
  const record = new Uint8Array(RECORD_BYTES);
  new DataView(record.buffer).setUint32(0, (isDeflated ? stored | DEFLATED : stored) >>> 0, true);
  record.set(hash, 4);
  return record;
}

/** Block number `i` of a stream, from 0. */
export function blockOf({ blocks }: PackStream, i: number): PackBlock {
  const at = i * RECORD_BYTES;
  const word = new DataView(blocks.buffer, blocks.byteOffset + at).getUint32(0, true);
  return {
    stored: (word & ~DEFLATED) >>> 0,
    isDeflated: (word & DEFLATED) !== 0,
    hash: blocks.subarray(at + 4, at + RECORD_BYTES),
  };
}

/** How many blocks a stream of `size` bytes has. */
export function blockCount(size: number): number {
  return Math.ceil(size / BLOCK_BYTES);
}

/** Whether a stream's description agrees with itself and with a file whose blocks end at `end`. */
export function isSound(stream: PackStream, end: number): boolean {
  const { at, size, blocks } = stream;
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(size) || at < HEAD_BYTES || size < 0) return false;
  if (blocks.length !== blockCount(size) * RECORD_BYTES) return false;
  let stored = 0;
  for (let i = 0; i < blockCount(size); i++) {
    const block = blockOf(stream, i);
    if (block.stored > BLOCK_BYTES) return false;
    stored += block.stored;
  }
  return at + stored <= end;
}

/** Name of a pack that is not complete. */
export function partPath(path: string): string {
  return `${path}.part`;
}
