/** Packs: applications and modules in one file each. */
export { type EmbeddedSource, folderSource, sortedItems } from "./embed.ts";
export type { PackPorts } from "./pack_file.ts";
export { type OpenPack, type PackedFolder, PackShelf, verifyPack } from "./pack_shelf.ts";
export { partPath } from "./pack_writer.ts";
export type { PackFacts, SnapshotEntry, SnapshotPart } from "./snapshot.ts";
export { type PackPlan, writePack, type WrittenPack } from "./write_pack.ts";
