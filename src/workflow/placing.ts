/** Where starts of workflows lead. */
import { Failure } from "../core/mod.ts";
import type { LuaRuntime, ProvidedStart } from "../lua/mod.ts";
import type { Placement } from "./effects.ts";
import type { Run } from "./run.ts";
import { childSeed, freshSeed } from "./seed.ts";
import { startOptions } from "./start_options.ts";
import type { WorkflowEngine } from "./workflow_engine.ts";
import { definitionsOf, demandWorkflow } from "./workflow_program.ts";
import { newRow, tracedRow } from "./workflow_rows.ts";
import { tracesOf } from "./workflow_traces.ts";

/** Where a start on the worker of `on` leads that a workflow, `parent`, or somebody else makes; throws a Failure. */
export function placeStart(
  runtime: LuaRuntime,
  on: WorkflowEngine,
  start: ProvidedStart,
  parent: Run | undefined,
): Placement {
  const { journal, namespace } = on;
  const { clock } = runtime.services.ports;
  const options = startOptions(start.options, start.name);
  if (options.namespace !== "" && options.namespace !== namespace.name) {
    const message =
      `temporal.workflow.namespace: ${on.worker} serves ${namespace.name}, not ${options.namespace}`;
    throw new Failure("Invalid", message, { retryable: false });
  }
  const { worker } = options.taskQueue === "" ? on : namespace.serving(options.taskQueue);
  demandWorkflow(runtime, worker, start.entryId);
  definitionsOf(runtime, start.entryId);
  const messages = start.messages.map(({ topic, values }) => ({ topic, values: values.slice() }));
  const found = namespace.find(options);
  if (found.kind === "existing") return { kind: "existing", workflow: found.workflow, messages };
  const serial = journal.newSerial();
  const identity = {
    serial,
    worker,
    seed: parent === undefined
      ? freshSeed(runtime.services.ports)
      : childSeed(runtime.services.ports, parent.row, serial),
    parent: parent?.row.serial ?? 0,
    parentRun: parent?.row.run ?? 0,
    startedMs: clock.nowMs(),
  };
  const untraced = newRow({ ...start, messages }, options, identity, namespace.pidOf({ serial, worker }));
  const traces = tracesOf(runtime);
  const trace = traces?.started(
    untraced,
    parent === undefined ? start.frame.trace : traces.placeOf(parent.row),
  );
  const row = trace === undefined ? untraced : tracedRow(untraced, trace);
  if (parent !== undefined) namespace.reserve(row.workflowId, { serial, worker }, parent.row.serial);
  return { kind: "new", row, options, replaced: found.kind === "replaced" ? found.workflow : undefined };
}
