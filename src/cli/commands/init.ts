/**
 * `wippy init`: a new project in an empty folder, the lock file where there are sources already.
 *
 * I1. Nothing that exists is overwritten; in a lock file only the two directories are changed.
 */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { type Command, Misuse, type ParsedArguments, refuseExtra } from "../command.ts";
import { editLock } from "../lock_edit.ts";
import { isInputTerminal, printProgress, printResult, styleOf } from "../output.ts";
import { PROJECT_FILES, type Template, TEMPLATES } from "../scaffold.ts";

const DEFAULTS = { src: "./src", modules: ".wippy", lock: "wippy.lock" };

/** Files that do not make a folder a project. */
const INCIDENTAL = /^(\.|readme|licen[cs]e|copying|authors|changelog|contributing|code_of_conduct|security)/i;

/** Creates a project or its lock file. */
export const init: Command = {
  help: `Create a project, or the lock file of an existing one

In an empty folder this writes a small application that runs and has a test. Where there are sources it writes
wippy.lock, which says where they are. Nothing that exists is overwritten.

Usage
  wippy init [folder] [options]

Options
  -t, --template NAME    http (an HTTP API, the default), command, service; asked for on a terminal
      --bare             the lock file only
  -d, --src-dir DIR      source directory (default ./src)
      --modules-dir DIR  where modules are installed (default .wippy)
  -l, --lock-file FILE   lock file (default wippy.lock)

Examples
  wippy init                          here
  wippy init shop --template http     in a new folder
`,
  options: {
    template: {
      type: "text",
      short: "t",
      about: "kind of project",
      completes: TEMPLATES.map(({ name }) => name),
    },
    bare: { type: "flag", about: "the lock file only" },
    "src-dir": { type: "text", short: "d", about: "source directory", completes: "directory" },
    "modules-dir": { type: "text", about: "modules directory", completes: "directory" },
    "lock-file": { type: "text", short: "l", about: "lock file", completes: "file" },
  },
  async run(args) {
    refuseExtra(args, 1, "wippy init [folder] [options]");
    const named = args.text("template");
    const template = named === undefined ? undefined : findTemplate(named);
    if (template !== undefined && args.flag("bare")) {
      throw new Misuse("--bare and --template exclude each other");
    }

    const folder = resolve(args.positionals[0] ?? ".");
    if (existsSync(folder) && !statSync(folder).isDirectory()) throw new Misuse(`${folder} is no folder`);
    const lockPath = resolve(folder, args.text("lock-file") ?? DEFAULTS.lock);
    if (existsSync(lockPath)) return await updateLock(lockPath, folder, args, template);

    const sourceDirectory = args.text("src-dir") ?? DEFAULTS.src;
    const chosen = template ??
      (args.flag("bare") || !isEmpty(folder, resolve(folder, sourceDirectory))
        ? undefined
        : await chooseTemplate());
    const files = new Map<string, string>();
    if (chosen !== undefined) {
      for (const [name, text] of Object.entries(PROJECT_FILES)) files.set(join(folder, name), text);
      for (const [name, text] of Object.entries(chosen.sources)) {
        files.set(resolve(folder, sourceDirectory, name), text);
      }
    }
    const { printLockFile } = await import("../../app/mod.ts");
    files.set(
      lockPath,
      printLockFile({ modules: args.text("modules-dir") ?? DEFAULTS.modules, src: sourceDirectory }),
    );
    const created = writeNew(files, template !== undefined);
    reportCreated(folder, created, chosen);
    if (chosen === undefined && !args.flag("bare") && !existsSync(resolve(folder, sourceDirectory))) {
      printProgress(
        `${sourceDirectory} is not there yet: definition files (_index.yaml) and Lua belong into it`,
      );
    }
    return 0;
  },
};

function findTemplate(name: string): Template {
  const found = TEMPLATES.find((template) => template.name === name);
  if (found !== undefined) return found;
  const names = TEMPLATES.map((template) => template.name);
  throw new Misuse(`no template ${JSON.stringify(name)}; there are: ${names.join(", ")}`);
}

/** Nothing that could belong to a project: no sources, no files but the usual texts around them. */
function isEmpty(folder: string, sourceDirectory: string): boolean {
  if (!existsSync(folder)) return true;
  const isBare = (path: string): boolean => !existsSync(path) || readdirSync(path).length === 0;
  return isBare(sourceDirectory) &&
    readdirSync(folder).every((name) =>
      INCIDENTAL.test(name) || join(folder, name) === sourceDirectory ||
      join(folder, name) === process.execPath
    );
}

async function chooseTemplate(): Promise<Template> {
  const [first] = TEMPLATES as [Template];
  if (!isInputTerminal()) return first;
  const style = styleOf("progress");
  printProgress("An empty folder: what shall it become?");
  for (const [i, { name, about }] of TEMPLATES.entries()) {
    printProgress(`  ${style.bold(String(i + 1))}  ${about} ${style.dim(`(${name})`)}`);
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const answer = (await lines.question(`Choice [1]: `)).trim();
      if (answer === "") return first;
      const found = TEMPLATES.find(({ name }, i) => answer === name || answer === String(i + 1));
      if (found !== undefined) return found;
      printProgress(`1 to ${TEMPLATES.length}, or a name`);
    }
  } finally {
    lines.close();
  }
}

/** Writes files that are not there yet. With `isStrict` one that is there refuses the whole. */
function writeNew(files: ReadonlyMap<string, string>, isStrict: boolean): string[] {
  const inTheWay = [...files.keys()].filter((path) => existsSync(path));
  if (isStrict && inTheWay.length > 0) {
    const names = inTheWay.map((path) => relative(process.cwd(), path)).join(", ");
    throw new Misuse(`not overwriting ${names}; choose another folder, or --bare for the lock file alone`);
  }
  const created: string[] = [];
  for (const [path, text] of files) {
    if (inTheWay.includes(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    created.push(path);
  }
  return created;
}

function reportCreated(folder: string, created: readonly string[], template: Template | undefined): void {
  const style = styleOf("result");
  const lines = created.map((path) => `created ${relative(process.cwd(), path)}`);
  if (template !== undefined) {
    const program = programFrom(folder);
    const next = template.next.map(([command, remark]) =>
      [command.replace(/^wippy/, program), remark] as const
    );
    const width = Math.max(...next.map(([command]) => command.length));
    lines.push("", "Next:");
    const away = relative(process.cwd(), folder);
    if (away !== "") lines.push(`  ${style.bold(`cd ${away}`)}`);
    for (const [command, remark] of next) {
      lines.push(`  ${style.bold(command.padEnd(width))}  ${style.dim(remark)}`);
    }
  }
  printResult(lines.join("\n"));
}

/** What to type in `folder` to start this program: a relative path where it was started by one, else its name. */
function programFrom(folder: string): string {
  const { argv0 } = process;
  if (!/^\.\.?\//.test(argv0)) return "wippy";
  const path = relative(folder, resolve(argv0));
  return path.startsWith("../") ? path : `./${path}`;
}

/** A lock file that is there keeps everything but the directories that were named. */
async function updateLock(
  path: string,
  folder: string,
  args: ParsedArguments,
  template: Template | undefined,
): Promise<number> {
  const shown = relative(process.cwd(), path);
  if (template !== undefined) {
    throw new Misuse(`${shown} is there already: ${folder} is a project; choose another folder`);
  }
  const changes = ([["src", args.text("src-dir")], ["modules", args.text("modules-dir")]] as const)
    .filter((change): change is readonly ["src" | "modules", string] => change[1] !== undefined);
  if (changes.length === 0) {
    printResult(`${shown} is there already; nothing to do`);
    return 0;
  }
  await editLock(path, (document) => {
    for (const [key, value] of changes) document.setIn(["directories", key], value);
  });
  printResult(`updated ${shown}`);
  return 0;
}
