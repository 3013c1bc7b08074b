/**
 * Writes zip archives from front to back: what is not known before an entry's data stands in a descriptor behind it.
 */
import { joinBytes } from "../../src/core/mod.ts";
import type { Codecs, Compression } from "../../src/ports/mod.ts";
import { invalid, type Meter } from "./options.ts";
import { compressInto, type Sink } from "./sink.ts";
import type { Content, EntryWriter, NewEntry } from "./writer.ts";
import { BYTES, dosDateTime, EXTRA_64, FLAG, IN_EXTRA, IN_EXTRA_16, MARK, viewOf } from "./zip_fields.ts";

const LEVEL = 6;
const MADE_BY_UNIX = 3 << 8 | 45;
const VERSION = 20;
const VERSION_64 = 45;
const REGULAR_FILE = 0o100_000;
const DIRECTORY = 0o040_000;
const DOS_DIRECTORY = 0x10;

/** What the headers of an entry say. */
interface Written {
  readonly entry: NewEntry;
  readonly name: Uint8Array;
  readonly method: number;
  readonly flags: number;
  readonly headerAt: number;
  /** Sizes have eight bytes in the descriptor. */
  readonly isWide: boolean;
  crc32: number;
  size: number;
  compressedSize: number;
}

/** Writes a zip archive. */
export class ZipWriter implements EntryWriter {
  readonly #sink: Sink;
  readonly #meter: Meter;
  readonly #codecs: Codecs;
  readonly #checksum: Compression["crc32"];
  readonly #directory: Uint8Array[] = [];
  #at = 0;

  constructor(
    sink: Sink,
    { checksum, codecs, meter }: { meter: Meter; codecs: Codecs; checksum: Compression["crc32"] },
  ) {
    this.#sink = sink;
    this.#meter = meter;
    this.#codecs = codecs;
    this.#checksum = checksum;
  }

  async add(entry: NewEntry, content: Content): Promise<void> {
    const isDeflated = entry.method === "deflate" && !entry.isDirectory && content.size !== 0;
    const largest = content.size < 0 ? this.#meter.options.fileBytesMax : content.size;
    const written: Written = {
      entry,
      name: new TextEncoder().encode(entry.name),
      method: isDeflated ? 8 : 0,
      flags: FLAG.utf8 | (entry.isDirectory || content.size === 0 ? 0 : FLAG.descriptor),
      headerAt: this.#at,
      isWide: largest >= IN_EXTRA,
      crc32: 0,
      size: 0,
      // Whoever scans the archive must know where stored bytes end.
      compressedSize: isDeflated ? 0 : Math.max(content.size, 0),
    };
    await this.#write(localHeader(written, Math.max(content.size, 0)));
    const dataAt = this.#at;
    await this.#data(written, content, isDeflated);
    written.compressedSize = this.#at - dataAt;
    if ((written.flags & FLAG.descriptor) !== 0) await this.#write(descriptor(written));
    this.#directory.push(centralHeader(written));
  }

  async #data(written: Written, content: Content, isDeflated: boolean): Promise<void> {
    const { name } = written.entry;
    const codec = isDeflated ? this.#codecs.encoder("deflate", LEVEL) : undefined;
    const take = (output: Uint8Array): Promise<void> => this.#write(output);
    try {
      for (;;) {
        const part = await content.next();
        if (part === null) break;
        written.crc32 = this.#checksum(part, written.crc32);
        written.size += part.length;
        this.#meter.bytes(name, part.length, written.size);
        if (codec === undefined) await this.#write(part);
        else await compressInto(codec, part, { isLast: false, take });
      }
      if (codec !== undefined) await compressInto(codec, new Uint8Array(0), { isLast: true, take });
    } finally {
      codec?.close();
    }
    if (content.size >= 0 && written.size !== content.size) {
      throw invalid(`${name}: has ${written.size} bytes instead of ${content.size}`);
    }
  }

  async finish(): Promise<void> {
    const at = this.#at;
    for (const header of this.#directory) await this.#write(header);
    await this.#write(endOfDirectory(this.#directory.length, at, this.#at - at));
  }

  async #write(data: Uint8Array): Promise<void> {
    this.#at += data.length;
    await this.#sink.write(data);
  }
}

function timeField(modified: number): Uint8Array {
  const field = new Uint8Array(9);
  const view = viewOf(field);
  view.setUint16(0, 0x5455, true);
  view.setUint16(2, 5, true);
  view.setUint8(4, 1);
  view.setInt32(5, Math.max(-0x8000_0000, Math.min(modified, 0x7fff_ffff)), true);
  return field;
}

function wideField(values: readonly number[]): Uint8Array {
  const field = new Uint8Array(values.length === 0 ? 0 : 4 + 8 * values.length);
  if (values.length === 0) return field;
  const view = viewOf(field);
  view.setUint16(0, EXTRA_64, true);
  view.setUint16(2, 8 * values.length, true);
  for (const [i, value] of values.entries()) view.setBigUint64(4 + 8 * i, BigInt(value), true);
  return field;
}

function localHeader(written: Written, size: number): Uint8Array {
  const { compressedSize, entry, flags, isWide, method, name } = written;
  const header = new Uint8Array(BYTES.local);
  const view = viewOf(header);
  const { date, time } = dosDateTime(entry.modified);
  const extra = joinBytes([
    isWide ? wideField([size, compressedSize]) : new Uint8Array(0),
    timeField(entry.modified),
  ]);
  view.setUint32(0, MARK.local, true);
  view.setUint16(4, isWide ? VERSION_64 : VERSION, true);
  view.setUint16(6, flags, true);
  view.setUint16(8, method, true);
  view.setUint16(10, time, true);
  view.setUint16(12, date, true);
  view.setUint32(18, isWide ? IN_EXTRA : compressedSize, true);
  view.setUint32(22, isWide ? IN_EXTRA : method === 0 ? size : 0, true);
  view.setUint16(26, name.length, true);
  view.setUint16(28, extra.length, true);
  return joinBytes([header, name, extra]);
}

function descriptor({ compressedSize, crc32, isWide, size }: Written): Uint8Array {
  const bytes = new Uint8Array(isWide ? 24 : 16);
  const view = viewOf(bytes);
  view.setUint32(0, MARK.descriptor, true);
  view.setUint32(4, crc32, true);
  if (isWide) {
    view.setBigUint64(8, BigInt(compressedSize), true);
    view.setBigUint64(16, BigInt(size), true);
  } else {
    view.setUint32(8, compressedSize, true);
    view.setUint32(12, size, true);
  }
  return bytes;
}

function centralHeader(written: Written): Uint8Array {
  const { compressedSize, crc32, entry, flags, headerAt, method, name, size } = written;
  const header = new Uint8Array(BYTES.central);
  const view = viewOf(header);
  const { date, time } = dosDateTime(entry.modified);
  const wide = [size, compressedSize, headerAt].filter((value) => value >= IN_EXTRA);
  const extra = joinBytes([wideField(wide), timeField(entry.modified)]);
  view.setUint32(0, MARK.central, true);
  view.setUint16(4, MADE_BY_UNIX, true);
  view.setUint16(6, wide.length > 0 ? VERSION_64 : VERSION, true);
  view.setUint16(8, flags, true);
  view.setUint16(10, method, true);
  view.setUint16(12, time, true);
  view.setUint16(14, date, true);
  view.setUint32(16, crc32, true);
  view.setUint32(20, Math.min(compressedSize, IN_EXTRA), true);
  view.setUint32(24, Math.min(size, IN_EXTRA), true);
  view.setUint16(28, name.length, true);
  view.setUint16(30, extra.length, true);
  const unixMode = (entry.isDirectory ? DIRECTORY : REGULAR_FILE) | entry.mode & 0o7777;
  view.setUint32(38, (unixMode << 16 | (entry.isDirectory ? DOS_DIRECTORY : 0)) >>> 0, true);
  view.setUint32(42, Math.min(headerAt, IN_EXTRA), true);
  return joinBytes([header, name, extra]);
}

function endOfDirectory(count: number, at: number, size: number): Uint8Array {
  const end = new Uint8Array(BYTES.end);
  const view = viewOf(end);
  view.setUint32(0, MARK.end, true);
  view.setUint16(8, Math.min(count, IN_EXTRA_16), true);
  view.setUint16(10, Math.min(count, IN_EXTRA_16), true);
  view.setUint32(12, Math.min(size, IN_EXTRA), true);
  view.setUint32(16, Math.min(at, IN_EXTRA), true);
  if (count < IN_EXTRA_16 && size < IN_EXTRA && at < IN_EXTRA) return end;
  const wide = new Uint8Array(BYTES.end64);
  const wideView = viewOf(wide);
  wideView.setUint32(0, MARK.end64, true);
  wideView.setBigUint64(4, BigInt(BYTES.end64 - 12), true);
  wideView.setUint16(12, MADE_BY_UNIX, true);
  wideView.setUint16(14, VERSION_64, true);
  wideView.setBigUint64(24, BigInt(count), true);
  wideView.setBigUint64(32, BigInt(count), true);
  wideView.setBigUint64(40, BigInt(size), true);
  wideView.setBigUint64(48, BigInt(at), true);
  const locator = new Uint8Array(BYTES.locator64);
  const locatorView = viewOf(locator);
  locatorView.setUint32(0, MARK.locator64, true);
  locatorView.setBigUint64(8, BigInt(at + size), true);
  locatorView.setUint32(16, 1, true);
  return joinBytes([wide, locator, end]);
}
