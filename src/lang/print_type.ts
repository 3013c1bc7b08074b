/**
 * Types as people write them.
 */
import type { FunctionType, Pack, Type } from "./types.ts";

/** Deepest structure that is spelled out. */
const DEPTH_MAX = 4;
/** Most fields or members that are spelled out. */
const ITEMS_MAX = 12;

/** The text of a type. */
export function printType(type: Type, depth = 0): string {
  switch (type.kind) {
    case "primitive":
      return type.name;
    case "literal":
      return typeof type.value === "string" ? JSON.stringify(type.value) : String(type.value);
    case "generic":
      return type.name;
    case "type":
      return `type ${type.definition.name}`;
    case "named": {
      const values = type.arguments.map((argument) => printType(argument, depth + 1));
      return values.length === 0 ? type.name : `${type.name}<${values.join(", ")}>`;
    }
    case "union": {
      const others = type.members.filter((member) => !(member.kind === "primitive" && member.name === "nil"));
      const text = list(others, " | ", depth);
      if (others.length === type.members.length) return text;
      return others.length === 1 && others[0]!.kind !== "function" ? `${text}?` : `(${text})?`;
    }
    case "intersection":
      return list(type.members, " & ", depth);
    case "function": {
      const params = type.params.map((param) =>
        `${printType(param.type, depth + 1)}${param.isOptional ? "?" : ""}`
      );
      if (type.rest !== undefined) params.push(`...: ${printType(type.rest, depth + 1)}`);
      return `(${params.join(", ")}) -> ${printPack(type.returns, depth + 1)}`;
    }
    case "table": {
      if (depth > DEPTH_MAX) return "{...}";
      if (type.isArray && type.fields.size === 0) return `{${printType(type.value!, depth + 1)}}`;
      const items = [...type.fields].map(([name, field]) =>
        `${name}${field.isOptional ? "?" : ""}: ${printType(field.type, depth + 1)}`
      );
      if (type.key !== undefined) {
        items.push(`[${printType(type.key, depth + 1)}]: ${printType(type.value!, depth + 1)}`);
      }
      if (items.length === 0) return type.isOpen ? "table" : "{}";
      return `{${
        items.length > ITEMS_MAX ? [...items.slice(0, ITEMS_MAX), "..."].join(", ") : items.join(", ")
      }}`;
    }
  }
}

/** What a function takes, by name: `store.get(id: string)`; a method's receiver stands before its colon. */
export function printSignature({ params, path = "", rest }: FunctionType): string {
  const isMethod = params[0]?.name === "self";
  const name = isMethod ? path.replace(/\.(\w+)$/, ":$1") : path;
  const items = params.slice(isMethod ? 1 : 0).map(({ name, type, isOptional }) =>
    `${name}${isOptional ? "?" : ""}: ${printType(type, 1)}`
  );
  if (rest !== undefined) items.push(`...: ${printType(rest, 1)}`);
  return `${name}(${items.join(", ")})`;
}

/** The text of results. */
export function printPack(pack: Pack, depth = 0): string {
  const items = pack.types.map((type) => printType(type, depth));
  if (pack.rest !== undefined) items.push(`...: ${printType(pack.rest, depth)}`);
  return items.length === 1 && pack.rest === undefined ? items[0]! : `(${items.join(", ")})`;
}

function list(types: readonly Type[], separator: string, depth: number): string {
  const shown = types.slice(0, ITEMS_MAX).map((type) => {
    const text = printType(type, depth + 1);
    return type.kind === "function" || type.kind === "union" ? `(${text})` : text;
  });
  if (types.length > ITEMS_MAX) shown.push("...");
  return shown.join(separator);
}
