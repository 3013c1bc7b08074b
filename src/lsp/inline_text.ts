/**
 * Sources that stand inside definition files, as literal blocks: the same text, with the places it has there.
 */
import type { Position } from "vscode-languageserver-protocol";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import { Text } from "./text.ts";

/** A text whose lines stand further down and further in, in another document. */
export class InlineText extends Text {
  readonly #firstLine: number;
  readonly #margin: number;

  constructor(source: Text, firstLine: number, margin: number) {
    super(source.source, source.encoding);
    this.#firstLine = firstLine;
    this.#margin = margin;
  }

  override position(offset: number): Position {
    const { line, character } = super.position(offset);
    return { line: line + this.#firstLine, character: character + this.#margin };
  }

  override offset({ line, character }: Position): number {
    return super.offset({ line: line - this.#firstLine, character: Math.max(0, character - this.#margin) });
  }
}

/** The text of an entry's source where it stands in its definition file; undefined when it is no literal block there. */
export function inlineText(
  source: Text,
  definition: DefinitionText,
  entry: WrittenEntry,
): InlineText | undefined {
  if (entry.source?.kind !== "inline" || !entry.source.isBlock) return undefined;
  // A running application may have another one by now.
  if (entry.source.value !== source.source) return undefined;
  const { text } = definition;
  const firstLine = text.lineOf(entry.source.place.start) + 1;
  const first = text.line(firstLine);
  return new InlineText(source, firstLine, first.length - first.trimStart().length);
}

/** The entry in whose literal source an offset of a definition file is. */
export function inlineEntryAt({ text, entries }: DefinitionText, offset: number): WrittenEntry | undefined {
  return entries.find(({ source }) =>
    source?.kind === "inline" && source.isBlock && offset <= source.place.end &&
    text.lineOf(offset) > text.lineOf(source.place.start)
  );
}
