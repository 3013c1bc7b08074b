/**
 * What reviewers should not repeat: layout, ranks, bans, sizes, comments.
 *
 *     bun scripts/tidy.ts [CHECK...]     all checks, or the named ones
 *     bun scripts/tidy.ts --ratchet      write down how long the long files are now; it never grows an entry
 *     bun scripts/tidy.ts --ratchet-new  the same, and take up files that are too long today
 */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bans, texts } from "./tidy/bans.ts";
import { type Check, readTree } from "./tidy/check.ts";
import { cycles, deadFiles, packages, ranks } from "./tidy/imports.ts";
import {
  cases,
  defaults,
  documented,
  longFiles,
  names,
  RATCHET_PATH,
  size,
  topLevel,
} from "./tidy/layout.ts";
import { readText, ROOT } from "./source_tree.ts";

/** Every check, in the order it is run. */
export const CHECKS: readonly Check[] = [
  topLevel,
  names,
  ranks,
  packages,
  cycles,
  deadFiles,
  bans,
  texts,
  size,
  documented,
  defaults,
  cases,
];

function ratchet(takeNew: boolean): void {
  const old = existsSync(join(ROOT, RATCHET_PATH))
    ? JSON.parse(readText(RATCHET_PATH)) as Record<string, number>
    : {};
  const sizes = longFiles(readTree([]));
  const next: Record<string, number> = {};
  for (const [path, lines] of Object.entries(sizes)) {
    if (old[path] !== undefined) next[path] = Math.min(lines, old[path]);
    else if (takeNew) next[path] = lines;
  }
  writeFileSync(join(ROOT, RATCHET_PATH), JSON.stringify(next, null, 2) + "\n");
}

function main(args: string[]): void {
  if (args.includes("--ratchet") || args.includes("--ratchet-new")) {
    return ratchet(args.includes("--ratchet-new"));
  }
  const unknown = args.find((arg) => !CHECKS.some((check) => check.name === arg));
  if (unknown !== undefined) {
    process.stderr.write(
      `no check called ${unknown}; there are: ${CHECKS.map((check) => check.name).join(", ")}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const tree = readTree(readdirSync(ROOT));
  let count = 0;
  for (const check of CHECKS) {
    if (args.length > 0 && !args.includes(check.name)) continue;
    for (const { path, line, message } of check.run(tree)) {
      count++;
      process.stdout.write(`${path}${line === undefined ? "" : `:${line}`}: ${message} [${check.name}]\n`);
    }
  }
  process.stderr.write(count === 0 ? "tidy: ok\n" : `tidy: ${count} findings\n`);
  process.exitCode = count === 0 ? 0 : 1;
}

if (import.meta.main) main(process.argv.slice(2));
