/**
 * Layouts: how a time is written, shown by how Mon Jan 2 15:04:05 -0700 2006 would be.
 */

/** One part of a layout: literal text, or an element named by its reference text. */
export interface LayoutPart {
  readonly element: Element | "";
  /** The text as it stands in the layout. */
  readonly text: string;
}

/** Elements by their reference text; `.000` and `.999` stand for fractions of any length. */
export type Element = typeof ELEMENTS[number] | ".000" | ".999";

// Longer ones first where one begins like another.
const ELEMENTS = [
  "January",
  "Jan",
  "Monday",
  "Mon",
  "MST",
  "2006",
  "002",
  "__2",
  "_2",
  "01",
  "02",
  "03",
  "04",
  "05",
  "06",
  "15",
  "PM",
  "pm",
  "Z07:00:00",
  "Z070000",
  "Z07:00",
  "Z0700",
  "Z07",
  "-07:00:00",
  "-070000",
  "-07:00",
  "-0700",
  "-07",
  "1",
  "2",
  "3",
  "4",
  "5",
] as const;

/** Elements that are words: letters that go on make them part of another word. */
const WORDS: ReadonlySet<string> = new Set(["Jan", "Mon"]);

/** The parts of a layout. */
export function parseLayout(layout: string): LayoutPart[] {
  const parts: LayoutPart[] = [];
  let literal = "";
  let at = 0;
  while (at < layout.length) {
    const found = elementAt(layout, at);
    if (found === undefined) {
      literal += layout[at++];
      continue;
    }
    if (literal !== "") parts.push({ element: "", text: literal });
    literal = "";
    parts.push(found);
    at += found.text.length;
  }
  if (literal !== "") parts.push({ element: "", text: literal });
  return parts;
}

function elementAt(layout: string, at: number): LayoutPart | undefined {
  const first = layout[at]!;
  if (first === "." || first === ",") return fractionAt(layout, at);
  // `_2006` is an underscore before a year.
  if (layout.startsWith("_2006", at)) return undefined;
  for (const element of ELEMENTS) {
    if (element[0] !== first || !layout.startsWith(element, at)) continue;
    if (WORDS.has(element) && isLower(layout[at + element.length])) continue;
    return { element, text: element };
  }
  return undefined;
}

/** A point or comma with zeros or nines that no digit follows. */
function fractionAt(layout: string, at: number): LayoutPart | undefined {
  const digit = layout[at + 1];
  if (digit !== "0" && digit !== "9") return undefined;
  let end = at + 1;
  while (layout[end] === digit) end++;
  if (isDigit(layout[end])) return undefined;
  return { element: digit === "0" ? ".000" : ".999", text: layout.slice(at, end) };
}

function isLower(character: string | undefined): boolean {
  return character !== undefined && character >= "a" && character <= "z";
}

/** True for 0..9. */
export function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}
