/**
 * Views of VM memory, by what is read there.
 *
 * Hot: `tests/bench/services.bench.ts`. Elements of typed arrays take a fraction of the code that a `DataView` takes, which is for
 * integers of 64 bits: as elements those take longer.
 */

/** The views of one memory. */
export class Views {
  readonly #memory: WebAssembly.Memory;
  bytes = new Uint8Array(0);
  /** By address / 4. */
  words = new Uint32Array(0);
  /** By address / 8. */
  floats = new Float64Array(0);
  view = new DataView(this.bytes.buffer);

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Themselves; valid until something allocates in the VM. */
  now(): this {
    // Growing detaches the buffer, which leaves its views empty; asking the memory each time is slow.
    if (this.bytes.length === 0) this.#renew();
    return this;
  }

  #renew(): void {
    const { buffer } = this.#memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.view = new DataView(buffer);
  }
}
