/** `wippy pack`: an application as one file, and what is in such a file. */
import { machineName } from "../../lua/mod.ts";
import type { PackReport, Project } from "../../app/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import type { LoadedEntries } from "../../registry/mod.ts";
import { type Command, isPackName, Misuse, type ParsedArguments } from "../command.ts";
import { reportIn } from "../failure_report.ts";
import { printJson } from "../json_text.ts";
import { printProgress, printResult, styleOf } from "../output.ts";
import { VERSION } from "../product.ts";
import { BOOT_OPTIONS, createLog, PROJECT_HELP, projectRequest } from "../session.ts";
import { printTable } from "../table.ts";

const FOREIGN = ", by another version of this program: they can't be run here";
const USAGE = "wippy pack <out.wapp> [options]";

/** Packs an application. */
export const pack: Command = {
  help: `Put an application into one file, which runs with nothing beside it

The pack holds all entries of the application and its modules as they are now: overridden and disabled as the
configuration says, files in their place. A folder (fs.directory) stays a folder of the machine that the pack runs on,
unless its files are embedded; then it can only be read. The same project gives the same bytes.

Usage
  wippy pack <out.wapp> [options]
  wippy pack --list [options]
  wippy pack --inspect <pack.wapp> [--json]

Options
      --embed PATTERN        embed the files of these fs.directory entries; repeatable, or a list with commas
                             (default: embed in wippy.yaml)
      --embed-all            embed the files of all of them
      --list                 only list them, and what embedding them takes
      --bytecode PATTERN     compile the Lua of these entries, ** for all; repeatable
      --exclude-ns PATTERN   leave out namespaces, such as test.**; repeatable
      --exclude PATTERN      leave out entries; repeatable
  -d, --description TEXT     what the pack is
  -t, --tags LIST            words to find it by, with commas
      --meta KEY=VALUE       anything else worth keeping; repeatable
      --inspect              show what is in a pack, after comparing all its checksums
      --json                 as JSON
  -o, --override ID:PATH=V   change a field of an entry before packing; repeatable
${PROJECT_HELP}
Patterns of entries are namespace:name, or a name alone; * is any text, ** any number of parts of a namespace.

Compiled code can only be run by the version of this program that compiled it. Nothing in it is checked when it is loaded:
run packs with compiled code as you would run a program, from those you trust.

Configuration goes along when wippy.yaml says so: publish.runtime names sections of .wippy.yaml, publish.profiles profiles.
Where the pack runs, the files there, profiles and flags have their say over it.

Examples
  wippy pack shop.wapp
  wippy pack shop.wapp --embed shop:assets --bytecode '**'
  wippy pack shop.wapp --exclude-ns 'test.**' --profile production -d "Release 1.0"
  wippy run shop.wapp
`,
  options: {
    embed: { type: "list", about: "fs.directory entries to embed, repeatable" },
    "embed-all": { type: "flag", about: "embed all fs.directory entries" },
    list: { type: "flag", about: "list fs.directory entries" },
    bytecode: { type: "list", about: "Lua entries to compile, ** for all" },
    "exclude-ns": { type: "list", about: "namespaces to leave out" },
    exclude: { type: "list", about: "entries to leave out" },
    description: { type: "text", short: "d", about: "what the pack is" },
    tags: { type: "text", short: "t", about: "words to find it by" },
    meta: { type: "list", about: "key=value to keep, repeatable" },
    inspect: { type: "flag", about: "show what is in a pack" },
    json: { type: "flag", about: "as JSON" },
    ...BOOT_OPTIONS,
  },
  async run(args) {
    const [path, another] = args.positionals;
    if (another !== undefined) {
      throw new Misuse(`unexpected argument ${JSON.stringify(another)}; usage: ${USAGE}`);
    }
    if (path !== undefined && !isPackName(path)) {
      throw new Misuse(`${path}: the name of a pack ends in .wapp`);
    }
    if (args.flag("embed-all") && args.list("embed").length > 0) {
      throw new Misuse("--embed-all embeds everything; it can't be combined with --embed");
    }
    if (args.flag("list")) return await list(args);
    if (path === undefined) throw new Misuse(`where to? usage: ${USAGE}`);
    return args.flag("inspect") ? await inspect(path, args) : await write(path, args);
  },
};

function listed(args: ParsedArguments, name: string): string[] {
  return args.list(name).flatMap((text) => text.split(",")).map((text) => text.trim()).filter((text) =>
    text !== ""
  );
}

function choiceOf(args: ParsedArguments) {
  const embed = listed(args, "embed");
  return {
    ...(embed.length > 0 ? { embed } : {}),
    embedAll: args.flag("embed-all"),
    excludeNamespaces: listed(args, "exclude-ns"),
    exclude: listed(args, "exclude"),
    bytecode: listed(args, "bytecode"),
  };
}

function metaOf(args: ParsedArguments): Record<string, string> {
  return Object.fromEntries(
    args.list("meta").map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new Misuse(`--meta ${text}: expected key=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

async function write(shown: string, args: ParsedArguments): Promise<number> {
  const { openProject, packProject } = await import("../../app/mod.ts");
  const { createPorts } = await import("../../platform/running.ts");
  const meta = metaOf(args);
  const tags = args.text("tags")?.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "");
  const ports = createPorts();
  const path = ports.files.resolve(shown);
  const folder = ports.files.directory(path);
  if (ports.files.stat(folder)?.isDirectory !== true) {
    throw new Misuse(`${shown}: there is no folder ${folder}`);
  }
  if (ports.files.stat(path)?.isDirectory === true) throw new Misuse(`${shown} is a folder`);
  const project = openProject({ ...projectRequest(args), isForPack: true }, ports);
  const log = createLog(args, project, ports, "quiet", true);
  const description = args.text("description");
  let report: PackReport;
  try {
    report = await packProject({
      project,
      ports,
      log,
      path,
      program: VERSION,
      description,
      tags,
      meta,
      ...choiceOf(args),
    });
  } catch (error) {
    return await reportPlaces(error, project, ports);
  }
  tellWarnings([...project.warnings, ...report.warnings]);
  if (args.flag("json")) printResult(printJson(reportValue(shown, report)));
  else printResult(reportText(shown, report));
  return 0;
}

/** Tells of a failure with the places that it is about, as far as the project can be read. */
async function reportPlaces(error: unknown, project: Project, ports: Ports): Promise<number> {
  const { loadProject } = await import("../../app/mod.ts");
  let loaded: LoadedEntries;
  try {
    ({ loaded } = loadProject(project, ports));
  } catch {
    // What failed is reading the project: its message says where.
    throw error;
  }
  return await reportIn({ loaded, ports, style: styleOf("progress") }, error);
}

function reportValue(path: string, { size, entries, modules, compiled, folders }: PackReport) {
  return { path, size, entries, modules, compiled, folders: folders.map((folder) => ({ ...folder })) };
}

function reportText(path: string, { size, entries, modules, compiled, folders }: PackReport): string {
  const files = folders.reduce((sum, folder) => sum + folder.files, 0);
  const parts = [
    counted(entries, "entry", "entries"),
    ...(modules > 0 ? [counted(modules, "module", "modules")] : []),
    ...(compiled > 0 ? [`${compiled} compiled`] : []),
    ...(folders.length > 0
      ? [`${counted(files, "file", "files")} of ${counted(folders.length, "folder", "folders")}`]
      : []),
  ];
  return `${path}: ${parts.join(", ")}; ${sizeText(size)}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

function tellWarnings(warnings: readonly string[]): void {
  const style = styleOf("progress");
  for (const warning of warnings) printProgress(`${style.yellow("warning:")} ${warning}`);
}

/** Lists folders; nothing is written. */
async function list(args: ParsedArguments): Promise<number> {
  const { listFolders, openProject } = await import("../../app/mod.ts");
  const { createPorts } = await import("../../platform/running.ts");
  const ports = createPorts();
  const project = openProject({ ...projectRequest(args), isForPack: true }, ports);
  const { folders, warnings } = await listFolders(project, ports, choiceOf(args));
  tellWarnings([...project.warnings, ...warnings]);
  if (args.flag("json")) {
    printResult(printJson(folders.map(({ isChosen, ...folder }) => ({ ...folder, embedded: isChosen }))));
  } else if (folders.length === 0) printResult("No fs.directory entries found.");
  else {
    const rows = folders.map(({ id, directory, isChosen, files, size, problem }) => [
      id,
      directory,
      isChosen ? "yes" : "no",
      problem ?? `${counted(files ?? 0, "file", "files")}, ${sizeText(size ?? 0)}`,
    ]);
    printResult(printTable(["ID", "DIRECTORY", "EMBEDDED", "CONTENT"], rows, styleOf("result")));
  }
  return 0;
}

/** Shows what is in a pack. */
async function inspect(name: string, args: ParsedArguments): Promise<number> {
  const { createPorts } = await import("../../platform/running.ts");
  const { PackShelf, verifyPack } = await import("../../pack/mod.ts");
  const ports = createPorts();
  const shelf = new PackShelf(ports);
  const opened = shelf.open(ports.files.resolve(name), name);
  verifyPack(opened, shelf);
  const { facts, folders, chunks, machines, runtime } = opened;
  const isForeign = [...machines].some((machine) => machine !== machineName());
  const modules = [...opened.parts()].map(([module, { version, placed }]) => ({
    module,
    version,
    entries: placed.length,
  }));
  if (args.flag("json")) {
    const { tags, meta, ...own } = facts;
    printResult(
      printJson({
        ...own,
        tags: [...tags],
        meta: { ...meta },
        size: opened.file.size,
        modules,
        folders: folders.map((folder) => ({ ...folder })),
        compiled: chunks.length,
        runs_here: !isForeign,
        runtime: runtime ?? null,
      }),
    );
    return 0;
  }
  const main = modules.find(({ module }) => module === "");
  const rows: [string, string][] = [
    ["size", sizeText(opened.file.size)],
    ["made by", `wippy ${facts.program}`],
    ...facts.module === "" ? [] : [["module", `${facts.module} ${facts.version}`.trim()] as [string, string]],
    ...facts.description === "" ? [] : [["description", facts.description] as [string, string]],
    ...facts.tags.length === 0 ? [] : [["tags", facts.tags.join(", ")] as [string, string]],
    ...Object.entries(facts.meta).map(([key, value]): [string, string] => [`meta ${key}`, value]),
    ["entries", String(main?.entries ?? 0)],
    ...modules.filter(({ module }) => module !== "").map(({ module, version, entries }): [string, string] => [
      `with ${module} ${version}`.trim(),
      counted(entries, "entry", "entries"),
    ]),
    ...chunks.length === 0 ? [] : [
      ["compiled", `${counted(chunks.length, "entry", "entries")}${isForeign ? FOREIGN : ""}`] as [
        string,
        string,
      ],
    ],
    ...folders.map(({ id, files, size }): [string, string] => [
      `files of ${id}`,
      `${counted(files, "file", "files")}, ${sizeText(size)}`,
    ]),
    ...runtime === undefined ? [] : [["configuration", Object.keys(runtime).join(", ")] as [string, string]],
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  // Whoever made the pack has no say in what the terminal does.
  const lines = rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`.replace(/\p{Cc}+/gu, " "));
  printResult(lines.join("\n"));
  return 0;
}
