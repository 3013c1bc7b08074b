/** S0004: a check of an action that no policy of the application allows: the answer is always no. */
import { argumentsOf, defineRule } from "./rule.ts";

export default defineRule({
  code: "S0004",
  name: "ungranted-action",
  severity: "warning",
  message: (subject) => `no policy allows the action '${subject}': it is always refused`,
  visit: {
    call(call, { callee }, { world, report }) {
      if (callee.path !== "security.can") return;
      const [action] = argumentsOf(call);
      if (action?.kind !== "string" || world.mayAllow(action.value)) return;
      const help = "help: add it to the actions of a security.policy with effect allow";
      report(action, action.value, { help });
    },
  },
});
