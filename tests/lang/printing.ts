/**
 * Lays real sources out at random, comments in odd places included, and holds the printer against what it promises.
 */
import { parse, printSource } from "../../src/lang/mod.ts";
import { tokenize } from "../../src/lang/lexer.ts";

/** Tokens and comments in order, layout aside; a comment's trailing blanks do not count. */
export function contents(source: string): string[] {
  const { starts, ends, count, comments } = tokenize(source);
  // A type's closing angle may stick to what follows.
  const tokens = Array.from({ length: count }, (_, i) => source.slice(starts[i]!, ends[i]!))
    .flatMap((text) => text === ">=" || text === ">>" ? [...text] : [text]);
  return [...tokens, ...comments.map(({ start, end }) => source.slice(start, end).trimEnd())].map(withLines);
}

function withLines(text: string): string {
  return text.replace(/\r\n/g, "\n");
}

/** The tree without places, as text. */
export function shape(source: string, isDeclaration = false): string {
  return JSON.stringify(
    parse(source, { isDeclaration }).block,
    (key, value) =>
      key === "start" || key === "end" ? undefined : typeof value === "string" ? withLines(value) : value,
  );
}

/** What is wrong with how a source is printed; undefined when nothing is. */
export function complaintAbout(source: string, isDeclaration = false): string | undefined {
  const printed = printSource(source, { isDeclaration });
  if (!printed.ok) return undefined;
  const again = printSource(printed.text, { isDeclaration });
  if (!again.ok) return `no longer parses:\n${printed.text}`;
  if (again.text !== printed.text) return `printed again, it differs:\n${printed.text}\n---\n${again.text}`;
  if (shape(printed.text, isDeclaration) !== shape(source, isDeclaration)) {
    return `means something else:\n${printed.text}`;
  }
  if (/[ \t]$/m.test(withoutLongTexts(printed.text))) return `has blanks at a line's end:\n${printed.text}`;
  return undefined;
}

/** The text without what may hold blanks at line ends: strings and comments over several lines. */
function withoutLongTexts(source: string): string {
  const { starts, ends, count, comments } = tokenize(source);
  const ranges = [
    ...Array.from({ length: count }, (_, i) => ({ start: starts[i]!, end: ends[i]! })),
    ...comments,
  ]
    .filter(({ start, end }) => source.slice(start, end).includes("\n")).sort((a, b) => b.start - a.start);
  return ranges.reduce((text, { start, end }) => `${text.slice(0, start)}x${text.slice(end)}`, source);
}

const GAPS = [
  " ",
  " ",
  " ",
  "",
  "\n",
  "\n\n",
  "\n\n\n",
  "  ",
  "\t",
  "\r\n",
  " --c\n",
  "\n--own\n",
  " --[[b]] ",
  "\n--[[b]]\n",
  "--[[l\nm]]",
];

/** A source's tokens with other blanks and comments between them; undefined when that is another program. */
export function shuffled(source: string, random: () => number): string | undefined {
  const { starts, ends, count } = tokenize(source);
  const rate = random() ** 3;
  let out = "";
  for (let i = 0; i < count; i++) {
    const own = i === 0 ? "" : source.slice(ends[i - 1]!, starts[i]!);
    out += random() < rate ? GAPS[Math.floor(random() * GAPS.length)]! : own;
    out += source.slice(starts[i]!, ends[i]!);
  }
  const tokens = tokenize(out);
  if (tokens.count !== count || parse(out).diagnostics.length > 0) return undefined;
  return out;
}

/** Numbers from 0 to 1, the same for the same seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
