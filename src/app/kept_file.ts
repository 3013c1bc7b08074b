/**
 * Files of JSON that are kept between runs.
 *
 * KF1. One that can't be read, or is cut off, is none; one that can't be written is not kept.
 * KF2. It is written beside and moved: whoever reads meanwhile finds the old content or the new. Only its account may read it.
 */
import { Failure } from "../core/mod.ts";
import type { Files } from "../ports/mod.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** End of the name of a file that is being written. */
const UNFINISHED = ".new";

/** What a file holds; undefined when there is none. */
export function readKept(files: Files, path: string): unknown {
  try {
    if (files.stat(path) === undefined) return undefined;
    return JSON.parse(files.readText(path));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return undefined;
    throw error;
  }
}

/** Writes a file of this JSON; whether that could be done. */
export function writeKept(files: Files, path: string, text: string): boolean {
  try {
    const fresh = path + UNFINISHED;
    files.makeDirectory(files.directory(path), { recursive: true, mode: PRIVATE_FOLDER });
    // Never through a link that came with a repository.
    if (files.stat(fresh) !== undefined || files.readLink(fresh) !== undefined) files.remove(fresh);
    files.writeFile(fresh, text, { mode: PRIVATE_FILE, exclusive: true });
    files.rename(fresh, path);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Removes those of the files in a folder that `isKept` names and that were written longest ago, but for `most`. */
export function pruneKept(
  files: Files,
  folder: string,
  isKept: (name: string) => boolean,
  most: number,
): void {
  if (files.stat(folder)?.isDirectory !== true) return;
  const kept = files.list(folder).filter(({ name }) => isKept(name)).toSorted((a, b) =>
    b.modifiedMs - a.modifiedMs
  );
  for (const { name } of kept.slice(most)) {
    try {
      files.remove(files.resolve(folder, name));
    } catch (error) {
      // Somebody else has removed it, or may not let it go.
      if (!(error instanceof Failure)) throw error;
    }
  }
}
