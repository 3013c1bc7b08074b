/** S0008: an entry whose `method` is not in the table that its source returns. Tables that are filled in other ways are trusted. */
import type { Resolution } from "../resolution.ts";
import type { Expression, TableExpression } from "../syntax.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  code: "S0008",
  name: "missing-method",
  severity: "error",
  message: (subject) => `the returned table has no '${subject}', which the entry names as its method`,
  visit: {
    source({ parsed, resolution, world, report }) {
      const last = parsed.block.statements.at(-1);
      if (
        world === undefined || last?.kind !== "return" || !/^(function|process|workflow)\./.test(world.kind)
      ) {
        return;
      }
      const [value] = last.values;
      const table = value === undefined ? undefined : tableOf(value, world.method, resolution);
      if (table === undefined) return;
      const names = table.fields.map((field) => field.name?.name);
      if (names.includes(undefined) || names.includes(world.method)) return;
      const { start, end } = value!;
      report({ start, end: Math.min(end, parsed.source.length) }, world.method);
    },
  },
});

/** The constructor behind what is returned, when nothing else may put the method into it. */
function tableOf(value: Expression, method: string, resolution: Resolution): TableExpression | undefined {
  if (value.kind === "table") return value;
  if (value.kind !== "name" || resolution.assignedFields.has(method)) return undefined;
  const variable = resolution.values.get(value);
  const { initial } = variable ?? {};
  if (variable === undefined || initial?.kind !== "table" || variable.writes.length > 0) return undefined;
  // Whoever gets the table may fill it; only its return may be read.
  return variable.reads.length === 1 ? initial : undefined;
}
