/**
 * The import rule: only from a lower rank, through that folder's `mod.ts`; no cycles; no third parties below rank 4.
 */
import { type Check, type Finding, type Import, isSource, isTest, type Tree } from "./check.ts";

/** Ranks of the units: folders that others enter through `mod.ts` only. */
export const RANKS: Readonly<Record<string, number>> = {
  "src/core": 0,
  "src/ports": 1,
  "src/vm": 2,
  "src/lang": 2,
  "src/process": 2,
  "src/registry": 2,
  "src/security": 2,
  "src/platform": 2,
  "src/time": 2,
  "src/lua": 3,
  "src/cluster": 3,
  "src/expression": 3,
  "src/template": 3,
  "src/framework": 3,
  "src/pack": 3,
  "src/workflow": 4,
  "src/wasm": 4,
  "src/lint": 4,
  "src/kinds": 4,
  "std": 4,
  "src/app": 5,
  "src/lsp": 5,
  "src/cli": 6,
};

/** Folders that may name a runtime (`Bun.`, `Deno.`, `node:`). */
export const RUNTIME_FOLDERS: readonly string[] = ["src/platform/", "src/cli/", "scripts/", "tests/"];

/** Where a unit is entered; what most programs do without, or with, has a door of its own beside `mod.ts`. */
const DOORS: readonly string[] = [
  "mod.ts",
  "index.gen.ts",
  "declarations.gen.ts",
  "running.ts",
  "guest.ts",
  "schema.ts",
  "words.ts",
  "checking.ts",
  "compiled.ts",
  "linux_calls.ts",
  "standard_streams.ts",
];

/** The lowest rank that may import third-party packages; `src/platform` may as well. */
const THIRD_PARTY_RANK = 4;

/** The unit a file belongs to. */
export function unitOf(path: string): string | undefined {
  return Object.keys(RANKS).find((unit) => path.startsWith(`${unit}/`));
}

/** Imports go down in rank, through `mod.ts`. */
export const ranks: Check = {
  name: "ranks",
  run: (tree) =>
    eachImport(tree, (path, item) => {
      const unit = unitOf(path);
      if (unit === undefined || item.target === undefined) return undefined;
      const target = unitOf(item.target);
      if (target === unit) return undefined;
      if (target === undefined) {
        return path === "src/app/mod.ts" || path.startsWith("src/cli/")
          ? undefined
          : `imports ${item.target}, which is outside the ranked folders`;
      }
      if (
        RANKS[target]! >= RANKS[unit]!
      ) return `${unit} may not import ${target}: import from a lower rank only`;
      const entrances = DOORS.map((name) => `${target}/${name}`);
      return entrances.includes(item.target)
        ? undefined
        : `imports ${item.target}: enter ${target} through its mod.ts`;
    }),
};

/** Runtime names and third-party packages stay where they belong. */
export const packages: Check = {
  name: "packages",
  run: (tree) =>
    eachImport(tree, (path, item) => {
      if (item.target !== undefined) return undefined;
      const isRuntime = /^(node:|bun$|bun:)/.test(item.specifier);
      if (isRuntime) {
        return RUNTIME_FOLDERS.some((folder) => path.startsWith(folder))
          ? undefined
          : `imports ${item.specifier}: use a port; runtime modules belong to ${RUNTIME_FOLDERS.join(", ")}`;
      }
      const unit = unitOf(path);
      if (unit === undefined || unit === "src/platform" || RANKS[unit]! >= THIRD_PARTY_RANK) return undefined;
      return `imports ${item.specifier}: third-party packages belong to src/platform and rank ${THIRD_PARTY_RANK} up`;
    }),
};

/** No file imports itself through others; types do not count. */
export const cycles: Check = {
  name: "cycles",
  run(tree) {
    const files = tree.files.filter((path) => isSource(path) && !isTest(path));
    const known = new Set(files);
    const state = new Map<string, "open" | "done">();
    const findings: Finding[] = [];
    const visit = (path: string, trail: string[]) => {
      state.set(path, "open");
      trail.push(path);
      for (const item of tree.imports(path)) {
        if (item.typeOnly || item.target === undefined || !known.has(item.target)) continue;
        const seen = state.get(item.target);
        if (seen === "open") {
          const cycle = [...trail.slice(trail.indexOf(item.target)), item.target];
          findings.push({ path, line: item.line, message: `import cycle: ${cycle.join(" -> ")}` });
        } else if (seen === undefined) visit(item.target, trail);
      }
      trail.pop();
      state.set(path, "done");
    };
    for (const path of files) if (!state.has(path)) visit(path, []);
    return findings;
  },
};

/** Where code starts: the embedding API, the command line, folders' doors, indexes, workers and the simulated twins. */
function isEntrance(path: string): boolean {
  return path === "mod.ts" || path === "src/cli/main.ts" || path === "src/platform/simulated/mod.ts" ||
    /^src\/[^/]+\/mod\.ts$/.test(path) || /(\.gen|(^|[/_])worker)\.ts$/.test(path);
}

/** Where tests and scripts start; modules beside a Lua case are loaded with it. */
function isOutsideEntrance(path: string, known: ReadonlySet<string>): boolean {
  return /^scripts\/[^/]+\.ts$/.test(path) || path.startsWith("tests/bench/") ||
    /\.(test|bench)\.ts$/.test(path) ||
    path.startsWith("tests/lua/") && known.has(path.replace(/\.ts$/, ".lua"));
}

/** Every source file is reached from an entrance, and code under `src` and `std` not only from tests. */
export const deadFiles: Check = {
  name: "dead-files",
  run(tree) {
    const byCode = reach(tree, tree.files.filter((path) => isEntrance(path) && !isTest(path)));
    const known = new Set(tree.files);
    const byAnything = reach(
      tree,
      tree.files.filter((path) => isEntrance(path) || isOutsideEntrance(path, known)),
    );
    return tree.files.filter(isSource).flatMap((path): Finding[] => {
      if (!byAnything.has(path)) return [{ path, message: "nothing imports it: delete it or use it" }];
      if (isTest(path) || path.startsWith("scripts/") || byCode.has(path)) return [];
      return [{ path, message: "only tests import it: move it under tests or use it" }];
    });
  },
};

function reach(tree: Tree, roots: string[]): Set<string> {
  const known = new Set(tree.files);
  const reached = new Set<string>();
  const queue = [...roots];
  while (queue.length > 0) {
    const path = queue.pop()!;
    if (reached.has(path) || !known.has(path) || !path.endsWith(".ts")) continue;
    reached.add(path);
    for (const item of tree.imports(path)) if (item.target !== undefined) queue.push(item.target);
  }
  return reached;
}

function eachImport(tree: Tree, judge: (path: string, item: Import) => string | undefined): Finding[] {
  const findings: Finding[] = [];
  for (const path of tree.files) {
    if (!isSource(path) || isTest(path)) continue;
    for (const item of tree.imports(path)) {
      const message = judge(path, item);
      if (message !== undefined) findings.push({ path, line: item.line, message });
    }
  }
  return findings;
}
