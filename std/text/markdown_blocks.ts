/** The blocks a Markdown document is made of, as far as cutting it needs to know them. */

/** A run of lines that belong together. */
export type Block =
  | { readonly kind: "heading"; readonly text: string; readonly level: number }
  | { readonly kind: "code" | "table" | "links" | "text"; readonly text: string };

/** Where a reference leads. */
export interface LinkTarget {
  readonly url: string;
  readonly title: string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEFINITION = /^ {0,3}\[([^\]\n]{1,999})\]:[ \t]*<?([^\s>]+)>?(?:[ \t]+["'(]([^\n]*)["')])?[ \t]*$/;

/** Blocks of a document, in order. */
export function blocksOf(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let open: string[] = [];
  const flush = (): void => {
    const joined = open.join("\n").trim();
    if (joined !== "") blocks.push({ kind: "text", text: joined });
    open = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const end = endOf(lines, i);
    const heading = HEADING.exec(line);
    if (line.trim() === "") flush();
    else if (end !== undefined) {
      flush();
      blocks.push({ kind: end.kind, text: lines.slice(i, end.after).join("\n").trimEnd() });
      i = end.after - 1;
    } else if (heading !== null) {
      flush();
      blocks.push({ kind: "heading", level: heading[1]!.length, text: line.trim() });
    } else if (open.length > 0 && UNDERLINE.test(line)) {
      const level = line.trim().startsWith("=") ? 1 : 2;
      blocks.push({ kind: "heading", level, text: `${"#".repeat(level)} ${open.join(" ").trim()}` });
      open = [];
    } else open.push(line);
  }
  flush();
  return blocks;
}

/** The block of several lines that starts at line `from`, and the line after it. */
function endOf(
  lines: readonly string[],
  from: number,
): { kind: "code" | "table" | "links"; after: number } | undefined {
  const fence = FENCE.exec(lines[from]!)?.[1];
  let after = from + 1;
  if (fence !== undefined) {
    const isEnd = (line: string): boolean => {
      const marks = line.trim();
      return marks.length >= fence.length && marks === fence[0]!.repeat(marks.length);
    };
    while (after < lines.length && !isEnd(lines[after]!)) after++;
    return { kind: "code", after: Math.min(after + 1, lines.length) };
  }
  if (lines[from]!.includes("|") && TABLE_RULE.test(lines[after] ?? "") && lines[after]!.includes("-")) {
    while (after < lines.length && lines[after]!.includes("|")) after++;
    return { kind: "table", after };
  }
  if (!DEFINITION.test(lines[from]!)) return undefined;
  while (after < lines.length && DEFINITION.test(lines[after]!)) after++;
  return { kind: "links", after };
}

/** Names of references compare without case and with single spaces. */
function nameOf(label: string): string {
  return label.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** The references that a document defines. */
export function linksOf(text: string): Map<string, LinkTarget> {
  const links = new Map<string, LinkTarget>();
  for (const line of text.split("\n")) {
    const match = DEFINITION.exec(line.trimEnd());
    if (match === null) continue;
    const name = nameOf(match[1]!);
    if (!links.has(name)) links.set(name, { url: match[2]!, title: match[3] ?? "" });
  }
  return links;
}

/** References written out, so that they lead somewhere in any chunk. */
export function resolveLinks(text: string, links: ReadonlyMap<string, LinkTarget>): string {
  if (links.size === 0) return text;
  return text.replaceAll(
    /\[([^\[\]\n]{1,999})\](?:\[([^\[\]\n]{0,999})\])?(?![(:\[])/g,
    (whole, shown, label) => {
      const target = links.get(nameOf(label === undefined || label === "" ? shown : label));
      if (target === undefined) return whole;
      return `[${shown}](${target.url}${target.title === "" ? "" : ` "${target.title}"`})`;
    },
  );
}
