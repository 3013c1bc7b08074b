/** W0006: a required module that is never used, neither as a value nor in a type. */
import type { Fix } from "../diagnostic.ts";
import type { Variable } from "../resolution.ts";
import type { LocalStatement } from "../syntax.ts";
import { variableAt } from "./names.ts";
import { defineRule, isIgnored, isImport, isUsed, type RuleContext } from "./rule.ts";

export default defineRule({
  code: "W0006",
  name: "no-unused-imports",
  severity: "warning",
  message: (subject) => `import '${subject}' is never used`,
  visit: {
    statement(statement, context) {
      if (statement.kind !== "local") return;
      for (const [i, binding] of statement.bindings.entries()) {
        if (statement.values[i]?.kind !== "call") continue;
        const variable = variableAt(binding.start, context.resolution);
        if (variable === undefined || !isImport(variable) || isUsed(variable) || isIgnored(variable.name)) {
          continue;
        }
        context.report(variable, variable.name, { fix: removal(statement, variable, context) });
      }
    },
  },
});

/** Removes the statement with its line; only when nothing else is declared by it or stands on the line. */
function removal(statement: LocalStatement, variable: Variable, { parsed }: RuleContext): Fix | undefined {
  if (statement.bindings.length !== 1 || statement.values.length !== 1 || variable.writes.length > 0) {
    return undefined;
  }
  const { lines, source } = parsed;
  const line = lines.line(statement.start);
  if (lines.line(statement.end) !== line) return undefined;
  const start = lines.starts[line - 1]!;
  const end = lines.starts[line] ?? source.length;
  const rest = source.slice(start, statement.start) + source.slice(statement.end, end);
  if (!/^[\s;]*$/.test(rest)) return undefined;
  return { title: "remove the import", edits: [{ start, end, text: "" }] };
}
