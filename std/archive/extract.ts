/** Entries written into a file system. */
import type { Pace } from "../../src/lua/mod.ts";
import { Failure } from "../../src/core/mod.ts";
import type { FileHandle } from "../../src/ports/mod.ts";
import type { Volume } from "../fs/mod.ts";
import type { EntryStream } from "./entry_stream.ts";

/** Writes all of `data`. */
export function writeAll(file: FileHandle, data: Uint8Array): void {
  for (let at = 0; at < data.length;) {
    const count = file.write(data.subarray(at), null);
    if (count <= 0) throw new Failure("Internal", "nothing more can be written", { retryable: false });
    at += count;
  }
}

/** Makes the folders of `parts` that are not there. */
export function ensureFolder(volume: Volume, parts: readonly string[]): void {
  const { system } = volume;
  let path = "";
  for (const part of parts) {
    path += `/${part}`;
    if (system.stat(path) === undefined) system.makeDirectory(path);
  }
}

/** Writes an entry's bytes to a file; what was begun is removed when they turn out to be bad. */
export async function writeEntry(
  volume: Volume,
  parts: readonly string[],
  { pace, stream }: { stream: EntryStream; pace: Pace },
): Promise<void> {
  const path = `/${parts.join("/")}`;
  ensureFolder(volume, parts.slice(0, -1));
  const file = volume.system.open(path, "w");
  let isWhole = false;
  try {
    for (let part = await stream.next(); part !== null; part = await stream.next()) {
      writeAll(file, part);
      await pace.rest();
    }
    isWhole = true;
  } finally {
    file.close();
    stream.close();
    if (!isWhole) volume.system.remove(path);
  }
}
