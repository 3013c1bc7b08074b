/** S0007: a channel that is sent to and can't be received from: nothing but its sends and its end ever uses it. */
import type { Variable } from "../resolution.ts";
import type { MethodCallExpression } from "../syntax.ts";
import { walk } from "../walk.ts";
import { defineRule } from "./rule.ts";

const SENDS = new Set(["send", "case_send"]);

export default defineRule({
  code: "S0007",
  name: "unreceived-channel",
  severity: "warning",
  message: (subject) => `nothing ever receives from the channel '${subject}'`,
  visit: {
    source({ parsed, resolution, world, report }) {
      if (world === undefined) return;
      const channels = new Map<Variable, MethodCallExpression[]>();
      for (const variable of resolution.variables) {
        const { initial } = variable;
        const made = initial === undefined ? undefined : world.calls.get(initial)?.callee.path;
        if (made === "channel.new" && variable.writes.length === 0) channels.set(variable, []);
      }
      if (channels.size === 0) return;
      walk(parsed.block, {
        expression(expression) {
          if (expression.kind !== "method" || expression.object.kind !== "name") return;
          const { name } = expression.name;
          const variable = resolution.values.get(expression.object);
          if (variable !== undefined && (SENDS.has(name) || name === "close")) {
            channels.get(variable)?.push(expression);
          }
        },
      });
      for (const [variable, uses] of channels) {
        // Any other use may hand it to somebody who receives.
        if (uses.length !== variable.reads.length) continue;
        const first = uses.find(({ name }) => SENDS.has(name.name));
        if (first === undefined) continue;
        report(variable, variable.name, {
          related: [{ start: first.start, end: first.end, message: "this is never received" }],
        });
      }
    },
  },
});
