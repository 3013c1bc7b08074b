/** W0004: a local variable or function that is never read. Names that begin with `_` and `<close>` variables are meant so. */
import { defineRule, isIgnored, isImport, isUsed, prefixFix } from "./rule.ts";

export default defineRule({
  code: "W0004",
  name: "no-unused-vars",
  severity: "warning",
  message: (subject) => `local variable '${subject}' is never used`,
  visit: {
    variable(variable, context) {
      if (variable.kind !== "local" && variable.kind !== "function") return;
      if (isUsed(variable) || isIgnored(variable.name) || isImport(variable) || variable.isClosed) return;
      const { initial } = variable;
      // A result that nobody wants, not a value that somebody wrote down.
      const isResult = variable.kind === "local" &&
        (initial === undefined || initial.kind === "call" || initial.kind === "method");
      const fix = isResult ? prefixFix(variable, context.resolution) : undefined;
      context.report(variable, variable.name, { fix });
    },
  },
});
