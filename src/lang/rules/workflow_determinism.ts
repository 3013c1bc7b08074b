/**
 * S0005: a call in a workflow that a replay can't repeat: chance, and modules that reach outside on their own. What a workflow
 * needs of the outside it calls as a function, whose result is recorded.
 */
import { defineRule } from "./rule.ts";

const CHANCE = new Set(["math.random", "math.randomseed"]);

export default defineRule({
  code: "S0005",
  name: "workflow-determinism",
  severity: "error",
  message: (subject) => `'${subject}' gives something else when the workflow is replayed`,
  visit: {
    call(call, { callee }, { world, report }) {
      if (!world.kind.startsWith("workflow.") || callee.path === undefined) return;
      const [module = ""] = callee.path.split(".");
      const isModule = [...world.modules.values()].includes(module);
      if (!CHANCE.has(callee.path) && !(isModule && !world.isForWorkflows(module))) return;
      const help = "help: put it into a function and call that with funcs.call; its result is recorded";
      report(call.kind === "call" ? call.callee : call, callee.path, { help });
    },
  },
});
