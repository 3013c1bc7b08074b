/**
 * Folders put into a pack, file by file, in pieces.
 *
 * EM1. Names are in order of their code units: the same folder gives the same bytes. Times and owners are not taken along.
 * EM2. A link is followed when it stays inside the folder. One that leaves it, and one that leads back to a folder it is in, is left
 *      out and told of.
 */
import { Failure, PACK_FILES_MAX, type Value } from "../core/mod.ts";
import type { FileInfo, Files, FileSystem } from "../ports/mod.ts";
import { isInside, packValue } from "../registry/mod.ts";
import type { PackStream } from "./format.ts";
import type { PackWriter } from "./pack_writer.ts";

/** What is embedded: a folder of the machine, or one of another pack. */
export type EmbeddedSource = Pick<FileSystem, "list" | "open">;

/** An embedded folder. */
export interface EmbeddedFolder {
  readonly list: PackStream;
  readonly files: number;
  /** Bytes of the files. */
  readonly size: number;
}

/** A folder of the machine as something to embed; `left` is told of each path that is not taken, and why. */
export function folderSource(
  files: Files,
  root: string,
  options: { readonly skipped: ReadonlySet<string>; readonly left: (path: string, why: string) => void },
): EmbeddedSource {
  const real = files.realPath(root) ?? root;
  const placeOf = (path: string): string => files.resolve(real, ...path.split("/"));
  const isTaken = (folder: string, item: FileInfo): boolean => {
    const path = folder === "" ? item.name : `${folder}/${item.name}`;
    const full = placeOf(path);
    if (options.skipped.has(full)) return false;
    const target = item.isLink === true ? files.realPath(full) : full;
    const why = target === undefined
      ? "a link to nothing"
      : item.isSpecial === true
      ? "neither a file nor a folder"
      : item.isLink !== true
      ? undefined
      : !isInside(files, real, target)
      ? "a link out of the folder"
      : item.isDirectory && isInside(files, target, files.realPath(placeOf(folder)) ?? real)
      ? "a link to a folder that it is in"
      : undefined;
    if (why !== undefined) options.left(path, why);
    return why === undefined;
  };
  return {
    list: (path) => files.list(placeOf(path)).filter((item) => isTaken(path, item)),
    open: (path) => files.open(placeOf(path), "r"),
  };
}

/** Names of a folder in their order, and whether each is a folder. */
export function sortedItems(source: Pick<EmbeddedSource, "list">, path: string): FileInfo[] {
  return source.list(path).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** Writes a folder. `name` is for messages. */
export function embedFolder(writer: PackWriter, source: EmbeddedSource, name: string): EmbeddedFolder {
  const listed: Value[] = [];
  let size = 0;
  let files = 0;
  const add = (item: Value): void => {
    if (listed.length >= PACK_FILES_MAX) {
      throw new Failure("LimitExceeded", `${name} holds more than ${PACK_FILES_MAX} files and folders`, {
        retryable: false,
      });
    }
    listed.push(item);
  };
  const visit = (folder: string): void => {
    for (const item of sortedItems(source, folder)) {
      const path = folder === "" ? item.name : `${folder}/${item.name}`;
      if (item.isDirectory) {
        add([path]);
        visit(path);
        continue;
      }
      const handle = source.open(path, "r");
      try {
        const stream = writer.addFrom((buffer) => handle.read(buffer, null));
        add([path, stream.at, stream.size, stream.blocks]);
        size += stream.size;
        files++;
      } finally {
        handle.close();
      }
    }
  };
  visit("");
  return { list: writer.add(packValue(listed)), files, size };
}
