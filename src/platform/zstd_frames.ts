/** Where the frames of Zstandard data (RFC 8878) begin and end; nothing is decompressed. */

const MAGIC = 0xfd2fb528;
const SKIPPABLE_FIRST = 0x184d2a50;
const SKIPPABLE_LAST = 0x184d2a5f;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const RUN_LENGTH_BLOCK = 1;

/** The frames that hold data, in order; undefined when the bytes are not whole frames and nothing else. */
export function zstdFrames(data: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + 8 > data.length) return undefined;
    const magic = view.getUint32(at, true);
    const isSkippable = magic >= SKIPPABLE_FIRST && magic <= SKIPPABLE_LAST;
    const end = isSkippable
      ? at + 8 + view.getUint32(at + 4, true)
      : magic === MAGIC
      ? frameEnd(view, at + 4)
      : undefined;
    if (end === undefined || end > data.length) return undefined;
    if (!isSkippable) frames.push(data.subarray(at, end));
    at = end;
  }
  return frames;
}

/** End of the frame whose header starts at `at`, right behind the magic number. */
function frameEnd(view: DataView, at: number): number | undefined {
  const descriptor = view.getUint8(at);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  let next = at + 1 + (isSingleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]! + sizeBytes;
  for (;;) {
    if (next + 3 > view.byteLength) return undefined;
    const header = view.getUint16(next, true) | view.getUint8(next + 2) << 16;
    next += 3 + ((header >> 1 & 3) === RUN_LENGTH_BLOCK ? 1 : header >> 3);
    if ((header & 1) !== 0) return next + ((descriptor & 4) !== 0 ? 4 : 0);
  }
}
