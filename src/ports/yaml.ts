/** Reading YAML, as everything but `src/platform` sees it. */
import type { Value } from "../core/mod.ts";

/** Reads YAML text into plain data. */
export interface YamlReader {
  /**
   * The value of a document; an empty one is null. Fails with Invalid on malformed text; the message names line and
   * column, `details` holds them as numbers.
   */
  parse(text: string): Value;
  /**
   * Line, from 1, on which the value at `path` starts; that of its nearest ancestor when there is no such value. Parses
   * the text anew: meant for messages.
   */
  lineOf(text: string, path: readonly (string | number)[]): number;
}
