/** Packing: a project into one file. */
export {
  listFolders,
  type PackChoice,
  packProject,
  type PackReport,
  type PackRequest,
} from "./pack_project.ts";
