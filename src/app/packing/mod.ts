/** Packing: a project into one file. Loaded when it is asked for. */
import type { Ports } from "../../ports/mod.ts";
import type { Project } from "../project.ts";
import type { ListedFolder, PackChoice, PackReport, PackRequest } from "./pack_project.ts";

export type { ListedFolder, PackChoice, PackReport, PackRequest } from "./pack_project.ts";

/** Packs; fails before anything is written when something is wrong with what is packed. */
export async function packProject(request: PackRequest): Promise<PackReport> {
  const { packWhole } = await import("./pack_project.ts");
  return await packWhole(request);
}

/** The folders of a project, and what embedding them would take. */
export async function listFolders(
  project: Project,
  ports: Ports,
  choice: PackChoice,
): Promise<{ folders: ListedFolder[]; warnings: string[] }> {
  const { foldersOf } = await import("./pack_project.ts");
  return foldersOf(project, ports, choice);
}
