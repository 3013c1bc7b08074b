/**
 * S0009: a call that may fail and whose results nobody takes. Calls that tidy up, and messages, which nobody may rely on anyway,
 * are often meant so.
 */
import { endsInError } from "../type_facts.ts";
import { defineRule } from "./rule.ts";

/** Last parts of names that are commonly called for their effect alone. */
const CARELESS = new Set(
  ("close release unsubscribe unlisten send send_to cancel terminate unmonitor unlink leave write write_json flush " +
    "set_status set_header set_content_type set_transfer write_event").split(" "),
);

export default defineRule({
  code: "S0009",
  name: "dropped-error",
  severity: "hint",
  message: (subject) => `'${subject}' may fail, and its error is dropped`,
  visit: {
    statement(statement, { world, report }) {
      if (statement.kind !== "call-statement") return;
      const fact = world?.calls.get(statement.call);
      const path = fact?.callee.path;
      if (fact === undefined || path === undefined || !endsInError(fact.results)) return;
      const name = path.slice(path.lastIndexOf(".") + 1);
      if (CARELESS.has(name)) return;
      report(statement.call, name, { help: `help: take it: local _, err = ...` });
    },
  },
});
