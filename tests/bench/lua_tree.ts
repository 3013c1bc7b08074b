/**
 * Generated trees of Lua: the same for the same number of lines. Half of the files are plain, half are typed; each is about 200
 * lines of functions, tables, loops, branches, closures and strings, as applications have them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Lines of one file, about. */
export const FILE_LINES = 200;

/** The text of one file. `isTyped` adds types to what is otherwise the same. */
export function luaFile(index: number, isTyped: boolean, lineCount = FILE_LINES): string {
  const of = (type: string): string => isTyped ? `: ${type}` : "";
  const lines: string[] = [`-- File ${index} of a generated tree.`];
  if (isTyped) lines.push(`type Item${index} = {id: integer, name: string, price: number, tags?: {string}}`);
  lines.push("local M = {}", `local LIMIT = ${index + 1}`, "");
  for (let part = 0; lines.length < lineCount; part++) {
    const item = of(`Item${index}`);
    lines.push(
      `--- Part ${part}: totals, and what is over the limit.`,
      `function M.total_${part}(items${of(`{Item${index}}`)}, rate${of("number")})${of("number")}`,
      `  local sum${of("number")} = 0`,
      "  for i, entry in ipairs(items) do",
      `    if entry.price > ${part * 3}.5 and i <= LIMIT then`,
      "      sum = sum + entry.price * (1 + rate)",
      '    elseif entry.name == "free" or not entry.price then',
      "      sum = sum - i % 3",
      "    end",
      "  end",
      "  return sum",
      "end",
      "",
      `function M.label_${part}(entry${item}, short${of("boolean?")})${of("string")}`,
      `  local text = "item " .. entry.id .. ": " .. entry.name`,
      `  if short then return text:sub(1, ${part + 8}) end`,
      `  local parts = { text, tostring(entry.price), n = ${part}, ["kind"] = 'x' }`,
      "  for k, v in pairs(parts) do",
      '    if type(k) == "number" then text = text .. ", " .. tostring(v) end',
      "  end",
      "  local ok, result = pcall(function() return #text // 2 end)",
      "  while ok and #text < 40 do text = text .. '.' end",
      "  return text",
      "end",
      "",
    );
  }
  lines.push("return M", "");
  return lines.join("\n");
}

/** Writes a project of about so many lines; every file is a library, and a function imports the first of them. */
export function writeLuaProject(folder: string, lines: number): void {
  const count = Math.ceil(lines / FILE_LINES);
  mkdirSync(join(folder, "src"), { recursive: true });
  const entries = ["version: '1.0'", "namespace: bench", "entries:"];
  for (let i = 0; i < count; i++) {
    writeFileSync(join(folder, "src", `part_${i}.lua`), luaFile(i, i % 2 === 1));
    entries.push(`  - {name: part_${i}, kind: library.lua, source: "file://part_${i}.lua"}`);
  }
  writeFileSync(join(folder, "src", "_index.yaml"), `${entries.join("\n")}\n`);
}
