/** W0005: a parameter that is never read. Names that begin with `_` are meant so. */
import { defineRule, isIgnored, isUsed, prefixFix } from "./rule.ts";

export default defineRule({
  code: "W0005",
  name: "no-unused-params",
  severity: "hint",
  message: (subject) => `parameter '${subject}' is never used`,
  visit: {
    variable(variable, context) {
      if (variable.kind !== "param" || isUsed(variable) || isIgnored(variable.name)) return;
      context.report(variable, variable.name, { fix: prefixFix(variable, context.resolution) });
    },
  },
});
