/** Writes a whole pack. */
import { Failure, PACK_CHUNK_BYTES_MAX, type Value, type ValueMap } from "../core/mod.ts";
import type { PackedChunk } from "../ports/mod.ts";
import { packValue } from "../registry/mod.ts";
import { type EmbeddedSource, embedFolder } from "./embed.ts";
import type { PackStream } from "./format.ts";
import type { PackPorts } from "./pack_file.ts";
import type { PackedFolder } from "./pack_shelf.ts";
import { PackWriter } from "./pack_writer.ts";
import { factsValue, type PackFacts, partsValue, type SnapshotPart } from "./snapshot.ts";

/** What goes into a pack. */
export interface PackPlan {
  /** Where it is written, absolute. */
  readonly path: string;
  readonly facts: PackFacts;
  readonly runtime: ValueMap | undefined;
  /** The first one is the application itself. */
  readonly parts: readonly SnapshotPart[];
  /** Compiled code by its hash. */
  readonly chunks: ReadonlyMap<string, PackedChunk>;
  /** Folders by the entry that they become the files of. */
  readonly folders: ReadonlyMap<string, EmbeddedSource>;
}

/** What came of it. */
export interface WrittenPack {
  readonly size: number;
  readonly folders: readonly PackedFolder[];
}

/** Writes a pack; after a failure there is none. */
export async function writeWholePack(ports: PackPorts, plan: PackPlan): Promise<WrittenPack> {
  const writer = await PackWriter.open(ports, plan.path);
  try {
    const entries = streamValue(writer.add(packValue(partsValue(plan.parts))));
    const chunks: ValueMap = {};
    for (const [hash, chunk] of [...plan.chunks].sort(byKey)) {
      const bytes = chunk.read();
      if (bytes.length > PACK_CHUNK_BYTES_MAX) {
        throw new Failure(
          "LimitExceeded",
          `compiled code of ${bytes.length} bytes, at most ${PACK_CHUNK_BYTES_MAX} fit`,
        );
      }
      chunks[hash] = [chunk.machine, streamValue(writer.add(bytes))];
    }
    const folders: ValueMap = {};
    const written: PackedFolder[] = [];
    for (const [id, source] of [...plan.folders].sort(byKey)) {
      const { list, files, size } = embedFolder(writer, source, id);
      folders[id] = [streamValue(list), files, size];
      written.push({ id, files, size });
    }
    const facts = factsValue(plan.facts);
    writer.finish({ facts, entries, chunks, folders, ...(plan.runtime && { runtime: plan.runtime }) });
    return { size: writer.size, folders: written };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function streamValue({ at, size, blocks }: PackStream): Value {
  return [at, size, blocks];
}
