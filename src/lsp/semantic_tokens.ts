/** What names stand for, for colouring. */
import { types } from "../lang/mod.ts";
import { type Place, placesOf } from "./places.ts";
import { bodyOf } from "./symbol.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

/** Kinds of tokens, by number. */
export const TOKEN_TYPES = [
  "namespace",
  "type",
  "typeParameter",
  "parameter",
  "variable",
  "property",
  "function",
  "method",
] as const;

/** What is said beside the kind, by bit. */
export const TOKEN_MODIFIERS = ["declaration", "readonly", "defaultLibrary"] as const;

type TokenType = (typeof TOKEN_TYPES)[number];

/** Tokens between two offsets in the protocol's form: five numbers each, places relative to the one before. */
export function semanticTokens(
  workspace: Workspace,
  checked: CheckedUnit,
  from = 0,
  to = Infinity,
): number[] {
  const data: number[] = [];
  let line = 0;
  let character = 0;
  for (const place of placesOf(checked)) {
    if (place.end <= from || place.start >= to) continue;
    const token = tokenOf(workspace, checked, place);
    if (token === undefined) continue;
    const start = checked.text.position(place.start);
    const end = checked.text.position(place.end);
    if (start.line !== end.line) continue;
    const isSameLine = start.line === line;
    data.push(
      start.line - line,
      isSameLine ? start.character - character : start.character,
      end.character - start.character,
      TOKEN_TYPES.indexOf(token.type),
      token.modifiers,
    );
    ({ line, character } = start);
  }
  return data;
}

function tokenOf(
  workspace: Workspace,
  checked: CheckedUnit,
  { role, target }: Place,
): { type: TokenType; modifiers: number } | undefined {
  const declaration = role === "declare" ? 1 : 0;
  switch (target.kind) {
    case "variable": {
      const { variable } = target;
      const modifiers = declaration | (variable.isConstant ? 2 : 0);
      if (variable.kind === "type") return { type: "type", modifiers };
      if (variable.kind === "type-param") return { type: "typeParameter", modifiers };
      if (variable.kind === "param") return { type: "parameter", modifiers };
      const isFunction = bodyOf(variable) !== undefined ||
        checked.details.facts.variables.get(variable)?.kind === "function";
      return { type: isFunction ? "function" : "variable", modifiers };
    }
    case "global": {
      if (workspace.modules.has(checked.unit.modules.get(target.name) ?? target.name)) {
        return { type: "namespace", modifiers: 4 };
      }
      const isKnown = target.type !== undefined;
      return {
        type: target.type?.kind === "function" ? "function" : "variable",
        modifiers: isKnown ? 4 : declaration,
      };
    }
    case "field": {
      const isFunction = target.body !== undefined ||
        (target.type !== undefined && types.expand(target.type).kind === "function");
      const isLibrary = target.type?.kind === "function" && target.type.path !== undefined;
      return {
        type: isFunction ? target.isMethod ? "method" : "function" : "property",
        modifiers: declaration | (isLibrary ? 4 : 0),
      };
    }
    case "type":
      return { type: "type", modifiers: target.type?.kind === "primitive" ? 4 : 0 };
    case "string":
      return undefined;
  }
}
