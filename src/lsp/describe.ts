/**
 * Types and declarations as text for people.
 */
import { printPack, printType, type syntax, types, type Variable } from "../lang/mod.ts";
import type { MarkupContent } from "vscode-languageserver-protocol";
import { docAbove, type LibraryDocs } from "./doc_comments.ts";
import { bodyOf } from "./symbol.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

/** Most fields of a type that are shown on lines of their own. */
const FIELDS_MAX = 30;

/** Code with text below it. */
export function markdown(code: string, text: string): MarkupContent {
  const value = [`\`\`\`lua\n${code}\n\`\`\``, ...text === "" ? [] : [text]].join("\n\n");
  return { kind: "markdown", value };
}

/** `name(a: string, b: number?): string`, with the parameters' own names. */
export function signatureText(name: string, type: types.FunctionType, isMethod = false): string {
  const params = paramTexts(type, isMethod);
  const generics = type.generics.length === 0 ? "" : `<${type.generics.map((each) => each.name).join(", ")}>`;
  const returns = printPack(type.returns);
  const isUnknown = type.returns.types.length === 0 && type.returns.rest?.kind === "primitive" &&
    type.returns.rest.name === "any";
  return `${name}${generics}(${params.join(", ")})${isUnknown || returns === "()" ? "" : `: ${returns}`}`;
}

/** Each parameter of a function as text. */
export function paramTexts(type: types.FunctionType, isMethod = false): string[] {
  const params = isMethod && type.params[0]?.name === "self" ? type.params.slice(1) : type.params;
  const texts = params.map((param) => {
    const isAny = param.type.kind === "primitive" && param.type.name === "any";
    const name = param.name.startsWith("#") ? "" : param.name;
    if (isAny && name !== "") return name;
    const written = printType(param.type);
    const text = param.isOptional && !written.endsWith("?") ? `${written}?` : written;
    return name === "" ? text : `${name}: ${text}`;
  });
  if (type.rest === undefined) return texts;
  const isAny = type.rest.kind === "primitive" && type.rest.name === "any";
  return [...texts, isAny ? "..." : `...: ${printType(type.rest)}`];
}

/** A type's text; records with their fields on lines of their own. */
export function typeText(type: types.Type): string {
  const inner = types.expand(type);
  if (inner.kind !== "table" || inner.fields.size < 2) return printType(type);
  const lines = [...inner.fields].slice(0, FIELDS_MAX).map(([name, field]) => {
    const text = field.isOptional && printType(field.type).endsWith("?")
      ? printType(field.type).slice(0, -1)
      : printType(field.type);
    return `  ${name}${field.isOptional ? "?" : ""}: ${text}`;
  });
  if (inner.fields.size > FIELDS_MAX) lines.push("  ...");
  return `{\n${lines.join(",\n")}\n}`;
}

/** What is written about a value: in the module's declarations, or above its own. */
export function docOf(workspace: Workspace, docs: LibraryDocs, type: types.Type | undefined): string {
  if (type === undefined) return "";
  if (type.kind === "function" && type.path !== undefined) return docs.of(type.path);
  const declared = type.kind === "function"
    ? type.declared
    : type.kind === "named" || type.kind === "type"
    ? type.definition.declared
    : undefined;
  if (declared === undefined) return type.kind === "named" ? docs.of(type.name) : "";
  const origin = workspace.unitOfOrigin(declared.origin);
  return origin === undefined
    ? type.kind === "named" ? docs.of(type.name) : ""
    : docAbove(origin.parsed, declared.start);
}

/** A variable's declaration, with its type. */
export function variableText(checked: CheckedUnit, variable: Variable, type: types.Type | undefined): string {
  const known = type ?? types.PRIMITIVES.any;
  switch (variable.kind) {
    case "type": {
      const { statement } = variable;
      return statement === undefined ? `type ${variable.name}` : sourceOf(checked, statement);
    }
    case "type-param":
      return `type parameter ${variable.name}`;
    case "function":
      return known.kind === "function"
        ? `local function ${signatureText(variable.name, known)}`
        : `local function ${variable.name}`;
    case "param":
      return `(parameter) ${variable.name}: ${typeText(known)}`;
    case "loop":
      return `(loop) ${variable.name}: ${typeText(known)}`;
    default:
      if (bodyOf(variable) !== undefined && known.kind === "function") {
        return `local function ${signatureText(variable.name, known)}`;
      }
      return `local ${variable.name}${variable.isConstant ? " <const>" : ""}: ${typeText(known)}`;
  }
}

function sourceOf({ parsed }: CheckedUnit, { start, end }: syntax.Range): string {
  return parsed.source.slice(start, end);
}
