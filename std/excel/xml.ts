/** XML of workbooks, read as a stream of elements. Entities are those of XML itself; nothing is expanded. */
import { EXCEL_TEXT_MAX } from "../../src/core/mod.ts";
import type { Pull } from "../archive/source.ts";
import { internal } from "./cell.ts";

/** Deepest nesting; real workbooks have a dozen levels. */
const DEPTH_MAX = 256;
const PART_BYTES = 64 * 1024;

type Library = typeof import("htmlparser2");
/** Attributes of an element, prefixes included. */
export type Attributes = Readonly<Record<string, string>>;

/** What is told of a document. Names come without their prefix; `raw` is the name as written. */
export interface XmlHandler {
  open(name: string, attributes: Attributes, raw: string): void;
  close(name: string, raw: string): void;
  text?(text: string): void;
}

/** A name without its prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** Reads a document step by step. */
export class XmlReader {
  readonly #pull: Pull;
  readonly #parser: InstanceType<Library["Parser"]>;
  readonly #decoder = new TextDecoder();
  #ended = false;

  constructor(library: Library, pull: Pull, handler: XmlHandler) {
    this.#pull = pull;
    let depth = 0;
    this.#parser = new library.Parser({
      onopentag(raw, attributes) {
        if (++depth > DEPTH_MAX) {
          throw internal(`invalid Excel file: nested deeper than ${DEPTH_MAX} elements`);
        }
        handler.open(localName(raw), attributes, raw);
      },
      onclosetag(raw) {
        depth--;
        handler.close(localName(raw), raw);
      },
      ontext(text) {
        handler.text?.(text);
      },
    }, { xmlMode: true, decodeEntities: true });
  }

  /** Reads one piece; false at the end. */
  async step(): Promise<boolean> {
    if (this.#ended) return false;
    const piece = await this.#pull(PART_BYTES);
    if (piece === null) {
      this.#ended = true;
      this.#parser.end(this.#decoder.decode());
    } else this.#parser.write(this.#decoder.decode(piece, { stream: true }));
    return !this.#ended;
  }
}

/** Reads a whole document. */
export async function readXml(pull: Pull, handler: XmlHandler): Promise<void> {
  const reader = new XmlReader(await import("htmlparser2"), pull, handler);
  let isMore = true;
  while (isMore) isMore = await reader.step();
}

/** Text that is gathered from several pieces, up to a limit. */
export class TextBuffer {
  #pieces: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    if (this.#length > EXCEL_TEXT_MAX) {
      throw internal(`invalid Excel file: text of more than ${EXCEL_TEXT_MAX} characters`);
    }
    this.#pieces.push(text);
  }

  /** What was gathered; it starts anew. */
  take(): string {
    const text = this.#pieces.length === 1 ? this.#pieces[0]! : this.#pieces.join("");
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}

/** Escapes text for XML. What XML can't hold is left out. */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("\r", "&#13;");
}
