/** Bytes as lines of text. */

/** Longer lines are cut. */
const LINE_BYTES_MAX = 64 * 1024;
const NEWLINE = 10;

/** Gives every line of what is written to `take`, without its end. */
export class LineSplitter {
  readonly #take: (line: string) => void;
  #rest: number[] = [];

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(data: Uint8Array): void {
    for (const byte of data) {
      if (byte === NEWLINE) this.#give();
      else {
        this.#rest.push(byte);
        if (this.#rest.length >= LINE_BYTES_MAX) this.#give();
      }
    }
  }

  /** What has no end yet is a line as well. */
  end(): void {
    if (this.#rest.length > 0) this.#give();
  }

  #give(): void {
    const line = new TextDecoder().decode(new Uint8Array(this.#rest));
    this.#rest = [];
    this.#take(line.replace(/\r$/, ""));
  }
}
