/**
 * Styles: what is set, and how a text looks with it.
 *
 * The order is that of a box: text, padding, border, margin; a width or height is that of text and padding together.
 */
import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { Failure } from "../../src/core/mod.ts";
import { colourCode, type Ground, painted } from "./colour.ts";
import { alignHorizontally, alignVertically, linesOf, spaces, widthOf } from "./layout.ts";

/** Top, right, bottom, left. */
export type Sides<T> = readonly [T, T, T, T];

/** Everything a style may set. */
export interface StyleRules {
  readonly foreground?: string;
  readonly background?: string;
  readonly bold?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strikethrough?: boolean;
  readonly faint?: boolean;
  readonly blink?: boolean;
  readonly reverse?: boolean;
  readonly inline?: boolean;
  readonly width?: number;
  readonly height?: number;
  readonly max_width?: number;
  readonly max_height?: number;
  readonly padding?: Sides<number>;
  readonly margin?: Sides<number>;
  readonly align?: number;
  readonly align_vertical?: number;
  readonly border?: BorderName;
  readonly borderSides?: Sides<boolean>;
  readonly border_foreground?: Sides<string>;
  readonly border_background?: Sides<string>;
}

/** Pieces of a border, from the top left corner clockwise, ending with the left edge. */
const BORDERS = {
  normal: "┌─┐│┘─└│",
  rounded: "╭─╮│╯─╰│",
  thick: "┏━┓┃┛━┗┃",
  double: "╔═╗║╝═╚║",
  hidden: "        ",
} as const;

/** A kind of border. */
export type BorderName = keyof typeof BORDERS;

/** Names of the borders by constant. */
export const BORDER_NAMES: Record<string, BorderName> = {
  NORMAL: "normal",
  ROUNDED: "rounded",
  THICK: "thick",
  DOUBLE: "double",
  HIDDEN: "hidden",
};

/** The border of that name. Fails with Invalid for others. */
export function borderName(name: string): BorderName {
  if (Object.hasOwn(BORDERS, name)) return name as BorderName;
  const message = `unknown border: ${name} (${Object.keys(BORDERS).join(", ")})`;
  throw new Failure("Invalid", message, { retryable: false });
}

const ATTRIBUTES = [
  ["bold", "1"],
  ["faint", "2"],
  ["italic", "3"],
  ["underline", "4"],
  ["blink", "5"],
  ["reverse", "7"],
  ["strikethrough", "9"],
] as const;
const NONE: Sides<number> = [0, 0, 0, 0];
const TAB = "    ";

/** Four sides from one to four values, as in CSS; undefined for none or more. */
export function sidesOf<T>(values: readonly T[]): Sides<T> | undefined {
  const [top, right = top, bottom = top, left = right] = values;
  if (top === undefined || values.length > 4) return undefined;
  return [top, right!, bottom!, left!];
}

/** A text in a style. Without `isColoured` only its layout is kept. */
export function render(rules: StyleRules, text: string, isColoured: boolean): string {
  const paint = (part: string, codes: readonly string[]): string => isColoured ? painted(part, codes) : part;
  const ground = [
    colourCode(rules.background ?? "", "background"),
    rules.reverse === true ? "7" : "",
    rules.reverse === true ? colourCode(rules.foreground ?? "", "foreground") : "",
  ];
  const fill = (count: number): string => paint(spaces(count), ground);
  const codes = [
    ...ATTRIBUTES.map(([name, code]) => rules[name] === true ? code : ""),
    colourCode(rules.foreground ?? "", "foreground"),
    colourCode(rules.background ?? "", "background"),
  ];
  const [top, right, bottom, left] = rules.padding ?? NONE;
  const width = rules.width ?? 0;
  let written = text.replaceAll("\t", TAB).replaceAll("\r\n", "\n");
  if (rules.inline === true) written = written.replaceAll("\n", "");
  else if (width > 0) written = wrapped(written, Math.max(1, width - left - right));
  let lines = linesOf(written).map((line) => paint(line, codes));
  if (rules.inline !== true) {
    const padded = lines.map((line) => fill(left) + line + fill(right));
    lines = [...Array<string>(top).fill(""), ...padded, ...Array<string>(bottom).fill("")];
    lines = alignVertically(lines, rules.height ?? 0, rules.align_vertical ?? 0);
  }
  const own = Math.max(width, ...lines.map((line) => stringWidth(line)));
  lines = alignHorizontally(lines, own, rules.align ?? 0, fill);
  if (rules.inline !== true) lines = margined(rules, bordered(rules, lines, paint));
  return cut(rules, lines).join("\n");
}

/** Long lines broken between words; short ones keep their indentation. */
function wrapped(text: string, width: number): string {
  return text.split("\n").map((line) =>
    stringWidth(line) <= width ? line : wrapAnsi(line, width, { hard: true })
  )
    .join("\n");
}

function bordered(
  rules: StyleRules,
  lines: readonly string[],
  paint: (part: string, codes: readonly string[]) => string,
): string[] {
  if (rules.border === undefined) return [...lines];
  const sides = rules.borderSides ?? [true, true, true, true];
  const piece = [...BORDERS[rules.border]];
  const codesOf = (side: number): string[] =>
    (["foreground", "background"] as const).map((ground: Ground) =>
      colourCode(rules[`border_${ground}`]?.[side] ?? "", ground)
    );
  const [top, right, bottom, left] = sides;
  const width = widthOf(lines.join("\n"));
  const edge = (from: number, line: number, to: number): string =>
    (left ? piece[from] : "") + piece[line]!.repeat(width) + (right ? piece[to] : "");
  const leftEdge = left ? paint(piece[7]!, codesOf(3)) : "";
  const rightEdge = right ? paint(piece[3]!, codesOf(1)) : "";
  const framed = lines.map((line) => leftEdge + line + rightEdge);
  return [
    ...top ? [paint(edge(0, 1, 2), codesOf(0))] : [],
    ...framed,
    ...bottom ? [paint(edge(6, 5, 4), codesOf(2))] : [],
  ];
}

function margined({ margin = NONE }: StyleRules, lines: readonly string[]): string[] {
  const [top, right, bottom, left] = margin;
  const width = left + right + widthOf(lines.join("\n"));
  const beside = lines.map((line) => spaces(left) + line + spaces(right));
  return [...Array<string>(top).fill(spaces(width)), ...beside, ...Array<string>(bottom).fill(spaces(width))];
}

function cut(
  { max_height: height = 0, max_width: width = 0 }: StyleRules,
  lines: readonly string[],
): string[] {
  const kept = height > 0 ? lines.slice(0, height) : [...lines];
  return width > 0 ? kept.map((line) => stringWidth(line) > width ? sliceAnsi(line, 0, width) : line) : kept;
}
