/**
 * The reference as a site: plain files that work from disk, one page each, with a search over all of them.
 *
 * H1. Everything from declarations is escaped; Markdown comes from our own comments.
 */
import type { ReferenceItem } from "../../lang/mod.ts";
import { VERSION } from "../product.ts";
import searchScript from "../templates/docs/search.js.txt" with { type: "text" };
import styleSheet from "../templates/docs/style.css" with { type: "text" };
import type { FieldRow, Page } from "./reference_pages.ts";

const SECTIONS = [["Always there", "base"], ["Modules", "module"], ["Entry kinds", "entry kind"]] as const;
const ITEM_SECTIONS = [["Functions", "function"], ["Values", "value"], ["Types", "type"]] as const;
const KEYWORDS =
  /\b(function|type|local|return|if|then|else|elseif|end|for|in|do|while|not|and|or|nil|true|false|readonly)\b/;

/** The files of the site by path. */
export async function siteFiles(pages: readonly Page[]): Promise<Record<string, string>> {
  const { marked } = await import("marked");
  const markdown = (text: string): string => marked.parse(text, { async: false });
  const files: Record<string, string> = {
    "index.html": layout(pages, undefined, indexBody(pages)),
    "style.css": styleSheet,
    "search.js": searchScript,
    "reference.js": `window.REFERENCE = ${JSON.stringify(searchIndex(pages))};\n`,
  };
  for (const page of pages) files[fileOf(page)] = layout(pages, page, pageBody(page, markdown));
  return files;
}

function fileOf({ kind, name }: Page): string {
  return `${kind === "entry kind" ? "kind" : "module"}.${name}.html`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

/** What the search looks through. */
function searchIndex(pages: readonly Page[]): { name: string; kind: string; text: string; url: string }[] {
  return pages.flatMap((page) => [
    { name: page.name, kind: page.kind, text: page.summary, url: fileOf(page) },
    ...page.items.map((item) => ({
      name: item.name,
      kind: item.kind,
      text: item.docs.split("\n")[0]!,
      url: `${fileOf(page)}#${anchor(item.name)}`,
    })),
    ...page.fields.map((field) => ({
      name: `${page.name} ${field.path}`,
      kind: "field",
      text: field.docs,
      url: `${fileOf(page)}#${anchor(field.path)}`,
    })),
  ]);
}

function anchor(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "-");
}

function layout(pages: readonly Page[], current: Page | undefined, body: string): string {
  const groups = SECTIONS.map(([title, kind]) => {
    const links = pages.filter((page) => page.kind === kind).map((page) =>
      `<li><a href="${fileOf(page)}"${page === current ? ' aria-current="page"' : ""}>${
        escape(page.name)
      }</a></li>`
    );
    return `<h2>${title}</h2>\n<ul>${links.join("")}</ul>`;
  });
  const title = current === undefined ? "Wippy reference" : `${current.name} · Wippy reference`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header>
<a class="brand" href="index.html">wippy <span>reference</span></a>
<div class="search">
<input id="search" type="search" placeholder="Search  ( / )" autocomplete="off" aria-label="Search the reference" aria-controls="found">
<ol id="found" hidden></ol>
</div>
<span class="version">${escape(VERSION)}</span>
</header>
<div class="columns">
<nav aria-label="Pages">
${groups.join("\n")}
</nav>
<main>
${body}
</main>
</div>
<script src="reference.js"></script>
<script src="search.js"></script>
</body>
</html>
`;
}

function indexBody(pages: readonly Page[]): string {
  const sections = SECTIONS.map(([title, kind]) => {
    const cards = pages.filter((page) => page.kind === kind).map((page) =>
      `<a class="card" href="${fileOf(page)}"><strong>${escape(page.name)}</strong><span>${
        escape(page.summary.replaceAll("`", ""))
      }</span></a>`
    );
    return `<h2>${title}</h2>\n<div class="cards">${cards.join("")}</div>`;
  });
  return `<h1>Reference</h1>
<p class="summary">What Lua can require, what is always there, and what an entry can be, as of this version.</p>
${sections.join("\n")}`;
}

function pageBody(page: Page, markdown: (text: string) => string): string {
  const title = page.kind === "module" ? `require(<wbr>"${escape(page.name)}")` : escape(page.name);
  const classes = page.classes.map((name) => `<span class="tag">${escape(name)}</span>`).join("");
  const parts = [`<h1>${title}</h1>`, `<div class="summary">${markdown(page.summary)}</div>`];
  if (classes !== "") parts.push(`<p class="tags">${classes}</p>`);
  if (page.docs !== "") parts.push(markdown(page.docs));
  for (const example of page.examples) parts.push(`<h2>Example</h2>\n${codeBlock(example.trimEnd())}`);
  for (const [name, kind] of ITEM_SECTIONS) {
    const items = page.items.filter((item) => item.kind === kind);
    if (items.length > 0) parts.push(`<h2>${name}</h2>`, ...items.map((item) => itemBody(item, markdown)));
  }
  if (page.kind === "entry kind") parts.push(fieldTable(page.fields, markdown));
  return parts.join("\n");
}

function itemBody(item: ReferenceItem, markdown: (text: string) => string): string {
  const docs = item.docs === "" ? "" : markdown(item.docs);
  const id = anchor(item.name);
  return `<section class="item" id="${id}">${
    codeBlock(item.signature)
  }<a class="here" href="#${id}" aria-label="Link to ${escape(item.name)}">#</a>${docs}</section>`;
}

function fieldTable(fields: readonly FieldRow[], markdown: (text: string) => string): string {
  if (fields.length === 0) return "<p>No fields of its own.</p>";
  const rows = fields.map(({ docs, fallback, path, type }) =>
    `<tr id="${anchor(path)}"><td><code>${escape(path)}</code></td><td class="type">${escape(type)}</td><td>${
      fallback === undefined ? "" : `<code>${escape(fallback)}</code>`
    }</td><td>${docs === "" ? "" : markdown(docs)}</td></tr>`
  );
  return `<h2>Fields</h2>
<div class="wide"><table><thead><tr><th>Field</th><th>Type</th><th>Default</th><th></th></tr></thead><tbody>${
    rows.join("")
  }</tbody></table></div>`;
}

/** Lua with its comments, texts, keywords and numbers told apart. */
function codeBlock(source: string): string {
  const token = new RegExp(`(--[^\\n]*)|("(?:[^"\\\\\\n]|\\\\.)*")|${KEYWORDS.source}|(\\b\\d[\\w.]*)`, "g");
  let out = "";
  let at = 0;
  for (const match of source.matchAll(token)) {
    const [all, comment, text, keyword] = match;
    const kind = comment !== undefined ? "c" : text !== undefined ? "s" : keyword !== undefined ? "k" : "n";
    out += `${escape(source.slice(at, match.index))}<span class="${kind}">${escape(all)}</span>`;
    at = match.index + all.length;
  }
  return `<pre><code>${out}${escape(source.slice(at))}</code></pre>`;
}
