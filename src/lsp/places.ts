/**
 * Every name and text of a Lua source, with what it stands for, in order.
 *
 * PL1. Places do not overlap, so that one search finds what is at an offset.
 */
import { type syntax, type types, type Variable, walk } from "../lang/mod.ts";
import type { CheckedUnit } from "./workspace.ts";

/** What a place stands for. */
export type Target =
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "global"; readonly name: string; readonly type: types.Type | undefined }
  | {
    readonly kind: "field";
    readonly name: string;
    /** What it is a field of, and what it holds, as far as that is known. */
    readonly owner: types.Type | undefined;
    readonly type: types.Type | undefined;
    /** The expression before the name; absent in constructors. */
    readonly object: syntax.Expression | undefined;
    /** The function it is set to here. */
    readonly body: syntax.FunctionBody | undefined;
    readonly isMethod: boolean;
  }
  | { readonly kind: "type"; readonly name: string; readonly type: types.Type | undefined }
  | {
    readonly kind: "string";
    readonly value: string;
    /** The call whose argument it is: full name of the library's function, or name of a global, and the argument's index. */
    readonly call: { readonly path: string; readonly index: number } | undefined;
  };

/** A name or a text where it is written. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly role: "declare" | "write" | "read" | "type";
  readonly target: Target;
}

/** All places of a source. */
export function placesOf(checked: CheckedUnit): readonly Place[] {
  const { details } = checked;
  return details.places ??= collect(checked);
}

/** The place at an offset, or the one that ends there. */
export function placeAt(checked: CheckedUnit, offset: number): Place | undefined {
  const places = placesOf(checked);
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]!.end < offset) low = middle + 1;
    else high = middle;
  }
  const first = places[low];
  const second = places[low + 1];
  if (second !== undefined && second.start <= offset && first!.end === offset) return second;
  return first !== undefined && first.start <= offset ? first : undefined;
}

function collect(checked: CheckedUnit): Place[] {
  const { parsed, resolution, calls, environment, details: { facts } } = checked;
  const found: Place[] = [];
  const add = (range: syntax.Range, role: Place["role"], target: Target): void => {
    if (range.end > range.start) found.push({ start: range.start, end: range.end, role, target });
  };
  for (const variable of resolution.variables) {
    if (variable.kind === "self" || variable.kind === "vararg") continue;
    const target: Target = { kind: "variable", variable };
    add(variable, "declare", target);
    for (const range of variable.reads) add(range, "read", target);
    for (const range of variable.writes) add(range, "write", target);
    for (const range of variable.typeUses) add(range, "type", target);
  }
  const global = (name: string): Target => ({
    kind: "global",
    name,
    type: environment.globals.get(name) ?? environment.imports.get(name)?.value,
  });
  const isResolved = new Set(resolution.values.keys());
  for (const read of resolution.globalReads) if (!isResolved.has(read)) add(read, "read", global(read.name));
  for (const write of resolution.globalWrites) add(write, "write", global(write.name));
  for (const [node, type] of facts.names) {
    const last = node.path.at(-1)!;
    if (node.path.length === 1 && resolution.types.has(node)) continue;
    for (const part of node.path.slice(0, -1)) {
      if (!resolution.types.has(node)) add(part, "type", global(part.name));
    }
    add(last, "type", { kind: "type", name: node.path.map((part) => part.name).join("."), type });
  }
  const context = new Map<syntax.Expression, { path: string; index: number }>();
  const written = new Set<syntax.Expression>();
  const noteCall = (call: syntax.CallExpression | syntax.MethodCallExpression): void => {
    const path = calls.get(call)?.callee.path ??
      (call.kind === "call" && call.callee.kind === "name" && !resolution.values.has(call.callee)
        ? call.callee.name
        : undefined);
    if (path === undefined) return;
    for (const [index, argument] of call.arguments.entries()) context.set(argument, { path, index });
  };
  const member = (expression: syntax.MemberExpression | syntax.MethodCallExpression): void => {
    const fact = facts.fields.get(expression.name);
    const type = expression.kind === "member" ? facts.expressions.get(expression) ?? fact?.type : fact?.type;
    add(expression.name, written.has(expression) ? "write" : "read", {
      kind: "field",
      name: expression.name.name,
      owner: fact?.owner ?? facts.expressions.get(expression.object),
      type,
      object: expression.object,
      body: undefined,
      isMethod: expression.kind === "method",
    });
  };
  walk(parsed.block, {
    statement(statement) {
      if (statement.kind === "assign") { for (const target of statement.targets) written.add(target); }
      if (statement.kind !== "function-statement") return;
      const names = [...statement.path.slice(1), ...statement.method === undefined ? [] : [statement.method]];
      for (const [i, name] of names.entries()) {
        const isLast = i === names.length - 1;
        add(name, isLast ? "declare" : "read", {
          kind: "field",
          name: name.name,
          owner: undefined,
          type: undefined,
          object: undefined,
          body: isLast ? statement.body : undefined,
          isMethod: isLast && statement.method !== undefined,
        });
      }
    },
    expression(expression) {
      switch (expression.kind) {
        case "call":
          return noteCall(expression);
        case "method":
          noteCall(expression);
          return member(expression);
        case "member":
          return member(expression);
        case "table":
          for (const { name, value } of expression.fields) {
            if (name === undefined) continue;
            add(name, "declare", {
              kind: "field",
              name: name.name,
              owner: facts.expressions.get(expression),
              type: facts.expressions.get(value),
              object: undefined,
              body: value.kind === "function" ? value.body : undefined,
              isMethod: false,
            });
          }
          return;
        case "string":
          add(expression, "read", { kind: "string", value: expression.value, call: context.get(expression) });
      }
    },
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end)
    .filter((place, i, all) => i === 0 || place.start >= all[i - 1]!.end);
}
