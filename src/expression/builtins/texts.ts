/** Functions of strings. */
import type { LuaValue } from "../../vm/mod.ts";
import { Problem } from "../problem.ts";
import type { Run } from "../run.ts";
import { textOf } from "../values.ts";
import { arrayIn, type Builtin, integerIn, plain, textIn } from "./builtin.ts";

const SPACE =
  " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

function made(run: Run, text: string): string {
  run.makeText(text.length);
  return text;
}

function trim(text: string, characters: string): string {
  const set = new Set(characters);
  const all = [...text];
  let start = 0;
  let end = all.length;
  while (start < end && set.has(all[start]!)) start++;
  while (end > start && set.has(all[end - 1]!)) end--;
  return all.slice(start, end).join("");
}

/** Splits at most `most` times minus one; 0 gives nothing, below zero there is no limit. */
function split(run: Run, text: string, delimiter: string, most: number, isKept: boolean): LuaValue {
  if (most === 0) return [];
  const parts = delimiter === "" ? [...text] : text.split(delimiter);
  run.make(parts.length);
  if (most > 0 && parts.length > most) {
    parts.splice(most - 1, parts.length, parts.slice(most - 1).join(delimiter));
  }
  return isKept ? parts.map((part, i) => i < parts.length - 1 ? part + delimiter : part) : parts;
}

function splitter(isKept: boolean): Builtin {
  return plain(2, 3, (run, [text, delimiter, most]) => {
    const limit = most === undefined ? -1 : Number(integerIn(most));
    return split(run, textIn(run, text), textIn(run, delimiter), limit, isKept);
  });
}

/** Place of the character at UTF-16 place `at`, -1 for -1. */
function placeOf(text: string, at: number): number {
  return at < 0 ? -1 : [...text.slice(0, at)].length;
}

function repeated(run: Run, text: string, count: number): string {
  if (count < 0) throw new Problem("can't repeat a string fewer than 0 times");
  run.makeText(text.length * count);
  return text.repeat(count);
}

/** By name. */
export const TEXTS: Readonly<Record<string, Builtin>> = {
  trim: plain(
    1,
    2,
    (run, [text, characters]) =>
      made(run, trim(textIn(run, text), characters === undefined ? SPACE : textIn(run, characters))),
  ),
  trimPrefix: plain(1, 2, (run, [value, prefix]) => {
    const text = textIn(run, value);
    const start = prefix === undefined ? " " : textIn(run, prefix);
    return text.startsWith(start) ? made(run, text.slice(start.length)) : text;
  }),
  trimSuffix: plain(1, 2, (run, [value, suffix]) => {
    const text = textIn(run, value);
    const end = suffix === undefined ? " " : textIn(run, suffix);
    return text.endsWith(end) ? made(run, text.slice(0, text.length - end.length)) : text;
  }),
  upper: plain(1, 1, (run, [text]) => made(run, textIn(run, text).toUpperCase())),
  lower: plain(1, 1, (run, [text]) => made(run, textIn(run, text).toLowerCase())),
  split: splitter(false),
  splitAfter: splitter(true),
  replace: plain(3, 4, (run, [value, from, to, most]) => {
    const text = textIn(run, value);
    const wanted = textIn(run, from);
    const count = most === undefined ? -1 : Number(integerIn(most));
    const parts = split(run, text, wanted, count < 0 ? -1 : count + 1, false);
    const replacement = textIn(run, to);
    const pieces = (parts as string[]).length;
    run.makeText(text.length + replacement.length * pieces);
    if (wanted !== "") return (parts as string[]).join(replacement);
    return count < 0 ? text.replaceAll("", replacement) : text;
  }),
  repeat: plain(2, 2, (run, [text, count]) => repeated(run, textIn(run, text), Number(integerIn(count)))),
  join: plain(1, 2, (run, [list, delimiter]) => {
    const items = arrayIn(run, list).map((item) => typeof item === "string" ? item : textOf(run, item));
    const between = delimiter === undefined ? "" : textIn(run, delimiter);
    let length = between.length * items.length;
    for (const item of items) length += item.length;
    run.makeText(length);
    return items.join(between);
  }),
  indexOf: plain(2, 2, (run, [value, part]) => {
    const text = textIn(run, value);
    return placeOf(text, text.indexOf(textIn(run, part)));
  }),
  lastIndexOf: plain(2, 2, (run, [value, part]) => {
    const text = textIn(run, value);
    return placeOf(text, text.lastIndexOf(textIn(run, part)));
  }),
  hasPrefix: plain(2, 2, (run, [text, prefix]) => textIn(run, text).startsWith(textIn(run, prefix))),
  hasSuffix: plain(2, 2, (run, [text, suffix]) => textIn(run, text).endsWith(textIn(run, suffix))),
};
