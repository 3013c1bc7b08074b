/**
 * The central directory of a zip archive, and the way to the bytes of its entries.
 *
 * Z1. Only the directory is read up front, in parts; its size and number of entries are bounded.
 */
import type { Codecs, Compression } from "../../src/ports/mod.ts";
import type { Entry } from "./entry.ts";
import { codecOf, EntryStream, Inflater } from "./entry_stream.ts";
import { invalid, type Meter } from "./options.ts";
import { pullRange, SequentialReader, type Source } from "./source.ts";
import {
  attributesOf,
  BYTES,
  decodeName,
  dosSeconds,
  extraSeconds,
  FLAG,
  IN_EXTRA,
  IN_EXTRA_16,
  MARK,
  methodName,
  viewOf,
  widened,
} from "./zip_fields.ts";

const COMMENT_BYTES_MAX = 0xffff;
const DIRECTORY_BYTES_MAX = 64 * 1024 * 1024;

/** An entry and where its local header is. */
export interface ZipEntry extends Entry {
  readonly headerAt: number;
  readonly isEncrypted: boolean;
}

/** Place of the central directory. `base` is added to the places it names: there may be bytes before the archive. */
interface DirectoryPlace {
  readonly at: number;
  readonly size: number;
  readonly count: number;
  readonly base: number;
}

/** Reads the central directory. */
export async function readDirectory(source: Source, meter: Meter, partBytes: number): Promise<ZipEntry[]> {
  const place = await findDirectory(source);
  if (place.size > DIRECTORY_BYTES_MAX) {
    throw invalid(`directory of the zip archive has ${place.size} bytes, at most ${DIRECTORY_BYTES_MAX}`);
  }
  const reader = new SequentialReader(pullRange(source, place.at, place.at + place.size), partBytes);
  const entries: ZipEntry[] = [];
  while ((await reader.peek(4)).length === 4 && entries.length < place.count) {
    meter.entry();
    entries.push(await readCentralHeader(reader, place.base));
  }
  if (entries.length !== place.count) throw invalid("zip archive is corrupt: its directory is incomplete");
  return entries;
}

async function findDirectory(source: Source): Promise<DirectoryPlace> {
  const tailAt = Math.max(0, source.size - BYTES.end - COMMENT_BYTES_MAX);
  const tail = await source.read(tailAt, source.size - tailAt);
  const view = viewOf(tail);
  let at = tail.length - BYTES.end;
  while (at >= 0 && !isEnd(view, at)) at--;
  if (at < 0) throw invalid("no zip archive, or it is truncated: its end is missing");
  const count = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  const end = tailAt + at;
  if (count === IN_EXTRA_16 || size === IN_EXTRA || offset === IN_EXTRA) {
    const wide = await findDirectory64(source, end);
    if (wide !== undefined) return wide;
  }
  return placed(end, { count, size, offset });
}

function isEnd(view: DataView, at: number): boolean {
  return view.getUint32(at, true) === MARK.end &&
    at + BYTES.end + view.getUint16(at + 20, true) <= view.byteLength;
}

function placed(
  end: number,
  { count, offset, size }: { count: number; size: number; offset: number },
): DirectoryPlace {
  const base = end - size - offset;
  if (base < 0) throw invalid("zip archive is corrupt: its directory is not where it should be");
  return { at: offset + base, size, count, base };
}

async function findDirectory64(source: Source, end: number): Promise<DirectoryPlace | undefined> {
  if (end < BYTES.locator64) return undefined;
  const locator = viewOf(await source.read(end - BYTES.locator64, BYTES.locator64));
  if (locator.getUint32(0, true) !== MARK.locator64) return undefined;
  const named = Number(locator.getBigUint64(8, true));
  // Bytes before the archive move it; then it stands right before its locator.
  for (const at of [named, end - BYTES.locator64 - BYTES.end64]) {
    if (at < 0 || at + BYTES.end64 > source.size) continue;
    const view = viewOf(await source.read(at, BYTES.end64));
    if (view.getUint32(0, true) !== MARK.end64) continue;
    return placed(at, {
      count: Number(view.getBigUint64(32, true)),
      size: Number(view.getBigUint64(40, true)),
      offset: Number(view.getBigUint64(48, true)),
    });
  }
  throw invalid("zip archive is corrupt: its 64-bit end is missing");
}

async function readCentralHeader(reader: SequentialReader, base: number): Promise<ZipEntry> {
  const view = viewOf(await reader.take(BYTES.central));
  if (view.getUint32(0, true) !== MARK.central) {
    throw invalid("zip archive is corrupt: bad entry in its directory");
  }
  const rest = [28, 30, 32].map((at) => view.getUint16(at, true)) as [number, number, number];
  const name = decodeName(await reader.take(rest[0]));
  const extra = await reader.take(rest[1]);
  const seconds = extraSeconds(extra) ?? dosSeconds(view.getUint16(14, true), view.getUint16(12, true));
  const fields = [view.getUint32(24, true), view.getUint32(20, true), view.getUint32(42, true)];
  const [size, compressedSize, headerAt] = widened(fields, extra) as [number, number, number];
  await reader.take(rest[2]);
  return {
    name,
    ...attributesOf(name, view.getUint16(4, true), view.getUint32(38, true)),
    size,
    compressedSize,
    modified: seconds,
    method: methodName(view.getUint16(10, true)),
    crc32: view.getUint32(16, true),
    headerAt: headerAt + base,
    isEncrypted: (view.getUint16(8, true) & FLAG.encrypted) !== 0,
  };
}

/** The bytes of an entry. */
export async function openZipEntry(
  source: Source,
  entry: ZipEntry,
  { checksum, codecs, meter }: { meter: Meter; checksum: Compression["crc32"]; codecs: Codecs },
): Promise<EntryStream> {
  if (entry.isEncrypted) throw invalid(`${entry.name}: entry is encrypted`);
  const { fileBytesMax } = meter.options;
  if (entry.size > fileBytesMax) {
    throw invalid(`${entry.name}: larger than ${fileBytesMax} bytes (max_file_bytes)`);
  }
  const codec = codecOf(entry.method, entry.name);
  const header = await source.read(entry.headerAt, BYTES.local);
  if (header.length < BYTES.local || viewOf(header).getUint32(0, true) !== MARK.local) {
    throw invalid(`archive is corrupt: ${entry.name}: its header is not where it should be`);
  }
  const from = entry.headerAt + BYTES.local + viewOf(header).getUint16(26, true) +
    viewOf(header).getUint16(28, true);
  const to = from + entry.compressedSize;
  if (to > source.size) throw invalid(`archive is truncated: ${entry.name} is incomplete`);
  const pull = pullRange(source, from, to);
  const parts = { meter, checksum, expected: { size: entry.size, crc32: entry.crc32 } };
  if (codec === undefined) {
    return new EntryStream(entry.name, async () => await pull(meter.options.bufferBytes), parts);
  }
  const inflater = new Inflater(codecs.decoder(codec), pull, { many: false });
  return new EntryStream(entry.name, () => inflater.next(), { ...parts, release: () => inflater.close() });
}
