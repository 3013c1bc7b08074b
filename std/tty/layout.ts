/** Blocks of text: their size in cells, side by side, on top of each other, in boxes. */
import stringWidth from "string-width";

/** The lines of a text; ends of lines of other systems count as well. */
export function linesOf(text: string): string[] {
  return text.replaceAll("\r\n", "\n").split("\n");
}

/** Cells of the widest line. */
export function widthOf(text: string): number {
  return linesOf(text).reduce((widest, line) => Math.max(widest, stringWidth(line)), 0);
}

/** Number of lines. */
export function heightOf(text: string): number {
  return linesOf(text).length;
}

/** `count` spaces, none when it is negative. */
export function spaces(count: number): string {
  return " ".repeat(Math.max(0, count));
}

/** How much of `room` lies before what stands at `position`: 0 the start, 1 the end. */
export function before(room: number, position: number): number {
  return Math.round(Math.max(0, room) * Math.min(1, Math.max(0, position)));
}

/** Every line at `position` in `width` cells; `fill` makes the room around it. */
export function alignHorizontally(
  lines: readonly string[],
  width: number,
  position: number,
  fill: (count: number) => string = spaces,
): string[] {
  return lines.map((line) => {
    const room = width - stringWidth(line);
    if (room <= 0) return line;
    const left = before(room, position);
    return fill(left) + line + fill(room - left);
  });
}

/** The lines at `position` among `height` lines. */
export function alignVertically(lines: readonly string[], height: number, position: number): string[] {
  const room = height - lines.length;
  if (room <= 0) return [...lines];
  const top = before(room, position);
  return [...Array<string>(top).fill(""), ...lines, ...Array<string>(room - top).fill("")];
}

/** Blocks side by side. */
export function joinHorizontally(position: number, blocks: readonly string[]): string {
  if (blocks.length === 0) return "";
  const height = Math.max(...blocks.map(heightOf));
  const columns = blocks.map((block) => {
    const lines = alignVertically(linesOf(block), height, position);
    return alignHorizontally(lines, widthOf(block), 0);
  });
  return Array.from({ length: height }, (_, i) => columns.map((column) => column[i]).join("")).join("\n");
}

/** Blocks on top of each other. */
export function joinVertically(position: number, blocks: readonly string[]): string {
  if (blocks.length === 0) return "";
  const width = Math.max(...blocks.map(widthOf));
  return blocks.flatMap((block) => alignHorizontally(linesOf(block), width, position)).join("\n");
}

/** A block in a box of that width. */
export function placeHorizontally(width: number, position: number, text: string): string {
  const own = widthOf(text);
  if (own >= width) return text;
  const left = before(width - own, position);
  return alignHorizontally(linesOf(text), own, 0).map((line) =>
    spaces(left) + line + spaces(width - own - left)
  )
    .join("\n");
}

/** A block in a box of that height. */
export function placeVertically(height: number, position: number, text: string): string {
  const lines = linesOf(text);
  if (lines.length >= height) return text;
  const width = widthOf(text);
  return alignVertically(lines, height, position).map((line) => line === "" ? spaces(width) : line).join(
    "\n",
  );
}
