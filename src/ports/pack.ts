/** Packs that an application was loaded from, as kinds see them. */
import type { FileSystem } from "./file_system.ts";
import { defineResource } from "./resource.ts";

/** Compiled code in a pack. */
export interface PackedChunk {
  /** What can run it. */
  readonly machine: string;
  /** Its bytes; fails with Invalid when they are not what was packed. */
  read(): Uint8Array;
}

/** What packs hold beside entries. Checksums are compared before anything is given out; what differs is Invalid. */
export interface PackContents {
  /** The files that were embedded for an entry; undefined when no pack has any. */
  embedded(id: string): FileSystem | undefined;
  /** A compiled chunk by its hash; undefined when no pack has it. */
  chunk(hash: string): PackedChunk | undefined;
}

/** Resource type of packs. */
export const PackResource = defineResource<PackContents>("pack");

/** Where the packs of an application are found, and what `fs` of a compiled entry says. No entry can have this id, for it has no namespace. */
export const PACK_ID = "pack";
