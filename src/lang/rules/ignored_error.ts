/** S0006: an error that is taken from a call and never looked at. Names that begin with `_` are meant so. */
import type { Expression } from "../syntax.ts";
import { endsInError } from "../type_facts.ts";
import { variableAt } from "./names.ts";
import { defineRule, isIgnored, type RuleContext } from "./rule.ts";

export default defineRule({
  code: "S0006",
  name: "ignored-error",
  severity: "warning",
  message: (subject) => `the error '${subject}' is never looked at`,
  visit: {
    statement(statement, context) {
      if (statement.kind !== "local") return;
      const place = errorPlace(statement.values, context);
      const binding = place === undefined ? undefined : statement.bindings[place];
      if (binding === undefined || isIgnored(binding.name)) return;
      const variable = variableAt(binding.start, context.resolution);
      if (variable === undefined || variable.reads.length > 0) return;
      context.report(variable, variable.name, {
        help: `help: handle it (if ${variable.name} then ... end), or call it _${variable.name}`,
      });
    },
  },
});

/** Which of the values of a list is an error. */
function errorPlace(values: readonly Expression[], { world }: RuleContext): number | undefined {
  const last = values.at(-1);
  const results = last === undefined ? undefined : world?.calls.get(last)?.results;
  if (results === undefined || !endsInError(results)) return undefined;
  return values.length - 1 + results.types.length - 1;
}
