/** Text put in place of a range; where both ends are the same, before what stands there. */
export interface Change {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** `source` with `changes`, whose ranges do not overlap. */
export function changed(source: string, changes: readonly Change[]): string {
  let text = "";
  let from = 0;
  for (const { at, end, text: put } of changes.toSorted((a, b) => a.at - b.at || a.end - b.end)) {
    text += source.slice(from, at) + put;
    from = end;
  }
  return text + source.slice(from);
}
