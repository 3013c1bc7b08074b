/**
 * Runs the lint rules over a source.
 */
import type { Diagnostic } from "./diagnostic.ts";
import type { ParsedSource } from "./parser.ts";
import type { Resolution } from "./resolution.ts";
import { rules } from "./rules/index.gen.ts";
import type { Rule, RuleContext, World } from "./rules/rule.ts";
import { resolve } from "./scope.ts";
import { walk } from "./walk.ts";

const UNUSED = "W0004";
const IGNORED_ERROR = "S0006";

/**
 * Findings of all rules, by place. Where the source has syntax errors they are about what could be read. Rules of the system
 * speak only when there is a `world`.
 */
export function lint(
  parsed: ParsedSource,
  resolution: Resolution = resolve(parsed),
  world?: World,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  const contexts = rules.map((rule) => ({
    rule,
    context: contextOf(rule, parsed, resolution, world, found),
  }));
  for (const { rule, context } of contexts) {
    rule.visit.source?.(context);
    if (rule.visit.variable !== undefined) {
      for (const variable of resolution.variables) rule.visit.variable(variable, context);
    }
  }
  const statementRules = contexts.filter(({ rule }) => rule.visit.statement !== undefined);
  const expressionRules = contexts.filter(({ rule }) => rule.visit.expression !== undefined);
  walk(parsed.block, {
    statement: (statement) => {
      for (const { rule, context } of statementRules) rule.visit.statement!(statement, context);
    },
    expression: (expression) => {
      for (const { rule, context } of expressionRules) rule.visit.expression!(expression, context);
    },
  });
  if (world !== undefined) {
    for (const { rule, context } of contexts) {
      if (rule.visit.call === undefined) continue;
      const inWorld = { ...context, world };
      for (const [call, fact] of world.calls) rule.visit.call(call, fact, inWorld);
    }
  }
  // An error that nobody looks at is an unused variable too; once is enough.
  const ignored = new Set(found.filter(({ code }) => code === IGNORED_ERROR).map(({ start }) => start));
  return found.filter(({ code, start }) => code !== UNUSED || !ignored.has(start)).sort((a, b) =>
    a.start - b.start || a.end - b.end || (a.code < b.code ? -1 : 1)
  );
}

function contextOf(
  rule: Rule,
  parsed: ParsedSource,
  resolution: Resolution,
  world: World | undefined,
  found: Diagnostic[],
): RuleContext {
  return {
    parsed,
    resolution,
    world,
    report: ({ start, end }, subject = "", notes = {}) => {
      found.push({
        code: rule.code,
        severity: rule.severity,
        start,
        end,
        problem: { kind: "rule", rule: rule.code, subject },
        ...notes,
      });
    },
  };
}
