/** Headers of tar archives: POSIX ustar and pax, GNU long names, and old ones. */
import type { Entry, EntryType } from "./entry.ts";
import { invalid } from "./options.ts";

/** Everything comes in blocks. */
export const BLOCK_BYTES = 512;
/** Longest extended header; names and the like need far less. */
const EXTENDED_BYTES_MAX = 1024 * 1024;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 32;

const TYPES: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** One header block as it stands. */
export interface TarHeader {
  readonly flag: string;
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly modified: number;
}

const TEXT = new TextDecoder();

function textAt(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return TEXT.decode(end < 0 ? field : field.subarray(0, end));
}

/** A number: octal digits, or binary when the first bit is set. */
function numberAt(block: Uint8Array, at: number, length: number): number {
  if ((block[at]! & 0x80) !== 0) {
    let value = block[at]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!;
    return value;
  }
  const digits = textAt(block, at, length).trim();
  const value = digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : NaN;
  if (Number.isNaN(value)) throw invalid("tar archive is corrupt: bad number in a header");
  return value;
}

/** True for a block of zeros. */
export function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** Sums of the header's bytes; some writers took them for signed. */
function sumsOf(block: Uint8Array): [unsigned: number, signed: number] {
  let unsigned = 0;
  let signed = 0;
  for (const [i, byte] of block.entries()) {
    const value = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES ? SPACE : byte;
    unsigned += value;
    signed += value > 127 ? value - 256 : value;
  }
  return [unsigned, signed];
}

/** True when the block is a header by its checksum. */
export function isHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES || isZero(block)) return false;
  const digits = textAt(block, CHECKSUM_AT, CHECKSUM_BYTES).trim();
  return /^[0-7]+$/.test(digits) && sumsOf(block).includes(Number.parseInt(digits, 8));
}

/** Reads a header block; Invalid when it is none. */
export function decodeHeader(block: Uint8Array): TarHeader {
  if (!isHeader(block)) throw invalid("no tar archive, or it is corrupt: bad header");
  const isPosix = TEXT.decode(block.subarray(257, 263)) === "ustar\0";
  const prefix = isPosix ? textAt(block, 345, 155) : "";
  const name = textAt(block, 0, 100);
  const size = numberAt(block, 124, 12);
  if (!Number.isSafeInteger(size)) throw invalid("tar archive is corrupt: impossible size in a header");
  return {
    flag: String.fromCharCode(block[156]!),
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: numberAt(block, 100, 8) & 0o7777,
    size,
    modified: numberAt(block, 136, 12),
  };
}

/** What extended headers said about the entry that follows. */
export interface Extended {
  name?: string;
  size?: number;
  modified?: number;
}

/** True for a header that speaks about the next one. */
export function isExtended({ flag, size }: TarHeader): boolean {
  if (!"xgLK".includes(flag)) return false;
  if (size > EXTENDED_BYTES_MAX) throw invalid(`tar archive is corrupt: extended header of ${size} bytes`);
  return true;
}

/** Takes in the data of an extended header. */
export function extend(extended: Extended, { flag }: TarHeader, data: Uint8Array): void {
  if (flag === "L") extended.name = textAt(data, 0, data.length);
  if (flag !== "x") return;
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(SPACE, at);
    const length = Number(TEXT.decode(data.subarray(at, Math.max(space, at))));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > data.length) {
      throw invalid("tar archive is corrupt: bad extended header");
    }
    const record = TEXT.decode(data.subarray(space + 1, at + length - 1));
    const sign = record.indexOf("=");
    const value = record.slice(sign + 1);
    switch (record.slice(0, sign)) {
      case "path":
        extended.name = value;
        break;
      case "size":
        extended.size = Number(value);
        if (!Number.isSafeInteger(extended.size) || extended.size < 0) {
          throw invalid("tar archive is corrupt: bad size in an extended header");
        }
        break;
      case "mtime":
        extended.modified = Math.floor(Number(value)) || 0;
    }
    at += length;
  }
}

/** The entry of a header and what was said about it before. */
export function tarEntry(header: TarHeader, extended: Extended): Entry {
  const name = extended.name ?? header.name;
  const written = TYPES[header.flag] ?? "other";
  const type = written === "file" && name.endsWith("/") ? "directory" : written;
  const hasData = type === "file" || type === "other";
  const size = hasData ? extended.size ?? header.size : 0;
  return {
    name,
    type,
    size,
    compressedSize: size,
    mode: header.mode,
    modified: extended.modified ?? header.modified,
    method: "store",
    crc32: 0,
  };
}

/** Bytes that the data of `size` bytes takes, filled up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** What is written of an entry. */
export interface WrittenHeader {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly modified: number;
  readonly isDirectory: boolean;
}

/** The header of an entry: a ustar block, behind a pax header when it does not fit into one. */
export function encodeHeader(entry: WrittenHeader): Uint8Array {
  const name = new TextEncoder().encode(entry.name);
  const records: string[] = [];
  if (name.length > 100) records.push(paxRecord("path", entry.name));
  if (entry.size > 0o77_777_777_777) records.push(paxRecord("size", String(entry.size)));
  const block = ustar({ ...entry, flag: entry.isDirectory ? "5" : "0", name });
  if (records.length === 0) return block;
  const data = new TextEncoder().encode(records.join(""));
  const extended = ustar({
    name: new TextEncoder().encode("PaxHeader/entry"),
    size: data.length,
    mode: 0o644,
    modified: entry.modified,
    flag: "x",
  });
  const all = new Uint8Array(BLOCK_BYTES + padded(data.length) + BLOCK_BYTES);
  all.set(extended);
  all.set(data, BLOCK_BYTES);
  all.set(block, all.length - BLOCK_BYTES);
  return all;
}

function paxRecord(key: string, value: string): string {
  const rest = new TextEncoder().encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function ustar(
  { flag, mode, modified, name, size }: {
    name: Uint8Array;
    size: number;
    mode: number;
    modified: number;
    flag: string;
  },
): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string): void => block.set(new TextEncoder().encode(text), at);
  const octal = (at: number, digits: number, value: number): void =>
    put(at, value.toString(8).padStart(digits, "0").slice(-digits));
  block.set(name.subarray(0, 100));
  octal(100, 7, mode & 0o7777);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size > 0o77_777_777_777 ? 0 : size);
  octal(136, 11, Math.max(0, Math.floor(modified)));
  put(156, flag);
  put(257, "ustar\0" + "00");
  block.fill(SPACE, CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  octal(CHECKSUM_AT, 6, sumsOf(block)[0]);
  block[CHECKSUM_AT + 6] = 0;
  return block;
}
