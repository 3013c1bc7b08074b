/** Where the control connection of a project is found. */
import type { Files } from "../../ports/mod.ts";

/** Folder inside a project that holds what the runtime keeps there. */
const FOLDER = ".wippy";
const FILE = "control.sock";

/** Path of the socket for the project in `folder`. */
export function controlPath(files: Files, folder: string): string {
  return files.resolve(folder, FOLDER, FILE);
}
