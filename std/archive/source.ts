/** Where archives are read from: bytes at any place, or bytes in sequence. */
import { Failure } from "../../src/core/mod.ts";
import type { ByteStream, FileHandle } from "../../src/ports/mod.ts";
import { invalid } from "./options.ts";

/** Bytes that can be read at any place. */
export interface Source {
  readonly size: number;
  /** The bytes from `position` on, `length` of them; fewer only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): void;
}

/** Gives the next bytes, at most `size`; null at the end. */
export type Pull = (size: number) => Promise<Uint8Array | null> | Uint8Array | null;

function denied(message: string): Failure {
  return new Failure("PermissionDenied", message, { retryable: false });
}

/** An archive in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    read: (position, length) => Promise.resolve(bytes.subarray(position, position + length)),
    close: () => undefined,
  };
}

/** A file that belongs to the archive's reader. */
export function fileSource(file: FileHandle): Source {
  return {
    size: file.stat().size,
    read(position, length) {
      const buffer = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = file.read(buffer.subarray(filled), position + filled);
        if (count === 0) break;
        filled += count;
      }
      return Promise.resolve(buffer.subarray(0, filled));
    },
    close: () => file.close(),
  };
}

/** A stream that can be read at any place; it stays the script's. */
export function streamSource(stream: ByteStream): Source {
  if (stream.read === undefined) throw denied("source is not readable");
  if (stream.seek === undefined || stream.size < 0) {
    throw new Failure("Unavailable", "source can't be read at any place: use archive.scan", {
      retryable: false,
    });
  }
  return {
    size: stream.size,
    async read(position, length) {
      await stream.seek!("set", position);
      const buffer = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const part = await readable(stream)(length - filled);
        if (part === null) break;
        buffer.set(part, filled);
        filled += part.length;
      }
      return buffer.subarray(0, filled);
    },
    close: () => undefined,
  };
}

/** Reads a stream; one that was opened for something else is not readable. */
function readable(stream: ByteStream): Pull {
  return async (size) => {
    try {
      return await stream.read!(size);
    } catch (error) {
      if (error instanceof Failure && /not open for reading/.test(error.message)) throw denied(error.message);
      throw error;
    }
  };
}

/** The bytes of a stream in sequence. */
export function pullStream(stream: ByteStream): Pull {
  if (stream.read === undefined) throw denied("source is not readable");
  return readable(stream);
}

/** Part of a source in sequence. */
export function pullRange(source: Source, from: number, to: number): Pull {
  let at = from;
  return async (size) => {
    const part = at >= to ? null : await source.read(at, Math.min(size, to - at));
    if (part === null || part.length === 0) return null;
    at += part.length;
    return part;
  };
}

/** Bytes in sequence, with a look ahead. */
export class SequentialReader {
  readonly #pull: Pull;
  readonly #part: number;
  #buffer: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** Bytes taken so far. */
  position = 0;

  constructor(pull: Pull, partBytes: number) {
    this.#pull = pull;
    this.#part = partBytes;
  }

  /** The next bytes without taking them; fewer than `size` only at the end. */
  async peek(size: number): Promise<Uint8Array> {
    while (this.#buffer.length < size && !this.#ended) {
      const part = await this.#pull(Math.max(this.#part, size));
      if (part === null) this.#ended = true;
      else if (this.#buffer.length === 0) this.#buffer = part;
      else {
        const joined = new Uint8Array(this.#buffer.length + part.length);
        joined.set(this.#buffer);
        joined.set(part, this.#buffer.length);
        this.#buffer = joined;
      }
    }
    return this.#buffer.subarray(0, size);
  }

  /** The next `size` bytes; Invalid when there are fewer. */
  async take(size: number): Promise<Uint8Array> {
    const bytes = await this.peek(size);
    if (bytes.length < size) throw invalid("archive is truncated");
    this.#drop(size);
    return bytes;
  }

  /** Up to `size` of the next bytes, what is there first; null at the end. */
  async some(size: number): Promise<Uint8Array | null> {
    if (this.#buffer.length === 0) await this.peek(1);
    if (this.#buffer.length === 0) return null;
    const bytes = this.#buffer.subarray(0, size);
    this.#drop(bytes.length);
    return bytes;
  }

  /** Puts back bytes that were taken last. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const joined = new Uint8Array(bytes.length + this.#buffer.length);
    joined.set(bytes);
    joined.set(this.#buffer, bytes.length);
    this.#buffer = joined;
    this.position -= bytes.length;
  }

  #drop(size: number): void {
    this.#buffer = this.#buffer.subarray(size);
    this.position += size;
  }
}
