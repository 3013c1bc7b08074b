/** W0007: a variable that hides one of an outer scope. Declaring a name again in the same scope hides nothing that is needed. */
import { defineRule, isIgnored } from "./rule.ts";

const KINDS = ["local", "function", "param", "loop"];

export default defineRule({
  code: "W0007",
  name: "no-shadowed-vars",
  severity: "hint",
  message: (subject) => `'${subject}' hides a variable of an outer scope`,
  visit: {
    variable(variable, context) {
      const { shadows } = variable;
      if (shadows === undefined || shadows.scope === variable.scope || isIgnored(variable.name)) return;
      if (!KINDS.includes(variable.kind) || !KINDS.includes(shadows.kind)) return;
      const { start, end, name } = shadows;
      const related = [{ start, end, message: `the outer '${name}'` }];
      context.report(variable, variable.name, { related });
    },
  },
});
