/** "Did you mean" at the end of a complaint. */
import { nearestName } from "../core/mod.ts";

/** `; did you mean x?`, or nothing. */
export function didYouMean(word: string, candidates: readonly string[], prefix = ""): string {
  const found = nearestName(word, candidates);
  return found === undefined ? "" : `; did you mean ${prefix}${found}?`;
}
