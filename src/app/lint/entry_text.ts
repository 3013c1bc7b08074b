/**
 * Where the text of an entry stands on disk: places of findings, and how edits of a source become edits of a file.
 *
 * EX1. A source inside a definition file is found by its lines: a block keeps them, indented. A source that is written in
 *      another way has no place of its own and can't be edited.
 */
import type { TextEdit } from "../../lang/mod.ts";
import { LineMap } from "../../lang/running.ts";
import type { Files, YamlReader } from "../../ports/mod.ts";
import { decodeText, type EntryPlace } from "../../registry/mod.ts";

/** What is needed to read definition files. */
export interface TextPorts {
  readonly files: Pick<Files, "readFile" | "stat">;
  readonly yaml: YamlReader;
}

/** A source in a file. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** As messages show it. */
  readonly shown: string;
  /** Line of the file, from 1, that holds the source's first line; spaces before each line. */
  readonly firstLine: number;
  readonly indent: number;
  /** Whether the source is the whole file. */
  readonly isWhole: boolean;
}

/** Reads definition files once. */
export class EntryTexts {
  readonly #ports: TextPorts;
  readonly #texts = new Map<string, LineMap | undefined>();

  constructor(ports: TextPorts) {
    this.#ports = ports;
  }

  /** The lines of a definition file; undefined when it is gone or no text. */
  lines(path: string): LineMap | undefined {
    if (!this.#texts.has(path)) {
      const isFile = this.#ports.files.stat(path)?.isDirectory === false;
      const text = isFile ? decodeText(this.#ports.files.readFile(path)) : undefined;
      this.#texts.set(path, text === undefined ? undefined : new LineMap(text));
    }
    return this.#texts.get(path);
  }

  /** Line on which a field of an entry stands. */
  lineOf(place: EntryPlace, field: readonly (string | number)[]): number {
    const lines = this.lines(place.file);
    return lines === undefined ? 1 : this.#ports.yaml.lineOf(lines.source, [...place.path, ...field]);
  }

  /** The file that holds a source; undefined when it stands in none that can be pointed into. */
  sourceFile(place: EntryPlace | undefined, source: string): SourceFile | undefined {
    if (place === undefined) return undefined;
    const path = place.inlined.get("source");
    if (path !== undefined) {
      return { path, shown: place.shown(path), firstLine: 1, indent: 0, isWhole: true };
    }
    const lines = this.lines(place.file);
    if (lines === undefined) return undefined;
    const wanted = new LineMap(source);
    const from = Math.max(this.lineOf(place, ["source"]), this.lineOf(place, ["data", "source"]));
    // The text of a block begins on the line behind the key, or on its own when it is one line.
    for (const firstLine of [from + 1, from]) {
      const indent = indentOf(lines, wanted, firstLine);
      if (indent !== undefined) {
        return { path: place.file, shown: place.shown(place.file), firstLine, indent, isWhole: false };
      }
    }
    return undefined;
  }
}

/** How far the lines of a source stand from the left at `firstLine`; undefined when they do not stand there. */
function indentOf(lines: LineMap, source: LineMap, firstLine: number): number | undefined {
  let indent: number | undefined;
  for (let i = 1; i <= source.starts.length; i++) {
    const text = source.text(i);
    if (text === "") continue;
    const line = lines.text(firstLine + i - 1);
    const found = line.length - text.length;
    if (indent === undefined) indent = found;
    if (found !== indent || !line.endsWith(text)) return undefined;
  }
  return indent;
}

/** Edits of a source as edits of the file that holds it. */
export function editsInFile(
  file: SourceFile,
  source: string,
  text: string,
  edits: readonly TextEdit[],
): TextEdit[] {
  if (file.isWhole) {
    // A byte order mark is no part of the source.
    const shift = text.length - source.length === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return edits.map((edit) => ({ ...edit, start: edit.start + shift, end: edit.end + shift }));
  }
  const inner = new LineMap(source);
  const outer = new LineMap(text);
  const moved = (offset: number): number => {
    const { line, columnUtf16 } = inner.position(offset);
    return outer.starts[file.firstLine + line - 2]! + file.indent + columnUtf16 - 1;
  };
  return edits.map(({ start, end, text: replacement }) => ({
    start: moved(start),
    end: moved(end),
    text: replacement,
  }));
}

/** `text` with edits made; of edits that overlap the first is made. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let out = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) continue;
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}
