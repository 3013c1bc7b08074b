/** Which entries are workflows of a worker, and what of the application their worlds need. */
import { Failure } from "../core/mod.ts";
import type { LuaRuntime } from "../lua/mod.ts";

/** The worker that an entry is registered with; undefined when it runs on any. */
export function workerOf(parent: LuaRuntime, entryId: string): string | undefined {
  return parent.programs.definition(entryId)?.temporal?.workflow?.worker;
}

/** Fails with NotFound unless the entry is a workflow that runs on this worker. */
export function demandWorkflow(parent: LuaRuntime, worker: string, entryId: string): void {
  const definition = parent.programs.definition(entryId);
  const details = { id: entryId };
  if (definition?.kind !== "workflow.lua") {
    throw new Failure("NotFound", "factory not found", { retryable: false, details });
  }
  const registered = workerOf(parent, entryId) ?? worker;
  if (registered === worker) return;
  const message = `${entryId} is registered with ${registered}, not with ${worker}`;
  throw new Failure("NotFound", message, { retryable: false, details });
}

/** The definitions that an entry needs, refused when one of them wants what a workflow must not have. */
export function definitionsOf(parent: LuaRuntime, entryId: string): NonNullable<
  ReturnType<LuaRuntime["programs"]["definition"]>
>[] {
  return [...parent.programs.reach(entryId)].map((id) => {
    const definition = parent.programs.definition(id)!;
    for (const name of definition.modules.values()) {
      if (parent.modules.catalog.classes(name)?.includes("workflow") === true) continue;
      const message = `${id}: the module ${name} can't be used in workflows: what it gives is not recorded`;
      throw new Failure("Invalid", message, { retryable: false });
    }
    return definition;
  });
}
