/** A file of Lua cases as a project; see `cases.test.ts` for what such a file is. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withAddresses } from "../services.ts";

/** Lua files below `folder`. */
export function caseFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) => {
    const path = join(folder, item.name);
    if (item.isDirectory()) return caseFiles(path);
    return item.name.endsWith(".lua") ? [path] : [];
  }).sort();
}

/** Modules and imports that the head of a file asks for. */
function headOf(source: string): { modules: string[]; imports: [string, string][] } {
  const modules: string[] = [];
  const imports: [string, string][] = [];
  for (const line of source.split("\n")) {
    const match = /^--\s*(modules|imports):\s*(.*)$/.exec(line);
    if (match === null) {
      if (line.startsWith("--")) continue;
      break;
    }
    const items = match[2]!.split(/[\s,]+/).filter((item) => item !== "");
    if (match[1] === "modules") modules.push(...items);
    else for (const item of items) imports.push(item.split("=", 2) as [string, string]);
  }
  return { modules, imports };
}

/** Names of the tests in a file, in order. */
export function namesOf(source: string): string[] {
  return [...source.matchAll(/^test\("((?:[^"\\]|\\.)*)"/gm)].map((match) =>
    match[1]!.replaceAll(/\\(.)/g, "$1")
  );
}

/** On one line, so that messages name the lines of the file. */
const BEFORE = `local __cases = {}; local function test(name, fn) __cases[#__cases + 1] = { name, fn } end `;
const AFTER = `
return { main = function(i)
  if i == 0 then return #__cases end
  __cases[i][2]()
  return __cases[i][1]
end }`;

function indent(text: string): string {
  return text.split("\n").map((line) => line === "" ? "" : `      ${line}`).join("\n");
}

/** The project of a case file. With several workers its cases are a process, not a function. */
export function projectOf(file: string, source: string, workers = 1): Record<string, string> {
  const { imports, modules } = headOf(source);
  const list = modules.length === 0 ? "" : `    modules: [${modules.join(", ")}]\n`;
  const map = imports.length === 0
    ? ""
    : `    imports: {${imports.map(([alias, id]) => `${alias}: "${id}"`).join(", ")}}\n`;
  const main = `version: "1.0"
namespace: case
entries:
  - name: host
    kind: process.host
    host: {workers: ${workers}}
    lifecycle: {auto_start: true}
  - name: main
    kind: ${workers > 1 ? "process.lua" : "function.lua"}
    method: main
${list}${map}    source: |
${indent(BEFORE + source + AFTER)}
`;
  const beside = file.replace(/\.lua$/, ".yaml");
  const files: Record<string, string> = { "src/_index.yaml": main };
  if (existsSync(beside)) files["src/more/_index.yaml"] = withAddresses(readFileSync(beside, "utf8"));
  return files;
}
