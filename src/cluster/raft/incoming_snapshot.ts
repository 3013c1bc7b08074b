/** A snapshot that arrives in parts, from one leader at a time. */
import type { RaftMessage } from "./messages.ts";

/** The parts so far. */
export class IncomingSnapshot {
  #index = 0;
  #from = "";
  #data = new Uint8Array(0);
  #offset = 0;

  /** How much has arrived. */
  get offset(): number {
    return this.#offset;
  }

  /** Forgets it. */
  clear(): void {
    this.#index = 0;
    this.#data = new Uint8Array(0);
    this.#offset = 0;
  }

  /** Takes a part; all of the data once the last one has come. */
  take(
    from: string,
    { index, offset, data, size }: RaftMessage & { kind: "snapshot" },
  ): Uint8Array | undefined {
    if (this.#index !== index || this.#from !== from || this.#data.length !== size) {
      this.#index = index;
      this.#from = from;
      this.#data = new Uint8Array(size);
      this.#offset = 0;
    }
    if (offset === this.#offset && offset + data.length <= size) {
      this.#data.set(data, offset);
      this.#offset += data.length;
    }
    if (this.#offset < size) return undefined;
    const whole = this.#data;
    this.clear();
    return whole;
  }
}
