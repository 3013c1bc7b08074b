/**
 * Where a place in a definition file is, read from indentation alone: it has to be known while a line is half written.
 */
import type { Field } from "../core/mod.ts";
import type { KindDefinition } from "../registry/mod.ts";
import type { Text } from "./text.ts";

/** A place inside a definition file. */
export interface DefinitionCursor {
  /** Keys from the top; `*` for an item of a list. */
  readonly path: readonly string[];
  /** Whether a key is written here, or the value of `key`. */
  readonly part: "key" | "value";
  readonly key: string | undefined;
  /** What is written so far of the key or value, and where. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** Keys and values of the map that the place is in, and of the entry around. */
  readonly siblings: ReadonlyMap<string, string>;
  readonly entry: ReadonlyMap<string, string>;
}

interface Line {
  /** Column of the dash of a list item, or of the content without one. */
  readonly outer: number;
  /** Column of the content. */
  readonly inner: number;
  readonly isItem: boolean;
  readonly key: string | undefined;
  readonly value: string;
}

function readLine(source: string): Line | undefined {
  if (/^\s*(#.*)?$/.test(source)) return undefined;
  const [, blanks, dashes, content] = /^(\s*)((?:-\s+|-$)*)(.*)$/.exec(source)!;
  const pair = /^("[^"]*"|'[^']*'|[^\s:#"'[{][^:#]*?)\s*:(?:\s+(.*))?$/.exec(content!);
  return {
    outer: blanks!.length,
    inner: blanks!.length + dashes!.length,
    isItem: dashes !== "",
    key: pair?.[1]?.replace(/^["']|["']$/g, ""),
    value: (pair?.[2] ?? "").replace(/\s+#.*$/, "").trim(),
  };
}

/** Reads the place at an offset; undefined inside comments. */
export function definitionCursor(text: Text, offset: number): DefinitionCursor | undefined {
  const row = text.lineOf(offset);
  const rowStart = text.startOf(row);
  const whole = text.line(row);
  const before = whole.slice(0, offset - rowStart);
  if (/(^|\s)#/.test(before)) return undefined;
  const [, blanks, dashes, content] = /^(\s*)((?:-\s+|-$)*)(.*)$/.exec(before)!;
  const pair = /^([^\s:][^:]*?)\s*:(\s+|$)(.*)$/.exec(content!);
  const part = pair === null ? (dashes !== "" && isListOfTexts(text, row) ? "value" : "key") : "value";
  const typed = pair === null ? content! : pair[3]!;
  // In `[a, b` the last item is being written.
  const word = /^[[{]/.test(typed) ? /[^[{,\s]*$/.exec(typed)![0] : typed.replace(/^["']/, "");
  const start = offset - word.length;
  const rest = /^[^\s,\]}#"']*/.exec(whole.slice(offset - rowStart))![0];
  const inner = blanks!.length + dashes!.length;
  const path: string[] = [];
  let column = inner;
  let isItem = dashes !== "";
  if (isItem) {
    path.unshift("*");
    column = blanks!.length;
  }
  for (let i = row - 1; i >= 0; i--) {
    const line = readLine(text.line(i));
    if (line === undefined) continue;
    if (!isItem && line.isItem && line.inner === column) {
      path.unshift("*");
      column = line.outer;
      isItem = true;
      continue;
    }
    const isParent = isItem
      ? !line.isItem && line.inner <= column ||
        line.isItem && line.inner < column + 2 && line.inner > line.outer && line.inner <= column
      : line.inner < column;
    if (line.key === undefined || !isParent || line.value !== "") continue;
    path.unshift(line.key);
    column = line.inner;
    isItem = line.isItem;
    if (isItem) {
      path.unshift("*");
      column = line.outer;
    }
  }
  return {
    path,
    part,
    key: pair === null ? undefined : pair[1]!.replace(/^["']|["']$/g, ""),
    word,
    start,
    end: offset + rest.length,
    siblings: fieldsAround(text, row, inner),
    entry: entryAround(text, row),
  };
}

/** Whether the items around a line have no keys. */
function isListOfTexts(text: Text, row: number): boolean {
  const own = readLine(text.line(row));
  for (let i = row - 1; i >= 0; i--) {
    const line = readLine(text.line(i));
    if (line === undefined) continue;
    if (!line.isItem || line.outer !== own?.outer) {
      return line.key !== "entries" && line.outer <= (own?.outer ?? 0);
    }
    return line.key === undefined;
  }
  return false;
}

/** Keys at a column, in the map that a line belongs to. */
function fieldsAround(text: Text, row: number, column: number): Map<string, string> {
  const found = new Map<string, string>();
  const note = (i: number): boolean => {
    const line = readLine(text.line(i));
    if (line === undefined) return true;
    if (line.inner < column || (line.inner === column && line.isItem && i > row)) return false;
    if (line.inner === column && line.key !== undefined) found.set(line.key, line.value);
    return !(line.inner === column && line.isItem && i <= row);
  };
  for (let i = row; i >= 0 && note(i); i--);
  const own = readLine(text.line(row));
  for (let i = row + 1; i < text.lineCount && (own !== undefined || i > row) && note(i); i++);
  return found;
}

/** Fields of the entry that a line belongs to. */
function entryAround(text: Text, row: number): Map<string, string> {
  for (let i = row; i >= 0; i--) {
    const line = readLine(text.line(i));
    if (line?.isItem !== true) continue;
    const fields = fieldsAround(text, i, line.inner);
    if (isEntryItem(text, i, line.outer)) return fields;
  }
  return fieldsAround(text, 0, 0);
}

/** Whether a list item is one of `entries`. */
function isEntryItem(text: Text, row: number, column: number): boolean {
  for (let i = row - 1; i >= 0; i--) {
    const line = readLine(text.line(i));
    if (line === undefined || line.outer > column || (line.isItem && line.outer === column)) continue;
    return line.key === "entries" && line.inner === 0;
  }
  return false;
}

/** Path inside the entry; undefined outside of entries. */
export function pathInEntry({ path }: DefinitionCursor): readonly string[] | undefined {
  if (path[0] !== "entries" || path[1] !== "*") return undefined;
  const inner = path.slice(2);
  return inner[0] === "data" ? inner.slice(1) : inner;
}

/** The field of a kind at a path; records and maps are looked into. */
export function fieldAt(
  kind: KindDefinition | undefined,
  path: readonly string[],
): Field<unknown> | undefined {
  let field: Field<unknown> | undefined = kind?.config;
  for (const step of path) {
    field = opened(field);
    field = field?.fields?.[step] ?? field?.item;
    if (field === undefined) return undefined;
  }
  return field;
}

/** What may be absent, as what it is when it is there. */
export function opened(field: Field<unknown> | undefined): Field<unknown> | undefined {
  let inner = field;
  while (inner?.item !== undefined && inner.type.endsWith("?")) inner = inner.item;
  return inner;
}
