/** `wippy docs`: the reference of modules and entry kinds, in the terminal or as a site. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, Misuse, refuseExtra } from "../command.ts";
import { findPage, nearestPage, type Page, referencePages } from "../docs/reference_pages.ts";
import { printIndex, printItem, printPage } from "../docs/terminal_page.ts";
import { printProgress, printResult, styleOf } from "../output.ts";

const USAGE = "wippy docs [NAME] [--json | --html DIR]";
/** What marks a folder as one of our sites, which may be written over. */
const MARK = "reference.js";

/** Prints or writes the reference. */
export const docs: Command = {
  help: `Show the reference of modules and entry kinds

Without a name it lists what there is. Everything comes from this program: it is what this version does.

Usage
  ${USAGE}

Options
      --html DIR   write a site with a search into DIR, which must be new, empty or an earlier site
      --json       as JSON

Examples
  wippy docs                     what there is
  wippy docs hash                a module
  wippy docs sql.get             a function, a value or a type
  wippy docs http.service        an entry kind with its fields
  wippy docs --html reference    then open reference/index.html
`,
  options: {
    html: { type: "text", about: "write a site into this folder", completes: "directory" },
    json: { type: "flag", about: "as JSON" },
  },
  async run(args) {
    refuseExtra(args, 1, USAGE);
    const folder = args.text("html");
    const name = args.positionals[0];
    if (folder !== undefined && (name !== undefined || args.flag("json"))) {
      throw new Misuse(`--html writes the whole reference; usage: ${USAGE}`);
    }
    const pages = await referencePages();
    if (folder !== undefined) return await writeSite(folder, pages);
    return name === undefined ? printAll(pages, args.flag("json")) : printOne(pages, name, args.flag("json"));
  },
};

function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2));
}

function printAll(pages: readonly Page[], asJson: boolean): number {
  if (asJson) printJson(pages.map(({ kind, name, summary }) => ({ kind, name, summary })));
  else printResult(printIndex(pages, styleOf("result")));
  return 0;
}

function printOne(pages: readonly Page[], name: string, asJson: boolean): number {
  const found = findPage(pages, name);
  if (found === undefined) {
    const nearest = nearestPage(pages, name);
    printProgress(`nothing is called ${name}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`);
    printProgress("wippy docs lists what there is");
    return 1;
  }
  const { item, page } = found;
  if (asJson) printJson(item ?? page);
  else {printResult(
      item === undefined ? printPage(page, styleOf("result")) : printItem(item, styleOf("result")),
    );}
  return 0;
}

async function writeSite(folder: string, pages: readonly Page[]): Promise<number> {
  if (!isWritable(folder)) {
    printProgress(`${folder} holds other files; name a new or empty folder`);
    return 1;
  }
  const { siteFiles } = await import("../docs/html_site.ts");
  const files = await siteFiles(pages);
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  printProgress(`${Object.keys(files).length} files; open ${join(folder, "index.html")}`);
  return 0;
}

function isWritable(folder: string): boolean {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return true;
  }
  return names.length === 0 || names.includes(MARK);
}
