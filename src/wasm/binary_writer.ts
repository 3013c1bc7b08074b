/** Writes the binary format that modules and components share. */

/** A number as LEB128, without a sign. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  do {
    bytes.push(value % 128 + (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return bytes;
}

/** A number that is not negative, as LEB128 with a sign. */
export function signedLeb(value: number): number[] {
  // One more bit than the number has says that it is not negative.
  const bytes = leb(value);
  if (bytes.at(-1)! < 64) return bytes;
  bytes[bytes.length - 1]! |= 128;
  return [...bytes, 0];
}

/** A name of ASCII. */
export function nameBytes(name: string): number[] {
  return [...leb(name.length), ...new TextEncoder().encode(name)];
}

/** Bytes one behind the other. */
export class BinaryWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  add(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  /** A section of a module. */
  section(id: number, body: ArrayLike<number>): void {
    this.add([id, ...leb(body.length)]);
    this.add(body);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
