/** Reads the binary format that modules and components share. */
import { Failure } from "../core/mod.ts";

/** A binary that breaks the format, or has what is not supported. */
export function unreadable(reason: string): Failure {
  return new Failure("Invalid", `the binary can't be read: ${reason}`, { retryable: false });
}

/** A place in a binary. */
export class BinaryReader {
  at = 0;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw unreadable("it ends too early");
    return byte;
  }

  /** A number without a sign, in LEB128. */
  number(): number {
    let value = 0;
    for (let weight = 1; weight < 2 ** 64; weight *= 128) {
      const byte = this.byte();
      value += (byte & 127) * weight;
      if (byte < 128) return value;
    }
    throw unreadable("it has a number without end");
  }

  /** A number with a sign. */
  signed(): number {
    let value = 0;
    for (let weight = 1; weight < 2 ** 36; weight *= 128) {
      const byte = this.byte();
      value += (byte & 127) * weight;
      if (byte < 128) return byte < 64 ? value : value - weight * 128;
    }
    throw unreadable("it has a number without end");
  }

  /** Goes past a number of any length, with or without a sign. */
  skipNumber(): void {
    while (this.byte() >= 128);
  }

  /** What lies between two places; not a copy. */
  view(from: number, to: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, to);
  }

  name(): string {
    const length = this.number();
    const start = this.at;
    this.at += length;
    if (this.at > this.#bytes.length) throw unreadable("it ends too early");
    return new TextDecoder().decode(this.#bytes.subarray(start, this.at));
  }

  /** The name of an import or export of a component. */
  externalName(): string {
    this.byte();
    return this.name();
  }

  list<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let left = this.number(); left > 0; left--) items.push(item());
    return items;
  }

  each(item: () => void): void {
    for (let left = this.number(); left > 0; left--) item();
  }

  /** A copy of what lies between here and `end`. */
  slice(end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.at, end);
  }
}
