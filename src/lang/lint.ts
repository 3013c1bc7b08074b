/**
 * Runs the lint rules over a source.
 */
import type { Diagnostic } from "./diagnostic.ts";
import type { ParsedSource } from "./parser.ts";
import type { Resolution } from "./resolution.ts";
import { rules } from "./rules/index.gen.ts";
import type { Rule, RuleContext } from "./rules/rule.ts";
import { resolve } from "./scope.ts";
import { walk } from "./walk.ts";

/** Findings of all rules, by place. Where the source has syntax errors they are about what could be read. */
export function lint(parsed: ParsedSource, resolution: Resolution = resolve(parsed)): Diagnostic[] {
  const found: Diagnostic[] = [];
  const contexts = rules.map((rule) => ({ rule, context: contextOf(rule, parsed, resolution, found) }));
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
  return found.sort((a, b) => a.start - b.start || a.end - b.end || (a.code < b.code ? -1 : 1));
}

function contextOf(
  rule: Rule,
  parsed: ParsedSource,
  resolution: Resolution,
  found: Diagnostic[],
): RuleContext {
  return {
    parsed,
    resolution,
    report: ({ start, end }, subject = "") => {
      found.push({
        code: rule.code,
        severity: rule.severity,
        start,
        end,
        problem: { kind: "rule", rule: rule.code, subject },
      });
    },
  };
}
