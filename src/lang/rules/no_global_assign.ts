/** W0002: an assignment that makes or changes a global variable. */
import { defineRule } from "./rule.ts";

export default defineRule({
  code: "W0002",
  name: "no-global-assign",
  severity: "warning",
  message: (subject) => `assignment to global variable '${subject}'`,
  visit: {
    source(context) {
      for (const write of context.resolution.globalWrites) context.report(write, write.name);
    },
  },
});
