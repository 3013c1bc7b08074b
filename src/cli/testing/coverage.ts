/**
 * Which lines of the application's own Lua ran.
 *
 * V1. Modules and test entries do not count. V2. A file that several entries share counts once: a line ran when it ran for any.
 */
import type { LineCounts } from "../../app/mod.ts";
import type { Style } from "../output.ts";
import { printTable } from "../table.ts";
import { escaped } from "./junit.ts";

/** Lines of one file: how often each with code ran, by number. */
export interface FileCoverage {
  readonly file: string;
  readonly counts: ReadonlyMap<number, number>;
}

/** Coverage by file, in the order of their names. */
export function coverageByFile(entries: readonly LineCounts[]): FileCoverage[] {
  const files = new Map<string, Map<number, number>>();
  for (const { file, firstLine, counts } of entries) {
    const lines = files.get(file) ?? new Map<number, number>();
    files.set(file, lines);
    for (const [i, count] of counts.entries()) {
      if (count !== null) lines.set(firstLine + i, (lines.get(firstLine + i) ?? 0) + count);
    }
  }
  return [...files].map(([file, counts]) => ({ file, counts: new Map([...counts].sort(byLine)) }))
    .sort((a, b) => a.file < b.file ? -1 : 1);
}

function byLine(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0];
}

function hits(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].filter((count) => count > 0).length;
}

function percent(hit: number, all: number): string {
  // Never rounded up to 100.
  return all === 0 ? "-" : `${(Math.floor(hit / all * 1000) / 10).toFixed(1)}%`;
}

/** A table with one line a file and one for all. */
export function printCoverage(files: readonly FileCoverage[], style: Style): string {
  const rows = files.map(({ file, counts }) => [
    file,
    String(counts.size),
    percent(hits(counts), counts.size),
    rangesOf(counts),
  ]);
  const all = files.reduce((sum, { counts }) => sum + counts.size, 0);
  const hit = files.reduce((sum, { counts }) => sum + hits(counts), 0);
  rows.push(["all", String(all), percent(hit, all), ""]);
  return printTable(["FILE", "LINES", "COVERED", "NOT COVERED"], rows, style, [1, 2]);
}

/** Lines that never ran: `3, 7-9`. Lines without code between two of them do not part them. */
function rangesOf(counts: ReadonlyMap<number, number>): string {
  const ranges: string[] = [];
  let first: number | undefined;
  let last = 0;
  const close = (): void => {
    if (first !== undefined) ranges.push(first === last ? String(first) : `${first}-${last}`);
    first = undefined;
  };
  for (const [line, count] of counts) {
    if (count > 0) close();
    else {
      first ??= line;
      last = line;
    }
  }
  close();
  return ranges.join(", ");
}

/** The text of an lcov file. */
export function printLcov(files: readonly FileCoverage[]): string {
  return files.map(({ file, counts }) =>
    [
      "TN:",
      `SF:${file}`,
      ...[...counts].map(([line, count]) => `DA:${line},${count}`),
      `LF:${counts.size}`,
      `LH:${hits(counts)}`,
      "end_of_record",
      "",
    ].join("\n")
  ).join("");
}

const PAGE_STYLE =
  `body { font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
table { border-collapse: collapse } td, th { padding: .2em 1em .2em 0; text-align: left } td.n { text-align: right }
pre { background: #fafafa; border: 1px solid #ddd; overflow-x: auto; padding: .5em 0; font: 12px/1.5 ui-monospace, monospace }
pre span { display: block; padding: 0 1em; white-space: pre } pre i { color: #888; display: inline-block; font-style: normal; width: 9em }
.hit { background: #e6f6e6 } .miss { background: #fbe3e3 }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #ddd } pre { background: #1d1d1d; border-color: #333 }
.hit { background: #16301a } .miss { background: #3d1a1a } }`;

/** One page with all files; `textOf` reads a source. */
export function printCoveragePage(
  files: readonly FileCoverage[],
  textOf: (file: string) => string,
): string {
  const rows = files.map(({ file, counts }, i) =>
    `<tr><td><a href="#f${i}">${escaped(file)}</a></td><td class="n">${counts.size}</td>` +
    `<td class="n">${percent(hits(counts), counts.size)}</td></tr>`
  );
  const sources = files.map(({ file, counts }, i) => {
    const lines = textOf(file).replace(/\n$/, "").split("\n").map((text, at) => {
      const count = counts.get(at + 1);
      const mark = count === undefined ? "" : count > 0 ? ' class="hit"' : ' class="miss"';
      const times = count === undefined ? "" : `${count}×`;
      return `<span${mark}><i>${String(at + 1).padStart(5)}  ${times}</i>${escaped(text)}</span>`;
    });
    return `<h2 id="f${i}">${escaped(file)}</h2>\n<pre>${lines.join("")}</pre>`;
  });
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Coverage</title><style>${PAGE_STYLE}</style></head><body>
<h1>Coverage</h1>
<table><tr><th>File</th><th>Lines</th><th>Covered</th></tr>
${rows.join("\n")}
</table>
${sources.join("\n")}
</body></html>
`;
}
