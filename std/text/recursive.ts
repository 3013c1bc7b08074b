/**
 * Cuts a text at the largest separators that make its parts fit, then joins neighbours to chunks again.
 *
 * R1. No chunk is longer than the plan's size, counted in characters.
 * R2. A chunk repeats the end of the one before it, as far as whole parts of at most `overlap` characters make it up.
 */

/** Size of chunks, and of what two neighbours share, in characters. */
export interface ChunkPlan {
  readonly size: number;
  readonly overlap: number;
}

/** Paragraph, line, space, character. */
export const SEPARATORS: readonly string[] = ["\n\n", "\n", " ", ""];

/** Characters of a text. */
export function lengthOf(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** A part of a text and its length. */
interface Part {
  readonly text: string;
  readonly length: number;
}

function partOf(text: string): Part {
  return { text, length: lengthOf(text) };
}

/** Splits by a list of separators, coarse to fine. */
export class RecursiveSplitter {
  readonly #plan: ChunkPlan;
  readonly #separators: readonly string[];
  readonly #keepSeparator: boolean;

  constructor(
    plan: ChunkPlan,
    options: { keepSeparator?: boolean; separators?: readonly string[] } = {},
  ) {
    this.#plan = plan;
    this.#keepSeparator = options.keepSeparator ?? false;
    this.#separators = options.separators ?? SEPARATORS;
  }

  split(text: string): string[] {
    return this.#split(text, 0);
  }

  /** Chunks of a text that holds none of the separators before `from`. */
  #split(text: string, from: number): string[] {
    let at = from;
    while (at < this.#separators.length && !text.includes(this.#separators[at]!)) at++;
    // Where no separator is left only a cut between characters makes it fit.
    const separator = this.#separators[at] ?? "";
    const chunks: string[] = [];
    let fitting: Part[] = [];
    const flush = (): void => {
      for (const chunk of this.#join(fitting, this.#keepSeparator ? "" : separator)) chunks.push(chunk);
      fitting = [];
    };
    for (const part of this.#parts(text, separator)) {
      if (part.length <= this.#plan.size) {
        fitting.push(part);
        continue;
      }
      flush();
      for (const chunk of this.#split(part.text, at + 1)) chunks.push(chunk);
    }
    flush();
    return chunks;
  }

  /** The text between separators; with `keepSeparator` each part but the first begins with its separator. */
  #parts(text: string, separator: string): Part[] {
    if (separator === "") return Array.from(text, (character) => ({ text: character, length: 1 }));
    const pieces = text.split(separator);
    const kept = this.#keepSeparator ? pieces.map((piece, i) => i === 0 ? piece : separator + piece) : pieces;
    return kept.filter((piece) => piece !== "").map(partOf);
  }

  #join(parts: readonly Part[], separator: string): string[] {
    const { size, overlap } = this.#plan;
    const gap = lengthOf(separator);
    const chunks: string[] = [];
    let first = 0;
    let length = 0;
    const emit = (end: number): void => {
      const chunk = parts.slice(first, end).map((part) => part.text).join(separator).trim();
      if (chunk !== "") chunks.push(chunk);
    };
    for (const [i, part] of parts.entries()) {
      const isLonger = (): boolean => length + part.length + (i > first ? gap : 0) > size;
      if (i > first && isLonger()) {
        emit(i);
        while (first < i && (length > overlap || isLonger())) {
          length -= parts[first]!.length + (first + 1 < i ? gap : 0);
          first++;
        }
      }
      length += part.length + (i > first ? gap : 0);
    }
    if (first < parts.length) emit(parts.length);
    return chunks;
  }
}
