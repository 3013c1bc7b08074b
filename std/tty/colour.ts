/** Colours and attributes as escape sequences (ECMA-48, with 24-bit colours). */
import { Failure } from "../../src/core/mod.ts";

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const BASIC_COUNT = 16;
const BRIGHT = 8;
const PALETTE_MAX = 255;

/** Where a colour applies. */
export type Ground = "foreground" | "background";

/** The parameters that select a colour; `""` for none. Fails with Invalid for what is no colour. */
export function colourCode(colour: string, ground: Ground): string {
  if (colour === "") return "";
  const isBack = ground === "background";
  const number = paletteNumber(colour.trim().toLowerCase());
  if (number !== undefined) {
    if (number < BRIGHT) return String((isBack ? 40 : 30) + number);
    if (number < BASIC_COUNT) return String((isBack ? 100 : 90) + number - BRIGHT);
    return `${isBack ? 48 : 38};5;${number}`;
  }
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(colour.trim())?.[1];
  if (hex === undefined) {
    const message = `invalid colour: ${colour} (a hex value such as "#FF0000", an ANSI number or a name)`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  const long = hex.length === 3 ? hex.replaceAll(/./g, "$&$&") : hex;
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
  return `${isBack ? 48 : 38};2;${red};${green};${blue}`;
}

function paletteNumber(colour: string): number | undefined {
  if (/^\d{1,3}$/.test(colour)) return Number(colour) <= PALETTE_MAX ? Number(colour) : undefined;
  if (colour === "gray" || colour === "grey") return BRIGHT;
  const isBright = /^(bright|light)[ _-]?/.test(colour);
  const at = NAMES.indexOf(colour.replace(/^(bright|light)[ _-]?/, ""));
  return at < 0 ? undefined : at + (isBright ? BRIGHT : 0);
}

/** Text between a sequence that selects `codes` and the one that takes all back. */
export function painted(text: string, codes: readonly string[]): string {
  const parameters = codes.filter((code) => code !== "").join(";");
  return parameters === "" || text === "" ? text : `\x1b[${parameters}m${text}\x1b[0m`;
}
