/**
 * Texts of strings that native calls are given again and again: constants of a script, such as SQL.
 *
 * A string that comes twice from one place is kept by the VM; its address alone names it from then on. Until then the bytes
 * are compared, for an address may hold another string by now.
 */
import type { VmExports } from "./instance.ts";
import { readString } from "./text.ts";

/** Texts of this length are worth keeping: shorter ones are quick to read, of longer ones two copies take room. */
const KEPT_MIN = 16;
const KEPT_MAX = 2048;
/** As in C. A number that the VM gives a call is that of an argument, 1 or 2, and in these low bits a place; below zero for none. */
export const KEPT_BITS = 8;
const KEPT_COUNT = 1 << KEPT_BITS;
const NO_BYTES = new Uint8Array(0);

/** The texts of one universe. */
export class KeptTexts {
  readonly #vm: VmExports;
  /** What the VM keeps, by place: the low bits of the number that it gives a call. */
  readonly texts: string[] = new Array<string>(KEPT_COUNT).fill("");
  /** Address of the string that the VM keeps; 0 for none. */
  readonly #kept = new Uint32Array(KEPT_COUNT);
  /** What came last at each place and is not kept, and what it was made of. */
  readonly #latest: string[] = new Array<string>(KEPT_COUNT).fill("");
  readonly #copies: Uint8Array[] = new Array<Uint8Array>(KEPT_COUNT).fill(NO_BYTES);

  constructor(vm: VmExports) {
    this.#vm = vm;
  }

  /** The text of argument `i`, a string at `address` whose bytes are `bytes[start..start + length)`. */
  read(i: number, address: number, bytes: Uint8Array, start: number, length: number): string {
    const place = address >>> 4 & KEPT_COUNT - 1;
    if (this.#kept[place] === address) return this.texts[place]!;
    if (length < KEPT_MIN || length > KEPT_MAX) return decodeText(bytes, start, length);
    if (isSame(this.#copies[place]!, bytes, start, length)) {
      this.#vm.keep_text(i, place);
      this.#kept[place] = address;
      this.#copies[place] = NO_BYTES;
      return this.texts[place] = this.#latest[place]!;
    }
    this.#copies[place] = bytes.slice(start, start + length);
    return this.#latest[place] = decodeText(bytes, start, length);
  }
}

function isSame(copy: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (copy.length !== length) return false;
  let i = 0;
  while (i < length && copy[i] === bytes[start + i]) i++;
  return i === length;
}

function decodeText(bytes: Uint8Array, start: number, length: number): string {
  const text = readString(bytes, start, start + length);
  return typeof text === "string" ? text : new TextDecoder().decode(text);
}
