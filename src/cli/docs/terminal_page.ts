/** A page of the reference for a terminal. */
import type { ReferenceItem } from "../../lang/mod.ts";
import type { Style } from "../output.ts";
import { printTable } from "../table.ts";
import type { Page } from "./reference_pages.ts";

const INDENT = "  ";

function indented(text: string): string {
  return text.split("\n").map((line) => line === "" ? "" : INDENT + line).join("\n");
}

/** Markdown as a person reads it: words between backquotes stand out. */
function prose(text: string, style: Style): string {
  return text.replaceAll(/`([^`\n]+)`/g, (_all, code: string) => style.cyan(code));
}

function heading(title: string, style: Style): string {
  return style.bold(title);
}

/** A list of pages, by kind. */
export function printIndex(pages: readonly Page[], style: Style): string {
  const section = (title: string, kind: Page["kind"]): string => {
    const rows = pages.filter((page) => page.kind === kind);
    const width = Math.max(...rows.map(({ name }) => name.length));
    const lines = rows.map(({ name, summary }) => `${INDENT}${style.cyan(name.padEnd(width))}  ${summary}`);
    return [heading(title, style), ...lines].join("\n");
  };
  return [
    section("Always there", "base"),
    section("Modules", "module"),
    section("Entry kinds", "entry kind"),
    style.dim("wippy docs NAME shows one of them, or a part: wippy docs hash.sha256"),
  ].join("\n\n");
}

/** One page. */
export function printPage(page: Page, style: Style): string {
  const title = page.kind === "module" ? `require("${page.name}")` : page.name;
  const classes = page.classes.length === 0 ? "" : `  ${style.dim(page.classes.join(", "))}`;
  const parts = [`${style.bold(title)}${classes}\n${prose(page.summary, style)}`];
  if (page.docs !== "") parts.push(prose(page.docs, style));
  for (const example of page.examples) {
    parts.push(`${heading("Example", style)}\n${indented(example.trimEnd())}`);
  }
  for (const [name, kind] of [["Functions", "function"], ["Values", "value"], ["Types", "type"]] as const) {
    const items = page.items.filter((item) => item.kind === kind);
    if (items.length === 0) continue;
    parts.push(heading(name, style), ...items.map((item) => printItem(item, style)));
  }
  if (page.kind === "entry kind") parts.push(printFields(page, style));
  return parts.join("\n\n");
}

/** One declaration. */
export function printItem(item: ReferenceItem, style: Style): string {
  const signature = item.signature.replace(/^(function|type) /, (word) => style.dim(word));
  const docs = item.docs === "" ? "" : `\n${indented(prose(item.docs, style))}`;
  return signature.replace(item.name, style.cyan(item.name)) + docs;
}

function printFields({ fields }: Page, style: Style): string {
  if (fields.length === 0) return style.dim("No fields of its own.");
  const rows = fields.map(({ docs, fallback, path, type }) => [path, type, fallback ?? "", docs]);
  return `${heading("Fields", style)}\n${
    printTable(["field", "type", "default", "what it is"], rows, style)
  }`;
}
