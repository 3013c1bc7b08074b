/**
 * Where things are, what they are called, how long they get, and that each thing has its cases.
 */
import { type Check, type Finding, isSource, isTest, type Tree } from "./check.ts";

/** What may stand at the top level. */
export const TOP_LEVEL: readonly string[] = [
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "bun.lock",
  "bunfig.toml",
  "deno.json",
  "deno.lock",
  "dist",
  "mod.ts",
  "package-lock.json",
  "package.json",
  "scripts",
  "src",
  "std",
  "tests",
];

const VAGUE = /(^|\/)(utils?|misc|common|base|manager|impl|helpers?)(\.ts|\/)/;

/** Only the agreed names at the top; hidden ones are the tools' own. */
export const topLevel: Check = {
  name: "top-level",
  run: (tree) =>
    tree.top.filter((name) => !name.startsWith(".") && name !== "node_modules" && !TOP_LEVEL.includes(name))
      .map((path) => ({ path, message: "does not belong at the top level" })),
};

/** snake_case, and named for what is inside. */
export const names: Check = {
  name: "names",
  run(tree) {
    const findings: Finding[] = [];
    for (const path of tree.files) {
      if (!path.endsWith(".ts")) continue;
      const file = path.slice(path.lastIndexOf("/") + 1);
      if (!/^[a-z0-9]+(_[a-z0-9]+)*(\.(test|gen|bench|d))?\.ts$/.test(file)) {
        findings.push({ path, message: "files are called like this: snake_case.ts" });
      }
      if (VAGUE.test(path)) findings.push({ path, message: "says nothing: name it for its main export" });
    }
    return findings;
  },
};

/** Lines a file may have before the ratchet asks. */
export const LINES_MAX = 400;

/** Files that were longer when the ratchet was set; they may only shrink. */
export const RATCHET_PATH = "scripts/tidy/size_ratchet.json";

/** Sizes of files over the limit, or of those the ratchet has to know. */
export function longFiles(tree: Tree): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const path of tree.files) {
    if (!isSource(path)) continue;
    const lines = tree.text(path).split("\n").length - 1;
    if (lines > LINES_MAX) sizes[path] = lines;
  }
  return sizes;
}

/** Long files may only shrink. */
export const size: Check = {
  name: "size",
  run(tree) {
    const allowed = tree.files.includes(RATCHET_PATH)
      ? JSON.parse(tree.text(RATCHET_PATH)) as Record<string, number>
      : {};
    const sizes = longFiles(tree);
    const findings: Finding[] = [];
    for (const [path, lines] of Object.entries(sizes)) {
      const limit = allowed[path] ?? LINES_MAX;
      if (lines > limit) findings.push({ path, message: `${lines} lines, at most ${limit}: split it` });
    }
    for (const [path, lines] of Object.entries(allowed)) {
      if ((sizes[path] ?? 0) < lines) {
        findings.push({
          path,
          message: `is shorter than ${lines} lines now: run bun scripts/tidy.ts --ratchet`,
        });
      }
    }
    return findings;
  },
};

/** A header on every file, a contract on every export. */
export const documented: Check = {
  name: "documented",
  run(tree) {
    const findings: Finding[] = [];
    for (const path of tree.files) {
      if (!isSource(path) || isTest(path) || path.startsWith("scripts/")) continue;
      const source = tree.text(path);
      const { code, comments } = tree.scan(path);
      const ends = new Set(comments.filter((c) => source.startsWith("/**", c.start)).map((c) => c.end));
      if (!/^(#!.*\n)?\s*\/\*\*/.test(source)) {
        findings.push({ path, line: 1, message: "has no header: say what it owns" });
      }
      const declared =
        /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let) (\w+)/gm;
      let previous: string | undefined;
      for (const match of code.matchAll(declared)) {
        const isOverload = previous === match[1];
        previous = match[1];
        if (isOverload) continue;
        let end = match.index;
        while (end > 0 && /\s/.test(source[end - 1]!)) end--;
        if (ends.has(end)) continue;
        const line = source.slice(0, match.index).split("\n").length;
        findings.push({
          path,
          line,
          message: `${match[1]} is exported without a comment: state its contract`,
        });
      }
    }
    return findings;
  },
};

/** One default export is for definitions; everything else has a name. */
export const defaults: Check = {
  name: "defaults",
  run: (tree) =>
    tree.files.filter((path) =>
      isSource(path) && !isTest(path) &&
      !/^std\/[^/]+\/mod\.ts$|^src\/kinds\/|^src\/lang\/rules\//.test(path) &&
      /^export default /m.test(tree.scan(path).code)
    ).map((path) => ({ path, message: "has a default export: only definitions have one" })),
};

/** A module, a kind or a rule without cases is not finished. */
export const cases: Check = {
  name: "cases",
  run(tree) {
    const findings: Finding[] = [];
    const has = (prefix: string, end: string) =>
      tree.files.some((path) => path.startsWith(prefix) && path.endsWith(end));
    for (const path of tree.files) {
      const module = /^std\/([^/]+)\/mod\.ts$/.exec(path)?.[1];
      if (module !== undefined && !has(`tests/lua/std/${module}/`, ".lua")) {
        findings.push({ path, message: `has no cases: write tests/lua/std/${module}/*.lua` });
      }
      if (path.startsWith("src/kinds/") && isSource(path)) {
        const kind = /defineKind\(\{\s*name: "([^"]+)"/.exec(tree.text(path))?.[1];
        const folder = path.slice("src/kinds/".length).replace(/\/?[^/]*$/, "");
        if (
          kind !== undefined && !has(`tests/kinds/${kind}/`, "") && !has(`tests/kinds/${folder}`, ".test.ts")
        ) {
          findings.push({ path, message: `${kind} has no cases: write tests/kinds/${kind}/` });
        }
      }
    }
    return findings;
  },
};
