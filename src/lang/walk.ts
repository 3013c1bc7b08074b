/**
 * Every statement and expression of a tree, once, in the order of the source where that is cheap.
 */
import type * as S from "./syntax.ts";

/** What is called for each node. */
export interface Visitor {
  readonly statement?: (statement: S.Statement) => void;
  readonly expression?: (expression: S.Expression) => void;
}

/** Walks a block with all that is in it; types are not walked. */
export function walk(block: S.Block, visitor: Visitor): void {
  for (const statement of block.statements) walkStatement(statement, visitor);
}

function walkStatement(statement: S.Statement, visitor: Visitor): void {
  visitor.statement?.(statement);
  const expressions = (list: readonly (S.Expression | undefined)[]): void => {
    for (const expression of list) if (expression !== undefined) walkExpression(expression, visitor);
  };
  switch (statement.kind) {
    case "local":
    case "return":
      return expressions(statement.values);
    case "assign":
      expressions(statement.targets);
      return expressions(statement.values);
    case "call-statement":
      return walkExpression(statement.call, visitor);
    case "do":
      return walk(statement.block, visitor);
    case "while":
      walkExpression(statement.condition, visitor);
      return walk(statement.block, visitor);
    case "repeat":
      walk(statement.block, visitor);
      return walkExpression(statement.condition, visitor);
    case "if":
      for (const { condition, block } of statement.branches) {
        walkExpression(condition, visitor);
        walk(block, visitor);
      }
      if (statement.otherwise !== undefined) walk(statement.otherwise, visitor);
      return;
    case "numeric-for":
      expressions([statement.from, statement.to, statement.step]);
      return walk(statement.block, visitor);
    case "generic-for":
      expressions(statement.values);
      return walk(statement.block, visitor);
    case "function-statement":
    case "local-function":
      if (statement.body.block !== undefined) walk(statement.body.block, visitor);
      return;
    case "break":
    case "goto":
    case "label":
    case "type":
    case "declare":
      return;
  }
}

function walkExpression(expression: S.Expression, visitor: Visitor): void {
  // The left spine in a loop: it may be as long as the source.
  let current = expression;
  for (;;) {
    visitor.expression?.(current);
    switch (current.kind) {
      case "binary":
        walkExpression(current.right, visitor);
        current = current.left;
        continue;
      case "unary":
        current = current.operand;
        continue;
      case "paren":
      case "cast":
      case "non-nil":
        current = current.inner;
        continue;
      case "index":
        walkExpression(current.key, visitor);
        current = current.object;
        continue;
      case "member":
        current = current.object;
        continue;
      case "call":
        for (const value of current.arguments) walkExpression(value, visitor);
        current = current.callee;
        continue;
      case "method":
        for (const value of current.arguments) walkExpression(value, visitor);
        current = current.object;
        continue;
      case "function":
        if (current.body.block !== undefined) walk(current.body.block, visitor);
        return;
      case "table":
        for (const field of current.fields) {
          if (field.key !== undefined) walkExpression(field.key, visitor);
          walkExpression(field.value, visitor);
        }
        return;
      default:
        return;
    }
  }
}
