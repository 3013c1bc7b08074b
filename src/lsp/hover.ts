/** What is shown about what stands under the pointer, in Lua sources. */
import { printType, types } from "../lang/mod.ts";
import type { Hover, MarkupContent } from "vscode-languageserver-protocol";
import { docOf, markdown, signatureText, typeText, variableText } from "./describe.ts";
import { docAbove, type LibraryDocs } from "./doc_comments.ts";
import { type Place, placeAt } from "./places.ts";
import { bodyOf, declarationOf, symbolOf } from "./symbol.ts";
import type { CheckedUnit, ProjectEntry, Workspace } from "./workspace.ts";

/** What is known at an offset. */
export function hoverAt(
  workspace: Workspace,
  docs: LibraryDocs,
  checked: CheckedUnit,
  offset: number,
): Hover | undefined {
  const place = placeAt(checked, offset);
  const contents = place === undefined ? undefined : contentsOf(workspace, docs, checked, place);
  if (place === undefined || contents === undefined) return undefined;
  return { contents, range: checked.text.range(place.start, place.end) };
}

function contentsOf(
  workspace: Workspace,
  docs: LibraryDocs,
  checked: CheckedUnit,
  place: Place,
): MarkupContent | undefined {
  const { target } = place;
  switch (target.kind) {
    case "variable": {
      const { variable } = target;
      const type = typeAt(checked, place) ?? checked.details.facts.variables.get(variable);
      const at = bodyOf(variable)?.start ?? variable.start;
      // The comment above a parameter is about its function.
      const isNamed = variable.kind === "local" || variable.kind === "function" || variable.kind === "type";
      const doc = (isNamed ? docAbove(checked.parsed, at) : "") || docOf(workspace, docs, type);
      return markdown(variableText(checked, variable, type), doc);
    }
    case "global":
      return globalText(workspace, docs, checked, target.name, target.type);
    case "field": {
      const { name, owner, type, body } = target;
      const symbol = symbolOf(workspace, checked, place);
      const declared = symbol === undefined ? undefined : declarationOf(workspace, symbol);
      const own = declared === undefined ? "" : docAbove(declared.checked.parsed, declared.start);
      const ownerName = owner?.kind === "named" ? owner.name : undefined;
      const doc = docOf(workspace, docs, type) || own ||
        (ownerName === undefined ? "" : docs.of(`${ownerName}.${name}`));
      if (type?.kind === "function") {
        const path = type.path ?? (ownerName === undefined ? name : `${ownerName}.${name}`);
        return markdown(`function ${signatureText(path, type, target.isMethod)}`, doc);
      }
      if (type === undefined && body === undefined) return undefined;
      if (body !== undefined) return markdown(checked.parsed.source.slice(place.start, headEnd(body)), doc);
      return markdown(`(field) ${name}: ${typeText(type!)}`, doc);
    }
    case "type":
      return target.type === undefined ? undefined : markdown(
        `type ${target.name} = ${typeText(types.expand(target.type))}`,
        docOf(workspace, docs, target.type),
      );
    case "string": {
      const id = checked.unit.imports.get(target.value) ?? target.value;
      const entry = workspace.entries().get(id);
      if (entry !== undefined) return entryText(workspace, entry);
      if (target.call?.path !== "require") return undefined;
      const module = checked.unit.modules.get(target.value) ?? target.value;
      return workspace.modules.has(module) ? markdown(`module ${module}`, docs.of(module)) : undefined;
    }
  }
}

/** The narrowed type of a variable where it is read. */
function typeAt({ resolution, details: { facts } }: CheckedUnit, place: Place): types.Type | undefined {
  if (place.role !== "read") return undefined;
  for (const [node] of resolution.values) if (node.start === place.start) return facts.expressions.get(node);
  return undefined;
}

/** End of a function's parameters and results. */
function headEnd(body: { start: number; block: { start: number } | undefined; end: number }): number {
  return Math.max(body.start, body.block?.start ?? body.end);
}

function globalText(
  workspace: Workspace,
  docs: LibraryDocs,
  checked: CheckedUnit,
  name: string,
  type: types.Type | undefined,
): MarkupContent | undefined {
  const imported = workspace.entries().get(checked.unit.imports.get(name) ?? "");
  if (imported !== undefined) return entryText(workspace, imported);
  const module = checked.unit.modules.get(name) ?? name;
  if (workspace.modules.has(module)) return markdown(`module ${module}`, docs.of(module));
  if (type === undefined) return undefined;
  if (type.kind === "function") {
    return markdown(`function ${signatureText(type.path ?? name, type)}`, docs.of(name));
  }
  return markdown(`${name}: ${printType(type)}`, docs.of(name));
}

/** An entry as its definition tells of it. */
export function entryText(workspace: Workspace, { id, kind, meta }: ProjectEntry): MarkupContent {
  const lines = [`**${id}** · \`${kind}\``];
  for (const text of [meta.title, meta.comment, meta.description]) {
    if (typeof text === "string" && text !== "") lines.push(text);
  }
  const doc = workspace.kinds.find(kind)?.doc;
  if (doc !== undefined) lines.push(`_${doc}_`);
  return { kind: "markdown", value: lines.join("\n\n") };
}
