/**
 * Profiles in the format of pprof (`profile.proto`), as its tools read them.
 *
 * Owns the encoding alone. A profile here is flat: each sample is one place in the source of one entry.
 */

/** What the values of samples are: `count`, `bytes` and the like. */
export interface SampleType {
  readonly type: string;
  readonly unit: string;
}

/** Values at one place. */
export interface Sample {
  /** What stands for a function: an entry. */
  readonly entry: string;
  /** Line of its source; 0 when there is none. */
  readonly line: number;
  /** One value for each sample type. */
  readonly values: readonly number[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A profile to encode. */
export interface Profile {
  readonly types: readonly SampleType[];
  readonly samples: readonly Sample[];
  readonly timeMs: number;
  readonly durationMs: number;
}

/** Writes fields of protocol buffers. */
class Message {
  readonly #bytes: number[] = [];

  integer(field: number, value: number): this {
    if (value !== 0) {
      this.#varint(field * 8);
      this.#varint(value);
    }
    return this;
  }

  bytes(field: number, value: Uint8Array | readonly number[]): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  message(field: number, inner: Message): this {
    return this.bytes(field, inner.#bytes);
  }

  packed(field: number, values: readonly number[]): this {
    const inner = new Message();
    for (const value of values) inner.#varint(value);
    return this.message(field, inner);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  #varint(value: number): void {
    // Values may be beyond 32 bits, where shifts would lose their upper part.
    let rest = value;
    while (rest >= 128) {
      this.#bytes.push(rest % 128 + 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }
}

/** Numbers for texts, the empty one being 0. */
class Strings {
  readonly all: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      this.#numbers.set(text, number = this.all.length);
      this.all.push(text);
    }
    return number;
  }
}

/** The bytes of a profile, not yet compressed. */
export function encodeProfile({ types, samples, timeMs, durationMs }: Profile): Uint8Array {
  const strings = new Strings();
  const profile = new Message();
  const typeOf = ({ type, unit }: SampleType): Message =>
    new Message().integer(1, strings.of(type)).integer(2, strings.of(unit));
  for (const type of types) profile.message(1, typeOf(type));
  const functions = new Map<string, number>();
  const locations = new Map<string, number>();
  const parts = new Message();
  for (const { entry, line, values, labels } of samples) {
    let fn = functions.get(entry);
    if (fn === undefined) {
      functions.set(entry, fn = functions.size + 1);
      const name = strings.of(entry);
      parts.message(5, new Message().integer(1, fn).integer(2, name).integer(3, name).integer(4, name));
    }
    const place = `${entry}:${line}`;
    let location = locations.get(place);
    if (location === undefined) {
      locations.set(place, location = locations.size + 1);
      const at = new Message().integer(1, fn).integer(2, line);
      parts.message(4, new Message().integer(1, location).message(4, at));
    }
    const sample = new Message().packed(1, [location]).packed(2, values);
    for (const [key, text] of Object.entries(labels ?? {})) {
      sample.message(3, new Message().integer(1, strings.of(key)).integer(2, strings.of(text)));
    }
    profile.message(2, sample);
  }
  profile.message(11, typeOf(types[0]!)).integer(12, 1);
  const texts = new TextEncoder();
  const table = new Message();
  for (const text of strings.all) table.bytes(6, texts.encode(text));
  const times = new Message().integer(9, Math.trunc(timeMs) * 1e6).integer(10, Math.trunc(durationMs) * 1e6);
  return join([profile, parts, table, times]);
}

function join(messages: readonly Message[]): Uint8Array {
  const all = messages.map((message) => message.finish());
  const joined = new Uint8Array(all.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of all) {
    joined.set(bytes, at);
    at += bytes.length;
  }
  return joined;
}
