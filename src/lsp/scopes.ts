/** Which variables can be named at an offset. */
import type { syntax, Variable } from "../lang/mod.ts";
import type { CheckedUnit } from "./workspace.ts";

/** Visible variables at an offset by name, types included; inner ones hide outer ones. */
export function visibleAt({ parsed, resolution }: CheckedUnit, offset: number): Map<string, Variable> {
  const byStart = new Map<string, Variable>();
  for (const variable of resolution.variables) byStart.set(`${variable.start} ${variable.name}`, variable);
  const found = new Map<string, Variable>();
  const declare = (at: { readonly name: string; readonly start: number }): void => {
    const variable = byStart.get(`${at.start} ${at.name}`);
    if (variable !== undefined) found.set(at.name, variable);
  };
  visitBlock(parsed.block, offset, declare);
  return found;
}

type Declare = (at: { readonly name: string; readonly start: number }) => void;

function visitBlock(block: syntax.Block, offset: number, declare: Declare): void {
  for (const statement of block.statements) if (statement.kind === "type") declare(statement.name);
  for (const statement of block.statements) {
    if (statement.start >= offset) return;
    visitStatement(statement, offset, declare);
  }
}

/** Declares what a statement leaves behind, or what is visible inside it where the offset is. */
function visitStatement(statement: syntax.Statement, offset: number, declare: Declare): void {
  const isInside = offset <= statement.end;
  const inBlock = (block: syntax.Block | undefined, end = statement.end): void => {
    if (block !== undefined && isInside && offset >= block.start && offset <= Math.max(block.end, end)) {
      visitBlock(block, offset, declare);
    }
  };
  switch (statement.kind) {
    case "local":
      if (isInside) visitExpressions(statement.values, offset, declare);
      if (offset > statement.end || statement.values.length === 0) statement.bindings.forEach(declare);
      return;
    case "local-function":
      declare(statement.name);
      return visitFunction(statement.body, offset, declare);
    case "function-statement":
      return visitFunction(statement.body, offset, declare);
    case "do":
    case "while":
    case "repeat":
      if (statement.kind !== "do" && isInside) visitExpressions([statement.condition], offset, declare);
      return inBlock(statement.block);
    case "if":
      if (!isInside) return;
      for (const { condition, block } of statement.branches) {
        visitExpressions([condition], offset, declare);
        inBlock(block, block.end);
      }
      return inBlock(statement.otherwise, statement.otherwise?.end);
    case "numeric-for":
    case "generic-for":
      if (!isInside) return;
      if (offset >= statement.block.start) {
        (statement.kind === "numeric-for" ? [statement.binding] : statement.bindings).forEach(declare);
      } else if (statement.kind === "generic-for") visitExpressions(statement.values, offset, declare);
      return inBlock(statement.block);
    case "assign":
      return isInside
        ? visitExpressions([...statement.targets, ...statement.values], offset, declare)
        : undefined;
    case "call-statement":
      return isInside ? visitExpressions([statement.call], offset, declare) : undefined;
    case "return":
      return isInside ? visitExpressions(statement.values, offset, declare) : undefined;
  }
}

function visitFunction(body: syntax.FunctionBody, offset: number, declare: Declare): void {
  if (offset < body.start || offset > body.end) return;
  body.typeParams.forEach(declare);
  body.params.forEach(declare);
  if (body.block !== undefined) visitBlock(body.block, offset, declare);
}

/** Goes into functions that are written inside expressions. */
function visitExpressions(list: readonly syntax.Expression[], offset: number, declare: Declare): void {
  const stack = [...list];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    if (offset < item.start || offset > item.end) continue;
    switch (item.kind) {
      case "function":
        visitFunction(item.body, offset, declare);
        break;
      case "table":
        stack.push(
          ...item.fields.flatMap((field) =>
            field.key === undefined ? [field.value] : [field.key, field.value]
          ),
        );
        break;
      case "binary":
        stack.push(item.left, item.right);
        break;
      case "unary":
        stack.push(item.operand);
        break;
      case "paren":
      case "cast":
      case "non-nil":
        stack.push(item.inner);
        break;
      case "index":
        stack.push(item.object, item.key);
        break;
      case "member":
        stack.push(item.object);
        break;
      case "call":
        stack.push(item.callee, ...item.arguments);
        break;
      case "method":
        stack.push(item.object, ...item.arguments);
        break;
    }
  }
}
