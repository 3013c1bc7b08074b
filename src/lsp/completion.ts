/**
 * What may be written at an offset of a Lua source.
 *
 * Behind `.` and `:` a name is missing: the source is checked with a name put there, which is forgotten afterwards.
 */
import { mergeTables, printType, tokenize, tokens as T, types } from "../lang/mod.ts";
import type { CompletionItem } from "vscode-languageserver-protocol";
import { docOf, signatureText, typeText } from "./describe.ts";
import type { LibraryDocs } from "./doc_comments.ts";
import { expectedFields } from "./expected_fields.ts";
import { fitsRole, roleOf } from "./entry_text.ts";
import { placeAt, placesOf } from "./places.ts";
import { CompletionItemKind } from "./protocol.ts";
import { visibleAt } from "./scopes.ts";
import { bodyOf } from "./symbol.ts";
import type { CheckedUnit, LuaUnit, Workspace } from "./workspace.ts";

/** Stands where a name is still to come. */
const PLACEHOLDER = "__";

const TYPE_WORDS = [
  "string",
  "number",
  "integer",
  "boolean",
  "any",
  "unknown",
  "never",
  "table",
  "function",
  "nil",
];

/** What completion works with. */
export interface CompletionContext {
  readonly workspace: Workspace;
  readonly docs: LibraryDocs;
  readonly unit: LuaUnit;
  /** The source with the places that are to be told: those it has where it is written, or its own. */
  readonly view: (checked: CheckedUnit) => CheckedUnit;
}

/** Completions at an offset. */
export function completeLua(context: CompletionContext, offset: number): CompletionItem[] {
  const { workspace, unit } = context;
  const text = workspace.unitText(unit);
  const { source } = text;
  const inside = tokenAround(source, offset);
  if (inside === "comment") return [];
  if (inside === "string") return completeText(context, context.view(workspace.check(unit)), offset);
  const start = offset - /[A-Za-z_0-9]*$/.exec(source.slice(Math.max(0, offset - 200), offset))![0].length;
  if (/[0-9]/.test(source[start] ?? "")) return [];
  const end = offset + /^[A-Za-z_0-9]*/.exec(source.slice(offset, offset + 200))![0].length;
  const checked = end > start
    ? workspace.check(unit)
    : workspace.checkInstead(unit, source.slice(0, start) + PLACEHOLDER + source.slice(end));
  const place = placeAt(checked, start + 1);
  if (place?.role === "type" && place.start === start) return typeItems(checked, place.start);
  if (place?.target.kind === "field" && place.start === start && place.target.object !== undefined) {
    const owner = checked.details.facts.expressions.get(place.target.object) ?? place.target.owner;
    return owner === undefined ? [] : memberItems(context, checked, owner, source[start - 1] === ":");
  }
  const before = source.slice(Math.max(0, start - 50), start).trimEnd();
  if (/[^.]\.$|[^:]:$/.test(before) && /[.:]$/.test(source.slice(0, start))) return [];
  return [...fieldItems(checked, start), ...nameItems(context, checked, start)];
}

/** Fields that the table around is expected to have. */
function fieldItems(checked: CheckedUnit, offset: number): CompletionItem[] {
  return [...expectedFields(checked, offset)?.fields ?? []].map(([name, { type, isOptional }]) => ({
    label: name,
    kind: CompletionItemKind.Field,
    detail: printType(type),
    insertText: `${name} = `,
    sortText: `${isOptional ? "-1" : "-0"}${name}`,
  }));
}

/** Whether an offset is inside a string or a comment. */
function tokenAround(source: string, offset: number): "string" | "comment" | undefined {
  const { kinds, starts, ends, count, comments } = tokenize(source);
  for (const { start, end } of comments) {
    const isShort = source[start] !== "-" || !/^--\[=*\[/.test(source.slice(start, start + 20));
    if (offset > start && (offset < end || (isShort && offset === end))) return "comment";
  }
  for (let i = 0; i < count && starts[i]! < offset; i++) {
    if (kinds[i] !== T.STRING) continue;
    const isClosed = ends[i]! - starts[i]! > 1 && source[ends[i]! - 1] === source[starts[i]!] ||
      source[ends[i]! - 1] === "]";
    if (offset < ends[i]! || (!isClosed && offset === ends[i])) return "string";
  }
  return undefined;
}

/** Names of modules and entries, in texts that are handed to functions which take them. */
function completeText(
  { workspace, docs, unit }: CompletionContext,
  checked: CheckedUnit,
  offset: number,
): CompletionItem[] {
  const place = placesOf(checked).find(({ start, end, target }) =>
    target.kind === "string" && start < offset && offset <= end
  );
  if (place?.target.kind !== "string") return [];
  const { call, value } = place.target;
  const role = roleOf(call) ?? (value.includes(":") ? "any" : undefined);
  if (role === undefined) return [];
  const { source } = checked.text;
  const quote = source[place.start]!;
  const isClosed = place.end - place.start > 1 && source[place.end - 1] === quote;
  const range = checked.text.range(place.start + 1, isClosed ? place.end - 1 : place.end);
  const item = (
    label: string,
    kind: CompletionItemKind,
    detail: string,
    rank: string,
    doc = "",
  ): CompletionItem => ({
    label,
    kind,
    detail,
    sortText: `${rank}${label}`,
    filterText: label,
    textEdit: { range, newText: label },
    ...(doc === "" ? {} : { documentation: { kind: "markdown", value: doc } }),
  });
  if (role === "module") {
    const granted = [...unit.modules.keys()].map((name) =>
      item(name, CompletionItemKind.Module, "module", "1", docs.of(unit.modules.get(name)!))
    );
    const imports = [...unit.imports].map(([alias, id]) => item(alias, CompletionItemKind.Module, id, "0"));
    return [...imports, ...granted];
  }
  return [...workspace.entries().values()].filter((entry) => fitsRole(entry, role)).map((entry) => {
    const { title, comment } = entry.meta;
    const doc = typeof comment === "string" ? comment : typeof title === "string" ? title : "";
    return item(entry.id, CompletionItemKind.Reference, entry.kind, "0", doc);
  });
}

function memberItems(
  { workspace, docs }: CompletionContext,
  checked: CheckedUnit,
  owner: types.Type,
  isMethodCall: boolean,
): CompletionItem[] {
  return [...fieldsOf(checked, owner)].flatMap(([name, type]): CompletionItem[] => {
    if (!/^[A-Za-z_]\w*$/.test(name) || name === PLACEHOLDER) return [];
    const known = types.membersOf(type).map(types.expand).find((member) => member.kind === "function");
    const isFunction = known?.kind === "function";
    if (isMethodCall && !isFunction) return [];
    const isMethod = isFunction && known.params[0]?.name === "self";
    const doc = docOf(workspace, docs, isFunction ? known : type);
    return [{
      label: name,
      kind: isFunction
        ? isMethod ? CompletionItemKind.Method : CompletionItemKind.Function
        : type.kind === "type"
        ? CompletionItemKind.Struct
        : /^[A-Z][A-Z0-9_]*$/.test(name)
        ? CompletionItemKind.Constant
        : CompletionItemKind.Field,
      detail: isFunction ? signatureText(name, known, isMethodCall) : printType(type),
      // What the sign before the name asks for comes first.
      sortText: `${isMethod === isMethodCall ? "0" : "1"}${name}`,
      ...(doc === "" ? {} : { documentation: { kind: "markdown", value: doc } }),
    }];
  });
}

/** Fields that a value has, whichever of its types it is. */
function fieldsOf(checked: CheckedUnit, owner: types.Type): Map<string, types.Type> {
  const found = new Map<string, types.Type>();
  for (const member of types.membersOf(owner)) {
    let inner = types.expand(member);
    const isText = (inner.kind === "primitive" && inner.name === "string") ||
      (inner.kind === "literal" && typeof inner.value === "string");
    if (isText) inner = types.expand(checked.environment.globals.get("string") ?? inner);
    if (inner.kind === "generic") inner = types.expand(inner.bound() ?? inner);
    if (inner.kind === "intersection") inner = mergeTables(inner.members) ?? inner;
    if (inner.kind === "table") { for (const [name, { type }] of inner.fields) found.set(name, type); }
  }
  addAssigned(checked, owner, found);
  return found;
}

/** Fields that the source gives to a table that it made without a type: `M.x = 1`, `function M.f()`. */
function addAssigned(checked: CheckedUnit, owner: types.Type, found: Map<string, types.Type>): void {
  const inner = types.expand(owner);
  if (inner.kind !== "table" || !inner.isOpen) return;
  for (const { role, target } of placesOf(checked)) {
    if (target.kind !== "field" || (role !== "declare" && role !== "write") || found.has(target.name)) {
      continue;
    }
    const holder = target.object === undefined
      ? undefined
      : checked.details.facts.expressions.get(target.object);
    const isOwn = holder === undefined ? target.body !== undefined : types.expand(holder) === inner;
    if (isOwn) found.set(target.name, target.type ?? types.PRIMITIVES.any);
  }
}

function typeItems(checked: CheckedUnit, offset: number): CompletionItem[] {
  const named = checked.text.source.slice(0, offset);
  const owner = /([A-Za-z_]\w*)\.$/.exec(named)?.[1];
  const item = (label: string, kind: CompletionItemKind, rank: string): CompletionItem => ({
    label,
    kind,
    sortText: `${rank}${label}`,
  });
  if (owner !== undefined) {
    const variable = visibleAt(checked, offset).get(owner);
    const initial = variable?.initial;
    const required = initial?.kind === "call" && initial.arguments[0]?.kind === "string"
      ? initial.arguments[0].value
      : owner;
    const imported = checked.environment.imports.get(required);
    const names = imported === undefined
      ? [...checked.environment.types.keys()].filter((name) => name.startsWith(`${required}.`))
        .map((name) => name.slice(required.length + 1))
      : [...imported.types.keys()];
    return names.map((name) => item(name, CompletionItemKind.Struct, "0"));
  }
  const visible = [...visibleAt(checked, offset).values()].filter(({ kind }) =>
    kind === "type" || kind === "type-param"
  );
  const library = [...checked.environment.types.keys()].filter((name) =>
    !name.includes(".") || checked.environment.globals.has(name.slice(0, name.indexOf(".")))
  );
  return [
    ...visible.map(({ name }) => item(name, CompletionItemKind.Struct, "0")),
    ...TYPE_WORDS.map((name) => item(name, CompletionItemKind.Keyword, "1")),
    ...library.map((name) => item(name, CompletionItemKind.Class, "2")),
  ];
}

function nameItems(
  { workspace, docs }: CompletionContext,
  checked: CheckedUnit,
  offset: number,
): CompletionItem[] {
  const items = new Map<string, CompletionItem>();
  const add = (item: CompletionItem, doc: string): void => {
    if (items.has(item.label) || item.label === PLACEHOLDER) return;
    items.set(item.label, doc === "" ? item : { ...item, documentation: { kind: "markdown", value: doc } });
  };
  const detailOf = (name: string, type: types.Type | undefined): string =>
    type === undefined
      ? ""
      : type.kind === "function"
      ? signatureText(name, type)
      : typeText(type).split("\n")[0]!;
  for (const [name, variable] of visibleAt(checked, offset)) {
    if (variable.kind === "type-param") continue;
    const type = checked.details.facts.variables.get(variable);
    const kind = variable.kind === "type"
      ? CompletionItemKind.Struct
      : bodyOf(variable) !== undefined || type?.kind === "function"
      ? CompletionItemKind.Function
      : CompletionItemKind.Variable;
    add(
      { label: name, kind, detail: detailOf(name, type), sortText: `0${name}` },
      docOf(workspace, docs, type),
    );
  }
  for (const alias of checked.environment.imports.keys()) {
    const detail = checked.unit.imports.get(alias) ?? "";
    add({ label: alias, kind: CompletionItemKind.Module, detail, sortText: `1${alias}` }, "");
  }
  for (const [name, type] of checked.environment.globals) {
    const module = checked.unit.modules.get(name) ?? name;
    const isModule = workspace.modules.has(module);
    const isFunction = type.kind === "function";
    const kind = isModule
      ? CompletionItemKind.Module
      : isFunction
      ? CompletionItemKind.Function
      : CompletionItemKind.Variable;
    const detail = isModule ? "module" : detailOf(name, type);
    add({ label: name, kind, detail, sortText: `2${name}` }, docs.of(isModule ? module : name));
  }
  for (const word of T.KEYWORDS) {
    add({ label: word, kind: CompletionItemKind.Keyword, sortText: `3${word}` }, "");
  }
  return [...items.values()];
}
