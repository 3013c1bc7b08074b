/** W0003: a comparison of a value with itself. Calls may give something else each time and don't count. */
import type { Expression } from "../syntax.ts";
import { defineRule } from "./rule.ts";

const COMPARISONS = ["==", "~=", "<", "<=", ">", ">="];
/** Deepest operand that is compared. */
const DEPTH_MAX = 50;

export default defineRule({
  code: "W0003",
  name: "no-self-compare",
  severity: "error",
  message: (subject) => `'${subject}' is compared with itself`,
  visit: {
    expression(expression, context) {
      if (expression.kind !== "binary" || !COMPARISONS.includes(expression.operator)) return;
      if (!isSame(expression.left, expression.right, 0)) return;
      context.report(expression, context.parsed.source.slice(expression.left.start, expression.left.end));
    },
  },
});

function isSame(a: Expression, b: Expression, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  const into = (x: Expression, y: Expression): boolean => isSame(x, y, depth + 1);
  if (a.kind === "paren") return into(a.inner, b);
  if (b.kind === "paren") return into(a, b.inner);
  switch (a.kind) {
    case "name":
      return b.kind === "name" && a.name === b.name;
    case "string":
    case "number":
      return b.kind === a.kind && a.value === b.value;
    case "nil":
    case "true":
    case "false":
      return b.kind === a.kind;
    case "member":
      return b.kind === "member" && a.name.name === b.name.name && into(a.object, b.object);
    case "index":
      return b.kind === "index" && into(a.key, b.key) && into(a.object, b.object);
    case "unary":
      return b.kind === "unary" && a.operator === b.operator && into(a.operand, b.operand);
    case "binary":
      return b.kind === "binary" && a.operator === b.operator && into(a.left, b.left) &&
        into(a.right, b.right);
    default:
      return false;
  }
}
