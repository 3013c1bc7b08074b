/** Bytes as lines of text. */

/** Longer lines are cut. */
const LINE_BYTES_MAX = 64 * 1024;
const NEWLINE = 10;

/** Gives every line of what is written to `take`, without its end. */
export class LineSplitter {
  readonly #take: (line: string) => void;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(data: Uint8Array): void {
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      this.#add(data.subarray(start, end));
      this.#give();
      start = end + 1;
    }
    this.#add(data.subarray(start));
  }

  /** What has no end yet is a line as well. */
  end(): void {
    if (this.#length > 0) this.#give();
  }

  #add(part: Uint8Array): void {
    let rest = part;
    while (this.#length + rest.length > LINE_BYTES_MAX) {
      const fits = LINE_BYTES_MAX - this.#length;
      this.#parts.push(rest.slice(0, fits));
      this.#give();
      rest = rest.subarray(fits);
    }
    if (rest.length === 0) return;
    this.#parts.push(rest.slice());
    this.#length += rest.length;
  }

  #give(): void {
    const decoder = new TextDecoder();
    let line = "";
    for (const part of this.#parts) line += decoder.decode(part, { stream: true });
    this.#parts = [];
    this.#length = 0;
    this.#take((line + decoder.decode()).replace(/\r$/, ""));
  }
}
