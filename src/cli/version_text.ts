/** Versions and change sets as text for people. */
import { Failure, isValueMap, type Value, valuesEqual } from "../core/mod.ts";
import { type Operation, printVersion } from "../registry/mod.ts";
import { Misuse } from "./command.ts";
import { printJson } from "./json_text.ts";
import type { Style } from "./output.ts";

/** The number of a version as typed: `v3` or `3`. */
export function readVersion(text: string): number {
  const match = /^v?(\d+)$/.exec(text);
  if (match === null) throw new Misuse(`${JSON.stringify(text)} is no version; they look like v3`);
  return Number(match[1]);
}

/** Fails with NotFound when one of `wanted` is none of the versions there are. */
export function requireVersions(
  wanted: readonly number[],
  versions: readonly { readonly id: number }[],
): void {
  const ids = new Set(versions.map(({ id }) => id));
  for (const version of wanted) {
    if (ids.has(version)) continue;
    throw new Failure(
      "NotFound",
      `version ${printVersion(version)} not found; wippy registry history --limit 0 lists those there are`,
      { retryable: false, details: { version } },
    );
  }
}

/** `1 added, 2 changed`. */
export function summaryOf(operations: readonly Operation[]): string {
  const count = (kind: string): number => operations.filter((operation) => operation.kind === kind).length;
  const parts = [
    [count("entry.create"), "added"],
    [count("entry.update"), "changed"],
    [count("entry.delete"), "removed"],
  ].filter(([n]) => n !== 0);
  return parts.length === 0 ? "nothing changed" : parts.map(([n, word]) => `${n} ${word}`).join(", ");
}

/** Lines of a change set: what came, what went, and the fields that differ. */
export function printOperations(operations: readonly Operation[], style: Style): string {
  return operations.flatMap(({ kind, entry, original }) => {
    if (kind === "entry.create") {
      return [`${style.green("+")} ${style.bold(entry.id)}  ${style.dim(entry.kind)}`];
    }
    if (kind === "entry.delete") {
      return [`${style.red("-")} ${style.bold(entry.id)}  ${style.dim(entry.kind)}`];
    }
    const head = `${style.yellow("~")} ${style.bold(entry.id)}  ${style.dim(entry.kind)}`;
    if (original === undefined) return [head];
    const before: Value = { kind: original.kind, meta: original.meta, data: original.data };
    const after: Value = { kind: entry.kind, meta: entry.meta, data: entry.data };
    return [head, ...fieldLines(before, after, "", style)];
  }).join("\n");
}

function fieldLines(before: Value, after: Value, path: string, style: Style): string[] {
  if (valuesEqual(before, after)) return [];
  if (isValueMap(before) && isValueMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) =>
      fieldLines(before[key], after[key], path === "" ? key : `${path}.${key}`, style)
    );
  }
  if (typeof before === "string" && typeof after === "string" && (before + after).includes("\n")) {
    return [`    ${path}:`, ...textLines(before, after, style)];
  }
  const old = before === undefined ? style.dim("nothing") : style.red(printJson(before, 0));
  const now = after === undefined ? style.dim("nothing") : style.green(printJson(after, 0));
  return [`    ${path}: ${old} -> ${now}`];
}

/** Lines of two texts between what they have in common at both ends. */
function textLines(before: string, after: string, style: Style): string[] {
  const old = before.split("\n");
  const now = after.split("\n");
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (
    end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)
  ) end++;
  return [
    style.dim(`      line ${start + 1}`),
    ...old.slice(start, old.length - end).map((line) => style.red(`      - ${line}`)),
    ...now.slice(start, now.length - end).map((line) => style.green(`      + ${line}`)),
  ];
}

/** Operations as plain data. */
export function operationsValue(operations: readonly Operation[]): Value {
  return operations.map(({ kind, entry, original }) => ({
    kind,
    entry: { ...entry },
    ...(original === undefined ? {} : { original: { ...original } }),
  }));
}
