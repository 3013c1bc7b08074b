/** Fields of the zip format (APPNOTE 6.3) that its readers and writer share. */
import type { Entry, EntryType } from "./entry.ts";

/** What records begin with. */
export const MARK = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  descriptor: 0x08074b50,
  archiveExtra: 0x08064b50,
} as const;

/** Sizes of records without what varies in them. */
export const BYTES = { local: 30, central: 46, end: 22, end64: 56, locator64: 20 } as const;

/** Bits that say how an entry is stored. */
export const FLAG = { encrypted: 1, descriptor: 8, utf8: 0x800 } as const;

/** A 32-bit field whose value stands in the 64-bit extra field. */
export const IN_EXTRA = 0xffff_ffff;
/** The same of 16 bits. */
export const IN_EXTRA_16 = 0xffff;
/** Id of that extra field. */
export const EXTRA_64 = 1;
const EXTRA_TIME = 0x5455;

const FILE_TYPE_MASK = 0o170_000;
const TYPES: Readonly<Record<number, EntryType>> = {
  0o040_000: "directory",
  0o120_000: "symlink",
  0o020_000: "character",
  0o060_000: "block",
  0o010_000: "fifo",
};
const UNIX = 3;
const MAC_OS = 19;
const DOS_DIRECTORY = 0x10;

/** Upper half of code page 437, in which names are that say nothing else. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

/** A view on bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A name; most writers use UTF-8 whether they say so or not. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (_error) {
    // Bytes that are no UTF-8.
    return Array.from(bytes, (byte) => byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128]!).join("");
  }
}

/** Name of a compression method. */
export function methodName(method: number): string {
  return method === 0 ? "store" : method === 8 ? "deflate" : method === 93 ? "zstd" : `method ${method}`;
}

/** Unix seconds of a DOS date and time, which know no zone. */
export function dosSeconds(date: number, time: number): number {
  const day = Date.UTC(1980 + (date >> 9), (date >> 5 & 15) - 1, date & 31);
  return day / 1000 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
}

/** DOS date and time of Unix seconds, as near as they get. */
export function dosDateTime(seconds: number): { date: number; time: number } {
  const at = new Date(Math.max(seconds, 315_532_800) * 1000);
  const year = Math.min(at.getUTCFullYear() - 1980, 127);
  return {
    date: year << 9 | at.getUTCMonth() + 1 << 5 | at.getUTCDate(),
    time: at.getUTCHours() << 11 | at.getUTCMinutes() << 5 | at.getUTCSeconds() >> 1,
  };
}

/** The data of one extra field; undefined when it is not there. */
export function extraField(extra: Uint8Array, id: number): DataView | undefined {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === id && at + 4 + size <= extra.length) {
      return viewOf(extra.subarray(at + 4, at + 4 + size));
    }
    at += 4 + size;
  }
  return undefined;
}

/** Modification time of the extra field that knows seconds; undefined when it is not there. */
export function extraSeconds(extra: Uint8Array): number | undefined {
  const field = extraField(extra, EXTRA_TIME);
  if (field === undefined || field.byteLength < 5 || (field.getUint8(0) & 1) === 0) return undefined;
  return field.getInt32(1, true);
}

/** The values that stand in the 64-bit extra field because `fields` had no room for them, in order. */
export function widened(fields: readonly number[], extra: Uint8Array): number[] {
  const field = extraField(extra, EXTRA_64);
  let at = 0;
  return fields.map((value) => {
    if (value !== IN_EXTRA || field === undefined || at + 8 > field.byteLength) return value;
    at += 8;
    return Number(field.getBigUint64(at - 8, true));
  });
}

/** Permissions and type of an entry of the central directory. */
export function attributesOf(
  name: string,
  madeBy: number,
  attributes: number,
): Pick<Entry, "mode" | "type"> {
  const system = madeBy >> 8;
  const unixMode = system === UNIX || system === MAC_OS ? attributes >>> 16 : 0;
  const isDirectory = name.endsWith("/") || (attributes & DOS_DIRECTORY) !== 0;
  const type = TYPES[unixMode & FILE_TYPE_MASK] ?? (isDirectory ? "directory" : "file");
  const fallback = type === "directory" ? 0o755 : 0o644;
  return { type: isDirectory ? "directory" : type, mode: unixMode === 0 ? fallback : unixMode & 0o7777 };
}
