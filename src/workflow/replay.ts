/** Bringing a world to where its history ends. */
import type { Issued } from "./effects.ts";
import type { History, VersionChoice } from "./history.ts";
import type { World } from "./world.ts";

/** What a history led to. */
export interface Replayed {
  readonly issued: readonly Issued[];
  /** Commands that were asked to end. */
  readonly asked: ReadonlySet<number>;
  readonly versions: readonly VersionChoice[];
}

/** Applies the steps of a history; undefined when that is no longer wanted or takes too long. Throws when the code does not fit. */
export async function replay(
  world: World,
  history: History,
  isWanted: () => boolean,
): Promise<Replayed | undefined> {
  world.isReplaying = true;
  const issued: Issued[] = [];
  const asked = new Set<number>();
  const versions: VersionChoice[] = [];
  for (const { extent, step } of history.steps) {
    await world.apply(step, extent);
    if (!isWanted() || world.hasOverrun) {
      world.close();
      return undefined;
    }
    if (world.broken !== undefined) throw world.broken;
    const taken = world.take();
    issued.push(...taken.issued);
    for (const number of taken.asked) asked.add(number);
    versions.push(...taken.versions);
  }
  world.isReplaying = false;
  return { issued, asked, versions };
}
