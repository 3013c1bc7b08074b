/**
 * Cuts Markdown into chunks that begin with the heading they stand under.
 *
 * M1. No chunk is longer than the plan's size; a heading too long to leave room for text is left out where it repeats.
 * M2. Blocks are kept whole where they fit: paragraphs and lists always, fenced code and tables when that is wanted.
 */
import { type Block, blocksOf, linksOf, type LinkTarget, resolveLinks } from "./markdown_blocks.ts";
import { type ChunkPlan, lengthOf, RecursiveSplitter } from "./recursive.ts";

/** What is kept together, and what is repeated. */
export interface MarkdownOptions {
  readonly codeBlocks: boolean;
  readonly referenceLinks: boolean;
  readonly headingHierarchy: boolean;
  readonly joinTableRows: boolean;
}

/** Between blocks of a chunk. */
const GAP = "\n\n";
const HEADING_LEVELS = 6;

/** Splits Markdown. */
export class MarkdownSplitter {
  readonly #plan: ChunkPlan;
  readonly #options: MarkdownOptions;

  constructor(plan: ChunkPlan, options: MarkdownOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  split(text: string): string[] {
    const links = this.#options.referenceLinks ? linksOf(text) : new Map<string, LinkTarget>();
    const headings = new Array<string>(HEADING_LEVELS).fill("");
    const chunks: string[] = [];
    let section: Block[] = [];
    const close = (): void => {
      for (const chunk of this.#section(this.#title(headings), section)) chunks.push(chunk);
      section = [];
    };
    for (const block of blocksOf(text)) {
      if (block.kind === "heading") {
        close();
        headings.fill("", block.level - 1);
        headings[block.level - 1] = resolveLinks(block.text, links);
      } else if (block.kind !== "links" || !this.#options.referenceLinks) {
        section.push(block.kind === "code" ? block : { ...block, text: resolveLinks(block.text, links) });
      }
    }
    close();
    return chunks;
  }

  /** What each chunk of a section begins with. */
  #title(headings: readonly string[]): string {
    const present = headings.filter((heading) => heading !== "");
    return this.#options.headingHierarchy ? present.join("\n") : present.at(-1) ?? "";
  }

  /** Chunks of what stands under a heading. A heading over nothing is part of those below it, when they repeat it. */
  #section(title: string, blocks: readonly Block[]): string[] {
    if (blocks.length === 0) {
      if (title === "" || this.#options.headingHierarchy) return [];
      return new RecursiveSplitter(this.#plan).split(title);
    }
    const titleLength = title === "" ? 0 : lengthOf(title) + 1;
    const repeats = titleLength <= this.#plan.size / 2;
    const head = title === "" || !repeats ? "" : `${title}\n`;
    const room = this.#plan.size - (repeats ? titleLength : 0);
    const bodies = this.#bodies(blocks, room);
    const chunks = bodies.map((body) => head + body);
    return repeats ? chunks : [...new RecursiveSplitter(this.#plan).split(title), ...chunks];
  }

  /** Blocks packed into texts of at most `room` characters. */
  #bodies(blocks: readonly Block[], room: number): string[] {
    const bodies: string[] = [];
    let body = "";
    const flush = (): void => {
      if (body !== "") bodies.push(body);
      body = "";
    };
    for (const block of blocks) {
      if (lengthOf(block.text) > room) {
        flush();
        for (const piece of this.#pieces(block, room)) bodies.push(piece);
        continue;
      }
      const joined = body === "" ? block.text : body + GAP + block.text;
      if (lengthOf(joined) <= room) {
        body = joined;
        continue;
      }
      flush();
      body = block.text;
    }
    flush();
    return bodies;
  }

  /** A block that does not fit, in pieces. */
  #pieces(block: Block, room: number): string[] {
    if (block.kind === "code" && this.#options.codeBlocks) {
      const lines = block.text.split("\n");
      const [open, close] = [lines[0]!, lines.at(-1)!];
      return framed(lines.slice(1, -1), room, { before: `${open}\n`, after: `\n${close}` }) ??
        this.#cut(block.text, room);
    }
    if (block.kind === "table" && this.#options.joinTableRows) {
      const lines = block.text.split("\n");
      return framed(lines.slice(2), room, { before: `${lines.slice(0, 2).join("\n")}\n`, after: "" }) ??
        this.#cut(block.text, room);
    }
    return this.#cut(block.text, room);
  }

  #cut(text: string, room: number): string[] {
    const overlap = Math.min(this.#plan.overlap, Math.floor(room / 2));
    return new RecursiveSplitter({ size: room, overlap }).split(text);
  }
}

/** Lines packed between a beginning and an end that each piece repeats; undefined when a line has no room between them. */
function framed(
  lines: readonly string[],
  room: number,
  frame: { before: string; after: string },
): string[] | undefined {
  const space = room - lengthOf(frame.before) - lengthOf(frame.after);
  if (lines.some((line) => lengthOf(line) > space)) return undefined;
  const pieces: string[] = [];
  let piece: string[] = [];
  let length = 0;
  for (const line of lines) {
    const added = lengthOf(line) + (piece.length > 0 ? 1 : 0);
    if (length + added > space) {
      pieces.push(piece.join("\n"));
      piece = [];
      length = 0;
    }
    length += lengthOf(line) + (piece.length > 0 ? 1 : 0);
    piece.push(line);
  }
  if (piece.length > 0) pieces.push(piece.join("\n"));
  return pieces.map((text) => frame.before + text + frame.after);
}
