/** Where a log says who takes part. */
import { NO_CONFIG, type RaftConfig, unpackConfig } from "./config.ts";
import type { RaftLog } from "./log.ts";

/** The configuration that holds after the entry at an index, and the index that it comes from. */
export function configAt(log: RaftLog, index: number): { config: RaftConfig; index: number } {
  for (let at = index; at > log.base; at--) {
    const entry = log.at(at)!;
    if (entry.kind === "config") return { config: unpackConfig(entry.data), index: at };
  }
  const { snapshot } = log;
  if (snapshot === undefined) return { config: NO_CONFIG, index: 0 };
  return { config: unpackConfig(snapshot.config), index: snapshot.index };
}

/**
 * Whether a member may have to lead: as a voter, or as one that is none any more by an entry that may not be committed. Nobody else
 * may have that entry, and then nobody else can win.
 */
export function isNeeded(id: string, log: RaftLog, commit: number): boolean {
  const { config, index } = configAt(log, log.lastIndex);
  return config.voters.includes(id) || index > commit && configAt(log, index - 1).config.voters.includes(id);
}
