/** From one text to another in small edits: what stays the same is not touched, so that cursors and folds stay where they are. */
import type { Range, TextEdit } from "vscode-languageserver-protocol";
import type { Text } from "./text.ts";

/** Most pairs of lines that are compared; where there are more, all between the first and the last difference is one edit. */
const PAIRS_MAX = 4_000_000;

/** Edits of whole lines that make `after` of a text, in order. */
export function lineEdits(before: Text, after: string): TextEdit[] {
  if (before.source === after) return [];
  const old = linesOf(before.source);
  const fresh = linesOf(after);
  const start = commonLength(old, fresh, 0);
  const end = commonLength(old.toReversed(), fresh.toReversed(), start);
  const from = old.slice(start, old.length - end);
  const to = fresh.slice(start, fresh.length - end);
  const runs = from.length * to.length > PAIRS_MAX
    ? [{ from: 0, removed: from.length, added: to }]
    : differingRuns(from, to);
  return runs.map((run) => ({
    range: linesRange(before, start + run.from, start + run.from + run.removed),
    newText: run.added.join(""),
  }));
}

/** How many lines both begin with; the last `kept` of the shorter one don't count. */
function commonLength(a: readonly string[], b: readonly string[], kept: number): number {
  const most = Math.min(a.length, b.length) - kept;
  let count = 0;
  while (count < most && a[count] === b[count]) count++;
  return count;
}

/** Lines that go and lines that come in their place. */
interface Run {
  readonly from: number;
  readonly removed: number;
  readonly added: readonly string[];
}

/** What is not part of the longest common row of lines. */
function differingRuns(from: readonly string[], to: readonly string[]): Run[] {
  const width = to.length + 1;
  // Length of the longest common row of `from[i..]` and `to[j..]`.
  const lengths = new Uint16Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      lengths[i * width + j] = from[i] === to[j]
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const runs: Run[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      i++;
      j++;
      continue;
    }
    const [startI, startJ] = [i, j];
    while ((i < from.length || j < to.length) && !(i < from.length && j < to.length && from[i] === to[j])) {
      const goes = i < from.length ? lengths[(i + 1) * width + j]! : -1;
      const comes = j < to.length ? lengths[i * width + j + 1]! : -1;
      if (goes >= comes) i++;
      else j++;
    }
    runs.push({ from: startI, removed: i - startI, added: to.slice(startJ, j) });
  }
  return runs;
}

/** The edits that touch lines of a range. */
export function editsWithin(edits: readonly TextEdit[], range: Range): TextEdit[] {
  return edits.filter((edit) =>
    edit.range.start.line <= range.end.line &&
    Math.max(edit.range.start.line, edit.range.end.line - 1) >= range.start.line
  );
}

/** Lines with their ends, `\r` alone included. */
function linesOf(source: string): string[] {
  return source.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
}

function linesRange(text: Text, from: number, to: number): Range {
  return text.range(text.startOf(from), text.startOf(to));
}
