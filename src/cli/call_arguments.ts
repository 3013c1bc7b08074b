/** Arguments of a function as they are typed: `name=Ada n=3`, `'{"name": "Ada"}'`, `3`, `text`. */
import type { Value, ValueMap } from "../core/mod.ts";
import { readJson } from "./json_text.ts";

/**
 * Values of the words of a call, in order. JSON is itself, any other word is text. All `key=value` words together are
 * one table, at the place of the first of them; their values are JSON or text too.
 */
export function callArguments(words: readonly string[]): Value[] {
  const values: Value[] = [];
  let table: ValueMap | undefined;
  for (const word of words) {
    const match = /^([A-Za-z_][A-Za-z0-9_.-]*)=([^]*)$/.exec(word);
    if (match === null) {
      values.push(valueOf(word));
      continue;
    }
    if (table === undefined) {
      table = {};
      values.push(table);
    }
    table[match[1]!] = valueOf(match[2]!);
  }
  return values;
}

function valueOf(text: string): Value {
  const json = readJson(text);
  return json === undefined ? text : json.value;
}
