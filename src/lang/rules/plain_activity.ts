/**
 * S0010: a workflow calls a function that is registered with no worker. Such a call fails: what a workflow calls is an activity, and its
 * `meta` says where it runs.
 */
import { argumentsOf, defineRule } from "./rule.ts";

const CALLS = new Set(["funcs.call", "funcs.async", "funcs.Executor.call", "funcs.Executor.async"]);

export default defineRule({
  code: "S0010",
  name: "plain-activity",
  severity: "error",
  message: (subject) => `${subject} is no activity, so a workflow can't call it`,
  visit: {
    call(call, { callee }, { world, report }) {
      if (!world.kind.startsWith("workflow.") || !CALLS.has(callee.path ?? "")) return;
      const [target] = argumentsOf(call);
      if (target?.kind !== "string" || world.mayBeActivity(target.value)) return;
      const help = 'help: name its worker in the entry: "meta: {temporal: {activity: {worker: ...}}}"';
      report(target, target.value, { help });
    },
  },
});
