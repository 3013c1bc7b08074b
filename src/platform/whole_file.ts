/** Reading to the end of a file. */

/** What a file that is larger than it said is given at least. */
const GROWN_MIN = 4096;

/**
 * All of a file that says it has `size` bytes; `read` fills the start of what it is given and tells how much came. Undefined when that is
 * negative. The library reads into a buffer first that is larger than most files; this is read at its size.
 */
export function readToEnd(
  size: number,
  read: (into: Uint8Array<ArrayBuffer>) => number,
): Uint8Array<ArrayBuffer> | undefined {
  // One more, so that the end shows.
  let bytes = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const came = read(length === 0 ? bytes : bytes.subarray(length));
    if (came < 0) return undefined;
    length += came;
    // A file ends where less comes than was asked for, one of the system, which has no size, where nothing comes.
    if (came === 0 || (size > 0 && length < bytes.length)) return bytes.subarray(0, length);
    if (length < bytes.length) continue;
    const grown = new Uint8Array(Math.max(bytes.length * 2, GROWN_MIN));
    grown.set(bytes);
    bytes = grown;
  }
}
