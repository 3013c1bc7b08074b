/** W0004: a local variable or function that is never read. Names that begin with `_` and `<close>` variables are meant so. */
import { defineRule, isIgnored, isImport, isUsed } from "./rule.ts";

export default defineRule({
  code: "W0004",
  name: "no-unused-vars",
  severity: "warning",
  message: (subject) => `local variable '${subject}' is never used`,
  visit: {
    variable(variable, context) {
      if (variable.kind !== "local" && variable.kind !== "function") return;
      if (isUsed(variable) || isIgnored(variable.name) || isImport(variable) || variable.isClosed) return;
      context.report(variable, variable.name);
    },
  },
});
