/** Expressions as closures. */
import type { LuaValue } from "../vm/mod.ts";
import { compare, compute, equal, member, negate, slice } from "./operators.ts";
import { TemplateProblem } from "./problem.ts";
import type { Evaluate, Run } from "./run.ts";
import type { Expression } from "./syntax.ts";
import { isTrue, sizeOf, TemplateFunction, typeName } from "./values.ts";

/** The closure of an expression. */
export function compileExpression(node: Expression): Evaluate {
  switch (node.kind) {
    case "literal": {
      const { value } = node;
      return () => value;
    }
    case "name":
      return compileName(node.name);
    case "context":
      return (run) => run.context;
    case "slot":
      return (run) => {
        throw new TemplateProblem('"_" stands for a piped value only', run.place);
      };
    case "member": {
      const object = compileExpression(node.object);
      const key = compileExpression(node.key);
      return (run) => member(run, object(run), key(run));
    }
    case "slice": {
      const object = compileExpression(node.object);
      const from = node.from === undefined ? () => null : compileExpression(node.from);
      const to = node.to === undefined ? () => null : compileExpression(node.to);
      return (run) => slice(run, object(run), from(run), to(run));
    }
    case "unary": {
      const operand = compileExpression(node.operand);
      if (node.operator === "!") return (run) => !isTrue(operand(run));
      return node.operator === "-" ? (run) => negate(run, operand(run)) : (run) => number(run, operand(run));
    }
    case "binary":
      return compileBinary(node);
    case "conditional": {
      const test = compileExpression(node.test);
      const then = compileExpression(node.then);
      const otherwise = compileExpression(node.otherwise);
      return (run) => isTrue(test(run)) ? then(run) : otherwise(run);
    }
    case "call":
      return compileCall(node);
  }
}

function number(run: Run, value: LuaValue): LuaValue {
  if (sizeOf(value) === undefined) throw new TemplateProblem(`${typeName(value)} is no number`, run.place);
  return value;
}

function compileName(name: string): Evaluate {
  return (run) => {
    const value = run.variable(name);
    if (value === undefined) throw new TemplateProblem(`"${name}" is not defined`, run.place);
    return value;
  };
}

function compileBinary(node: Expression & { kind: "binary" }): Evaluate {
  const { operator } = node;
  const left = compileExpression(node.left);
  const right = compileExpression(node.right);
  switch (operator) {
    case "||":
      return (run) => isTrue(left(run)) || isTrue(right(run));
    case "&&":
      return (run) => isTrue(left(run)) && isTrue(right(run));
    case "==":
      return (run) => equal(run, left(run), right(run));
    case "!=":
      return (run) => !equal(run, left(run), right(run));
    case "<":
    case "<=":
    case ">":
    case ">=":
      return (run) => compare(run, operator, left(run), right(run));
    default:
      return (run) => compute(run, operator, left(run), right(run));
  }
}

function compileCall(node: Expression & { kind: "call" }): Evaluate {
  const callee = compileExpression(node.callee);
  const args = node.args.map(compileExpression);
  const name = node.callee.kind === "name" ? `"${node.callee.name}"` : "this";
  return (run) => {
    const fn: unknown = callee(run);
    if (!(fn instanceof TemplateFunction)) {
      throw new TemplateProblem(`${name} is no function but ${typeName(fn as LuaValue)}`, run.place);
    }
    run.spend(1);
    return fn.raw === undefined ? fn.call(run, args.map((arg) => arg(run))) : fn.raw(run, args);
  };
}
