/** A supervisor on virtual time with services that follow a script, and what they noted. */
import { Failure } from "../../src/core/mod.ts";
import { lifecycleOf, ScriptedService, type StartScript } from "./scripted_service.ts";
import { createWorld, type World } from "./world.ts";

/** A failure that may be retried. */
export const BOOM = new Failure("Internal", "boom");

/** A world in which scripted services are put on. */
export interface Stage extends World {
  readonly notes: string[];
  add(
    id: string,
    script: readonly StartScript[],
    lifecycle?: Parameters<typeof lifecycleOf>[0],
    references?: string[],
  ): ScriptedService;
  statuses(id: string): string[];
  /** Virtual milliseconds at which each start began. */
  startTimes(service: string): number[];
}

/** A stage of its own. */
export function stage({ seed = 1, ...supervision }: { seed?: number; startsAtOnceMax?: number } = {}): Stage {
  const world = createWorld(seed, supervision);
  const notes: string[] = [];
  const note = (text: string): void => {
    notes.push(`${world.ports.clock.elapsedMs} ${text}`);
  };
  return {
    ...world,
    notes,
    add(id, script, changes, references = []) {
      const service = new ScriptedService(id, world.ports.clock, script, note);
      void world.supervisor.register(id, service, lifecycleOf(changes), references);
      return service;
    },
    statuses: (id) =>
      world.events.filter(({ kind, path }) => kind === "service.update" && path === id)
        .map(({ data }) => (data as { status: string }).status),
    startTimes: (id) =>
      notes.filter((text) => text.endsWith(` ${id} start`)).map((text) => Number(text.split(" ")[0])),
  };
}

/** Runs the world until `promise` settles. */
export function drive<T>(world: World, promise: Promise<T>): Promise<T> {
  return world.ports.clock.drive(promise);
}
