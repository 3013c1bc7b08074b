/**
 * Words that have a better way, and texts that may stand nowhere.
 */
import { lineOf } from "../source_text.ts";
import { type Check, type Finding, isSource, isTest } from "./check.ts";
import { RUNTIME_FOLDERS } from "./imports.ts";

/** A banned word of code, its replacement, and the folders that may use it. */
interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Path prefixes where it is fine. */
  readonly except: readonly string[];
}

const OUTSIDE = ["src/platform/", "scripts/", "tests/"];

const BANS: readonly Ban[] = [
  { pattern: /\bDate\.now\b/g, instead: "the Clock port", except: OUTSIDE },
  { pattern: /\bperformance\.now\b/g, instead: "the Clock port", except: OUTSIDE },
  { pattern: /\bnew Date\(\s*\)/g, instead: "the Clock port", except: OUTSIDE },
  { pattern: /\bMath\.random\b/g, instead: "the Random port", except: OUTSIDE },
  { pattern: /\bcrypto\.(randomUUID|getRandomValues)\b/g, instead: "the Random port", except: OUTSIDE },
  { pattern: /\bset(Timeout|Interval|Immediate)\b/g, instead: "the Clock port", except: OUTSIDE },
  { pattern: /\bconsole\./g, instead: "the Log port, or stdout and stderr", except: ["tests/bench/"] },
  { pattern: /\b(Bun|Deno)\./g, instead: "a port", except: RUNTIME_FOLDERS },
  {
    pattern: /(?<![.\w])process\.(env|argv|stdout|stderr|stdin|cwd|hrtime|memoryUsage|nextTick)\b/g,
    instead: "a port",
    except: RUNTIME_FOLDERS,
  },
  {
    pattern: /(?:[:<|]|\bas)\s*any\b(?!\s*\()|,\s*any\s*>/g,
    instead: "unknown, or a type",
    except: ["src/vm/", "tests/", "scripts/"],
  },
  { pattern: /^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s/gm, instead: "a union of literals", except: [] },
  { pattern: /^\s*(export\s+)?(declare\s+)?namespace\s/gm, instead: "a module", except: [] },
  {
    pattern: /catch\s*(\([^)]*\))?\s*\{\s*\}/g,
    instead: "handle the error, or say in the code why it can be dropped",
    except: [],
  },
];

/** Banned words in code; comments and strings do not count. */
export const bans: Check = {
  name: "bans",
  run(tree) {
    const findings: Finding[] = [];
    for (const path of tree.files) {
      if (!isSource(path)) continue;
      const { code, source } = tree.scan(path);
      for (const ban of BANS) {
        if (ban.except.some((prefix) => path.startsWith(prefix))) continue;
        if (isTest(path) && ban.except.includes("tests/")) continue;
        for (const match of code.matchAll(ban.pattern)) {
          const at = match.index + match[0].search(/\S/);
          findings.push({
            path,
            line: lineOf(source, at),
            message: `${match[0].trim()} is banned here: use ${ban.instead}`,
          });
        }
      }
    }
    return findings;
  },
};

/** Built from parts, so that this file does not find itself. */
const TEXTS: readonly { pattern: RegExp; message: string }[] = [
  { pattern: new RegExp(`\\b(FIX${"ME"}|X${"XX"})\\b`), message: "finish it, or file an issue" },
  {
    pattern: new RegExp(`(^|[\\s"'\`(=])/(work|root|home/[a-z]+|tmp/(brief|ref))/`),
    message: "a path of one machine: find it from the file, the environment or a setting",
  },
  {
    pattern: new RegExp(
      [
        "registry\\.npmjs",
        "registry\\.yarnpkg",
        "npm\\.jsr",
        "jsr\\.io",
        "deb\\.debian",
        "proxy\\.golang",
        "sum\\.golang",
        "pypi\\.",
        "files\\.pythonhosted",
        "crates\\.io",
        "repo\\.maven",
        "repo1\\.maven",
      ]
        .map((host) => `${host}[.a-z]*`).join("|"),
    ),
    message: "a registry's host: let its client find it",
  },
];

/** Texts that may stand nowhere, whatever the file. */
export const texts: Check = {
  name: "texts",
  run(tree) {
    const findings: Finding[] = [];
    for (const path of tree.files) {
      if (!/\.(ts|lua|md|ya?ml|json|c|h|sh|go|erl|mod|toml)$|^\.ci\/run$/.test(path)) continue;
      const lines = tree.text(path).split("\n");
      for (const [i, line] of lines.entries()) {
        for (const { pattern, message } of TEXTS) {
          const match = pattern.exec(line);
          if (match !== null) findings.push({ path, line: i + 1, message: `${match[0].trim()}: ${message}` });
        }
      }
    }
    return findings;
  },
};
