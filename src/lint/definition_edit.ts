/**
 * Changes of the lists of modules and imports in a definition file, as edits that leave everything else as it is written.
 */
import { isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { TextEdit } from "../lang/mod.ts";
import type { GrantChange } from "./definition_findings.ts";

/** The edits for a change of the entry at `node`; undefined when its definition is written in a way that can't be edited. */
export function definitionEdits(text: string, node: YAMLMap, change: GrantChange): TextEdit[] | undefined {
  const data = node.get("data", true);
  const fields = isMap(data) ? data : node;
  const pair = fields.items.find((item) =>
    isPair(item) && isScalar(item.key) && item.key.value === change.list
  );
  if (!change.isAdded) return removed(text, pair, change.name);
  const { name, target } = change;
  return target === undefined
    ? moduleAdded(text, fields, pair, name)
    : importAdded(text, fields, pair, `${name}: ${target}`);
}

function rangeOf(node: unknown): readonly [start: number, end: number] | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range === null || range === undefined ? undefined : [range[0], range[1]];
}

/** Adds a module to the list, or the list to the entry. */
function moduleAdded(
  text: string,
  fields: YAMLMap,
  pair: Pair | undefined,
  name: string,
): TextEdit[] | undefined {
  if (pair === undefined) return fieldAdded(text, fields, () => `modules: [${name}]`);
  const list = pair.value;
  if (!isSeq(list)) return undefined;
  const last = rangeOf(list.items.at(-1));
  if (last === undefined) {
    const whole = rangeOf(list);
    return whole === undefined ? undefined : [{ start: whole[0], end: whole[1], text: `[${name}]` }];
  }
  if (list.flow === true) return [{ start: last[1], end: last[1], text: `, ${name}` }];
  const lineStart = text.lastIndexOf("\n", last[0] - 1) + 1;
  const dash = text.slice(lineStart, last[0]);
  const end = endOfLine(text, last[0]);
  return /^\s*-\s*$/.test(dash) ? [{ start: end, end, text: `\n${dash}${name}` }] : undefined;
}

/** Adds an import to the others, or all of them to the entry. */
function importAdded(
  text: string,
  fields: YAMLMap,
  pair: Pair | undefined,
  line: string,
): TextEdit[] | undefined {
  if (pair === undefined) return fieldAdded(text, fields, (margin) => `imports:\n${margin}  ${line}`);
  const imports = pair.value;
  const last = isMap(imports) ? itemRange(imports.items.at(-1)) : undefined;
  if (!isMap(imports) || last === undefined) return undefined;
  if (imports.flow === true) return [{ start: last[1], end: last[1], text: `, ${line}` }];
  const first = itemRange(imports.items[0])!;
  const margin = text.slice(text.lastIndexOf("\n", first[0] - 1) + 1, first[0]);
  const end = endOfLine(text, last[1]);
  return margin.trim() === "" ? [{ start: end, end, text: `\n${margin}${line}` }] : undefined;
}

/** Adds a field below the kind. */
function fieldAdded(
  text: string,
  fields: YAMLMap,
  field: (margin: string) => string,
): TextEdit[] | undefined {
  const kind = fields.items.find((item) => isScalar(item.key) && item.key.value === "kind") ??
    fields.items[0];
  const key = rangeOf(kind?.key);
  if (key === undefined || fields.flow === true) return undefined;
  const margin = " ".repeat(key[0] - (text.lastIndexOf("\n", key[0] - 1) + 1));
  const end = endOfLine(text, key[0]);
  return [{ start: end, end, text: `\n${margin}${field(margin)}` }];
}

function removed(text: string, pair: Pair | undefined, name: string): TextEdit[] | undefined {
  const list = pair?.value;
  if (pair === undefined || !(isSeq(list) || isMap(list))) return undefined;
  const items: readonly unknown[] = list.items;
  const at = items.findIndex((item) => nameOf(item) === name);
  if (at < 0) return undefined;
  if (items.length === 1) {
    const start = rangeOf(pair.key);
    const end = rangeOf(list);
    return start === undefined || end === undefined ? undefined : [wholeLines(text, start[0], end[1])];
  }
  const own = itemRange(items[at]);
  if (own === undefined) return undefined;
  if (list.flow !== true) return [wholeLines(text, own[0], own[1])];
  const next = itemRange(items[at + 1]);
  const before = itemRange(items[at - 1]);
  if (next !== undefined) return [{ start: own[0], end: next[0], text: "" }];
  return before === undefined ? undefined : [{ start: before[1], end: own[1], text: "" }];
}

function nameOf(item: unknown): unknown {
  const node = isPair(item) ? item.key : item;
  return isScalar(node) ? node.value : undefined;
}

function itemRange(item: unknown): readonly [start: number, end: number] | undefined {
  if (!isPair(item)) return rangeOf(item);
  const key = rangeOf(item.key);
  const value = rangeOf(item.value);
  return key === undefined ? undefined : [key[0], value?.[1] ?? key[1]];
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  const at = end < 0 ? text.length : end;
  return text[at - 1] === "\r" ? at - 1 : at;
}

/** Takes out the lines of a range, their last end included. */
function wholeLines(text: string, start: number, end: number): TextEdit {
  const first = text.lastIndexOf("\n", start - 1) + 1;
  const last = text[end - 1] === "\n" ? end : text.indexOf("\n", end) + 1 || text.length;
  return { start: first, end: last, text: "" };
}
