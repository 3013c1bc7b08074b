/** Packs: applications and modules in one file each. What writes them is loaded when one is written. */
import type { PackPorts } from "./pack_file.ts";
import type { PackPlan, WrittenPack } from "./write_pack.ts";

export type { EmbeddedSource } from "./embed.ts";
export { partPath } from "./format.ts";
export type { PackPorts } from "./pack_file.ts";
export { type OpenPack, type PackedFolder, PackShelf, verifyPack } from "./pack_shelf.ts";
export type { PackFacts, SnapshotEntry, SnapshotPart } from "./snapshot.ts";
export type { PackPlan, WrittenPack } from "./write_pack.ts";
export { folderSource, sortedItems } from "./embed.ts";

/** Writes a pack; after a failure there is none. */
export async function writePack(ports: PackPorts, plan: PackPlan): Promise<WrittenPack> {
  const { writeWholePack } = await import("./write_pack.ts");
  return await writeWholePack(ports, plan);
}
