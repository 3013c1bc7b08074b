/** Globs of paths: `*` and `?` inside a segment, `**` any number of segments, a trailing `/` everything below. */

/** A test of paths relative to one folder, written with `/`. */
export type PathTest = (path: string) => boolean;

/** A test that is true for what fits one of `globs`. A glob without `/` fits at any depth; one of a folder fits all below. */
export function compilePathGlobs(globs: readonly string[]): PathTest {
  const tests = globs.map(compile);
  return (path) => tests.some((test) => test(path));
}

function compile(glob: string): PathTest {
  let pattern = glob.replace(/^\.?\//, "").replace(/\/$/, "");
  if (!pattern.includes("/")) pattern = `**/${pattern}`;
  const wanted = pattern.split("/").filter((segment, i, all) => segment !== "**" || all[i - 1] !== "**");
  return (path) => fits(wanted, path.split("/"));
}

/** Whether a path or one of its folders fits; each pair of positions is looked at once. */
function fits(wanted: readonly string[], given: readonly string[]): boolean {
  let reached = new Set([0]);
  for (let j = 0; j <= given.length; j++) {
    for (const i of reached) if (wanted[i] === "**") reached.add(i + 1);
    if (reached.has(wanted.length) && j > 0) return true;
    const next = new Set<number>();
    const segment = given[j];
    if (segment === undefined) break;
    for (const i of reached) {
      if (wanted[i] === "**") next.add(i);
      else if (wanted[i] !== undefined && segmentFits(wanted[i], segment)) next.add(i + 1);
    }
    reached = next;
  }
  return false;
}

function segmentFits(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let mark = 0;
  let i = 0;
  while (at < text.length) {
    if (pattern[i] === "*") {
      star = i++;
      mark = at;
    } else if (i < pattern.length && (pattern[i] === "?" || pattern[i] === text[at])) {
      i++;
      at++;
    } else if (star >= 0) {
      i = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[i] === "*") i++;
  return i === pattern.length;
}
