/** The `workflow` module: what only a workflow can ask, about itself and of its children. */
import { Failure, parseEntryId, resolveEntryId } from "../../src/core/mod.ts";
import { type Call, defineModule, type WorkflowAccess } from "../../src/lua/mod.ts";
import type { LuaValue, NativeResult } from "../../src/vm/mod.ts";
import { attributesArgument } from "./attributes.ts";
import types from "./workflow.d.lua" with { type: "text" };

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** The workflow that calls. */
function self(call: Call): WorkflowAccess {
  const access = call.runtime.outside?.workflow;
  if (access === undefined) {
    throw invalid(`${call.process.entryId} is not a workflow, or does not run as one`);
  }
  return access;
}

function info(call: Call): LuaValue {
  const facts = self(call).facts();
  return {
    workflow_id: facts.workflowId,
    run_id: facts.runId,
    workflow_type: facts.type,
    task_queue: facts.taskQueue,
    namespace: facts.namespace,
    attempt: facts.attempt,
    history_length: facts.historyLength,
    history_size: facts.historyBytes,
  };
}

function exec(call: Call): Promise<NativeResult> {
  const access = self(call);
  const written = call.count >= 1 && call.type(1) === "string" ? call.string(1) : "";
  if (written === "") throw invalid("workflow ID required");
  const id = resolveEntryId(written, parseEntryId(call.process.entryId).ns);
  call.demand("workflow.exec", id, `not allowed to exec workflow: ${id}`);
  return call.runtime.starter.execFrom(
    call.process,
    id,
    access.workerOf(id),
    call.raw(2),
    call.process.frame,
  );
}

function wholeNumber(call: Call, i: number, name: string): number {
  const value = call.count >= i && call.type(i) === "number" ? call.number(i) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`${name} must be an integer`);
  return value;
}

function version(call: Call): number {
  const access = self(call);
  const change = call.count >= 1 && call.type(1) === "string" ? call.string(1) : "";
  if (change === "") throw invalid("change_id must be a non-empty string");
  const min = wholeNumber(call, 2, "min_supported");
  const max = wholeNumber(call, 3, "max_supported");
  if (min > max) throw invalid(`min_supported ${min} is greater than max_supported ${max}`);
  return access.version(change, min, max);
}

export default defineModule({
  name: "workflow",
  types,
  classes: ["deterministic", "workflow"],
  numbers: { exec: 180, version: 181, attrs: 182 },
  functions: {
    info,
    version,
    attrs: (call) => {
      const access = self(call);
      access.setAttributes(attributesArgument(call));
      return true;
    },
    history_length: (call) => self(call).facts().historyLength,
    history_size: (call) => self(call).facts().historyBytes,
  },
  commands: { exec },
});
