/** W0006: a required module that is never used, neither as a value nor in a type. */
import { defineRule, isIgnored, isImport, isUsed } from "./rule.ts";

export default defineRule({
  code: "W0006",
  name: "no-unused-imports",
  severity: "warning",
  message: (subject) => `import '${subject}' is never used`,
  visit: {
    variable(variable, context) {
      if (!isImport(variable) || isUsed(variable) || isIgnored(variable.name)) return;
      context.report(variable, variable.name);
    },
  },
});
