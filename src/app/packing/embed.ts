/** The EmbedFS stage: folders of the machine into files of the pack. */
import { Failure } from "../../core/mod.ts";
import type { Ports } from "../../ports/mod.ts";
import { type EmbeddedSource, folderSource, sortedItems } from "../../pack/mod.ts";
import { type Entry, moduleOf, ModuleShelf } from "../../registry/mod.ts";
import { type Project, sourcesOf } from "../project.ts";

/** The kind that stands for files on the machine, and the one for files in a pack. */
export const FOLDER_KIND = "fs.directory";
const EMBED_KIND = "fs.embed";

/** A folder entry of an application. */
export interface FolderEntry {
  readonly id: string;
  /** As it is written. */
  readonly directory: string;
  readonly isChosen: boolean;
}

/** What the stage made of the entries. */
export interface EmbeddedEntries {
  readonly entries: Entry[];
  readonly folders: ReadonlyMap<string, EmbeddedSource>;
}

/** What the stage needs. */
export interface EmbedRequest {
  readonly project: Project;
  readonly ports: Ports;
  readonly entries: readonly Entry[];
  /** An entry with all requirements filled in. */
  readonly linked: (id: string) => Entry;
  readonly isChosen: (id: string) => boolean;
  /** Files that are never embedded: the pack itself. */
  readonly skipped: ReadonlySet<string>;
  readonly warn: (message: string) => void;
}

/** Replaces chosen folders by what they hold, and takes along what packs of modules hold. */
export function embedEntries(request: EmbedRequest): EmbeddedEntries {
  const { entries, isChosen, linked, project, warn } = request;
  const folders = new Map<string, EmbeddedSource>();
  const result = entries.map((entry): Entry => {
    if (entry.kind === EMBED_KIND) {
      const files = project.packs.embedded(entry.id);
      if (files === undefined) {
        throw new Failure("NotFound", `${entry.id}: no pack of its modules holds its files`, {
          retryable: false,
        });
      }
      folders.set(entry.id, files);
      return entry;
    }
    if (entry.kind !== FOLDER_KIND) return entry;
    if (!isChosen(entry.id)) {
      if (linked(entry.id).data["base"] === "module" && moduleOf(entry) !== "") {
        warn(
          `${entry.id} starts at the folder of its module, which a pack does not have; embed it (--embed ${entry.id})`,
        );
      }
      return entry;
    }
    folders.set(entry.id, openFolder(linked(entry.id), request));
    return { ...entry, kind: EMBED_KIND, data: {} };
  });
  return { entries: result, folders };
}

/** The files behind a folder entry. */
export function openFolder(
  entry: Entry,
  { project, ports, skipped, warn }: Pick<EmbedRequest, "project" | "ports" | "skipped" | "warn">,
): EmbeddedSource {
  const fail = (kind: "Invalid" | "NotFound", message: string): Failure =>
    new Failure(kind, `${entry.id}: directory: ${message}`, { retryable: false, details: { id: entry.id } });
  const { directory, base } = entry.data;
  if (typeof directory !== "string" || directory === "") throw fail("Invalid", "is missing");
  if (directory.includes("${")) {
    throw fail("Invalid", `${directory} is known only where the application runs, so it can't be embedded`);
  }
  const { files } = ports;
  const shelf = new ModuleShelf(sourcesOf(project, ports), () => undefined);
  const root = base === "module" ? shelf.treeOf(moduleOf(entry)) : project.configuration.baseDirectory;
  if (root === undefined) {
    throw fail("NotFound", `its module ${moduleOf(entry)} was not loaded from a folder`);
  }
  const path = files.resolve(root, directory);
  const info = files.stat(path);
  if (info === undefined) throw fail("NotFound", `there is no ${path} to embed`);
  if (!info.isDirectory) throw fail("Invalid", `${path} is not a directory`);
  return folderSource(files, path, {
    skipped,
    left: (inner, why) => warn(`${entry.id}: ${inner} is left out: ${why}`),
  });
}

/** Files and bytes below a folder. */
export function measure(source: Pick<EmbeddedSource, "list">): { files: number; size: number } {
  const total = { files: 0, size: 0 };
  const visit = (folder: string): void => {
    for (const item of sortedItems(source, folder)) {
      const path = folder === "" ? item.name : `${folder}/${item.name}`;
      if (item.isDirectory) visit(path);
      else {
        total.files++;
        total.size += item.size;
      }
    }
  };
  visit("");
  return total;
}
