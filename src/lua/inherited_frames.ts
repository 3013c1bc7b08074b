/** Frames that processes started inside the VM inherit, by number and back: the VM knows numbers only. */
import type { Frame } from "../ports/mod.ts";

/** Numbers frames; 0 stands for none. */
export class InheritedFrames {
  readonly #frames: (Frame | undefined)[] = [undefined];
  readonly #numbers = new Map<Frame, number>();
  readonly #free: number[] = [];

  /** The frame behind a number. */
  at(number: number): Frame | undefined {
    return this.#frames[number];
  }

  /** The number of a frame, a new one when it has none. */
  numberOf(frame: Frame): number {
    let number = this.#numbers.get(frame);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#frames.length;
      this.#frames[number] = frame;
      this.#numbers.set(frame, number);
    }
    return number;
  }

  /** Takes a number back that no process has any more. */
  forget(number: number): void {
    const frame = this.#frames[number];
    if (frame === undefined) return;
    this.#frames[number] = undefined;
    this.#numbers.delete(frame);
    this.#free.push(number);
  }
}
