/** Completion, hover, places and names in definition files. */
import { resolveEntryId } from "../core/mod.ts";
import type {
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver-protocol";
import {
  type DefinitionCursor,
  definitionCursor,
  fieldAt,
  opened,
  pathInEntry,
} from "./definition_cursor.ts";
import { isReferencePath, keyPlace, type Stretch, textsOf } from "../lint/mod.ts";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import type { LibraryDocs } from "./doc_comments.ts";
import { entryText } from "./hover.ts";
import { luaSymbols } from "./lua_symbols.ts";
import { type Navigation, referencesIn, RenameRefused } from "./navigation.ts";
import { placesOf } from "./places.ts";
import { CompletionItemKind, SymbolKind } from "./protocol.ts";
import { fileUri } from "./uris.ts";
import type { Workspace } from "./workspace.ts";

/** Fields of every entry and of the file itself. */
const ENTRY_FIELDS: Readonly<Record<string, string>> = {
  name: "Name of the entry, unique in its namespace.",
  kind: "What the entry is.",
  meta: "Facts about the entry, for people and for those who look for it.",
  data: "The whole payload, when it should not stand beside name and kind.",
};
const FILE_FIELDS: Readonly<Record<string, string>> = {
  version: 'Version of the format: "1.0".',
  namespace: "Namespace of the entries: dotted words.",
  meta: "Facts that every entry of the file gets.",
  entries: "The entries.",
};
const META_FIELDS: Readonly<Record<string, string>> = {
  title: "Short name, for people.",
  comment: "One line about the entry.",
  description: "More about the entry.",
  tags: "Words to find it by.",
};

/** Completions at an offset of a definition file. */
export function completeDefinition(
  workspace: Workspace,
  docs: LibraryDocs,
  uri: string,
  definition: DefinitionText,
  offset: number,
): CompletionItem[] {
  const { text } = definition;
  const cursor = definitionCursor(text, offset);
  if (cursor === undefined) return [];
  const range = text.range(cursor.start, cursor.end);
  return (cursor.part === "key"
    ? keyItems(workspace, cursor)
    : valueItems(workspace, docs, uri, definition, cursor))
    .map(({ insert, ...item }, i) => ({
      ...item,
      filterText: item.label,
      sortText: String(i).padStart(4, "0"),
      textEdit: { range, newText: insert },
    }));
}

type Item = CompletionItem & { readonly insert: string };

function documented(doc: string | undefined): Pick<CompletionItem, "documentation"> {
  return doc === undefined || doc === "" ? {} : { documentation: { kind: "markdown", value: doc } };
}

function keyItems(workspace: Workspace, cursor: DefinitionCursor): Item[] {
  const path = pathInEntry(cursor);
  const item = (name: string, detail: string, doc: string | undefined, isNested: boolean): Item => ({
    label: name,
    kind: CompletionItemKind.Property,
    detail,
    insert: isNested ? `${name}:` : `${name}: `,
    ...documented(doc),
  });
  const plain = (fields: Readonly<Record<string, string>>): Item[] =>
    Object.entries(fields).map(([name, doc]) =>
      item(name, "", doc, name === "meta" || name === "entries" || name === "data")
    );
  const isNew = ({ label }: Item): boolean => !cursor.siblings.has(label) || label === cursor.word;
  if (path === undefined) return cursor.path.length === 0 ? plain(FILE_FIELDS).filter(isNew) : [];
  const kind = workspace.kinds.find(cursor.entry.get("kind") ?? "");
  const fields = opened(fieldAt(kind, path))?.fields ?? {};
  const own = Object.entries(fields).map(([name, field]) => {
    const inner = opened(field)!;
    return item(
      name,
      field.type,
      describeField(field),
      inner.fields !== undefined || inner.item !== undefined,
    );
  });
  const common = path.length === 0
    ? plain(ENTRY_FIELDS)
    : path.length === 1 && path[0] === "meta"
    ? plain(META_FIELDS)
    : [];
  return [...own, ...common].filter(isNew);
}

function describeField(
  field: { doc?: string; type: string; fallback?: unknown; values?: readonly string[] },
): string {
  const parts = [field.doc ?? ""];
  if (field.fallback !== undefined && field.fallback !== "") {
    parts.push(`Default: \`${String(field.fallback)}\`.`);
  }
  return parts.filter((part) => part !== "").join(" ");
}

function valueItems(
  workspace: Workspace,
  docs: LibraryDocs,
  uri: string,
  definition: DefinitionText,
  cursor: DefinitionCursor,
): Item[] {
  const inner = pathInEntry(cursor);
  if (inner === undefined) return cursor.key === "version" ? [value('"1.0"')] : [];
  const path = cursor.key === undefined ? inner : [...inner, cursor.key];
  const [first] = path;
  const kind = workspace.kinds.find(cursor.entry.get("kind") ?? "");
  if (path.length === 1 && first === "kind") {
    return workspace.allKinds.map(({ name, doc }) => value(name, CompletionItemKind.Class, "", doc))
      .sort((a, b) => a.label < b.label ? -1 : 1);
  }
  if (first === "modules") {
    return [...workspace.modules.keys()].sort().map((name) =>
      value(name, CompletionItemKind.Module, "", docs.of(name))
    );
  }
  if (path.length === 1 && first === "source" && /\.lua$/.test(cursor.entry.get("kind") ?? "")) {
    return workspace.sourcesBeside(uri).filter((name) => name.endsWith(".lua"))
      .map((name) => value(`file://${name}`, CompletionItemKind.File));
  }
  if (first === "method") return methodItems(workspace, definition, cursor);
  const field = opened(fieldAt(kind, path));
  if (first === "imports") {
    return entryItems(workspace, definition.ns, (kindName) => /^library\.|^module\./.test(kindName));
  }
  if (field?.type === "reference" || isReferencePath(kind, path.join("."))) {
    return entryItems(workspace, definition.ns, () => true);
  }
  if (field?.values !== undefined) {
    return field.values.map((text) => value(text, CompletionItemKind.EnumMember));
  }
  if (field?.type === "boolean") {
    return ["true", "false"].map((text) => value(text, CompletionItemKind.Value));
  }
  return [];
}

function value(
  label: string,
  kind: CompletionItemKind = CompletionItemKind.Value,
  detail = "",
  doc?: string,
): Item {
  return { label, kind, insert: label, ...(detail === "" ? {} : { detail }), ...documented(doc) };
}

/** Entries; those of the same namespace by name alone. */
function entryItems(workspace: Workspace, ns: string, fits: (kind: string) => boolean): Item[] {
  return [...workspace.entries().values()].filter(({ kind }) => fits(kind)).map((entry) => {
    const label = entry.ns === ns ? entry.id.slice(ns.length + 1) : entry.id;
    const { comment } = entry.meta;
    return value(
      label,
      CompletionItemKind.Reference,
      entry.kind,
      typeof comment === "string" ? comment : undefined,
    );
  }).sort((a, b) =>
    Number(a.label.includes(":")) - Number(b.label.includes(":")) || (a.label < b.label ? -1 : 1)
  );
}

/** Functions that the source of the entry returns. */
function methodItems(workspace: Workspace, definition: DefinitionText, cursor: DefinitionCursor): Item[] {
  const unit = workspace.unitOfEntry(`${definition.ns}:${cursor.entry.get("name")}`);
  if (unit === undefined) return [];
  const { value: exported } = workspace.check(unit).result.module;
  return exported.kind !== "table"
    ? []
    : [...exported.fields].filter(([, field]) => field.type.kind === "function")
      .map(([name]) => value(name, CompletionItemKind.Function));
}

/** What stands at an offset inside an entry. */
interface EntryPlace {
  readonly entry: WrittenEntry;
  readonly path: string;
  readonly text: string;
  readonly place: Stretch;
  readonly isKey: boolean;
}

function placeIn(definition: DefinitionText, offset: number): EntryPlace | undefined {
  const holds = ({ start, end }: Stretch): boolean => start <= offset && offset <= end;
  for (const entry of definition.entries) {
    if (!holds(entry.place)) continue;
    const found = textsOf(entry.node).find(({ place }) => holds(place));
    if (found !== undefined) return { entry, ...found, isKey: false };
    for (const pair of entry.node.items) {
      const name = String(pair.key);
      const place = keyPlace(entry.node, name);
      if (place !== undefined && holds(place)) return { entry, path: name, text: name, place, isKey: true };
    }
  }
  return undefined;
}

/** What is known about a key, a kind, a module or an entry that is named. */
export function hoverDefinition(
  workspace: Workspace,
  docs: LibraryDocs,
  definition: DefinitionText,
  offset: number,
): Hover | undefined {
  const cursor = definitionCursor(definition.text, offset);
  const found = placeIn(definition, offset);
  const nested = cursor?.part === "key" ? keyHover(workspace, definition, cursor, offset) : undefined;
  if (found === undefined) return nested;
  const range = definition.text.range(found.place.start, found.place.end);
  const shown = (text: string): Hover => ({ contents: { kind: "markdown", value: text }, range });
  const kind = workspace.kinds.find(found.entry.kind);
  if (found.isKey) {
    return nested ?? (Object.hasOwn(ENTRY_FIELDS, found.path) ? shown(ENTRY_FIELDS[found.path]!) : undefined);
  }
  if (found.path === "kind" && kind !== undefined) {
    return shown(`**${kind.name}**\n\n${kind.doc ?? ""}`.trim());
  }
  if (found.path === "modules.*") {
    const doc = docs.of(found.text);
    return workspace.modules.has(found.text) ? shown(`**module ${found.text}**\n\n${doc}`.trim()) : undefined;
  }
  const entry = entryNamed(workspace, found);
  return entry === undefined ? nested : { contents: entryText(workspace, entry), range };
}

function keyHover(
  workspace: Workspace,
  definition: DefinitionText,
  cursor: DefinitionCursor,
  offset: number,
): Hover | undefined {
  const path = pathInEntry(cursor);
  const { text } = definition;
  const row = text.lineOf(offset);
  const key = /^\s*(?:-\s+)*([\w.-]+)\s*:/.exec(text.line(row));
  if (path === undefined || key === null) return undefined;
  const field = fieldAt(workspace.kinds.find(cursor.entry.get("kind") ?? ""), [...path, key[1]!]);
  if (field === undefined) return undefined;
  const start = text.startOf(row) + key[0].indexOf(key[1]!);
  const value = `\`${key[1]}: ${field.type}\`\n\n${describeField(field)}`.trim();
  return { contents: { kind: "markdown", value }, range: text.range(start, start + key[1]!.length) };
}

function entryNamed(workspace: Workspace, { entry, path, text }: EntryPlace) {
  const entries = workspace.entries();
  if (path === "name") return entries.get(entry.id);
  const isReference = text.includes(":") || isReferencePath(workspace.kinds.find(entry.kind), path) ||
    path.startsWith("imports.");
  return isReference ? entries.get(resolveEntryId(text, entry.ns)) : undefined;
}

/** Where what is named at an offset is made. */
export function definitionInDefinition(
  workspace: Workspace,
  navigation: Navigation,
  definition: DefinitionText,
  offset: number,
): Location[] {
  const found = placeIn(definition, offset);
  if (found === undefined || found.isKey) return [];
  const { source } = found.entry;
  if (source?.kind === "file" && source.place.start === found.place.start) {
    const unit = workspace.unitOfEntry(found.entry.id);
    if (unit === undefined) return [];
    return [navigation.location(workspace.check(unit), 0, 0)];
  }
  const entry = entryNamed(workspace, found) ??
    (found.path === "method" ? workspace.entries().get(found.entry.id) : undefined);
  return entry === undefined ? [] : navigation.definitionOfEntry(entry);
}

/** All that names the entry at an offset. */
export function referencesInDefinition(
  workspace: Workspace,
  navigation: Navigation,
  definition: DefinitionText,
  offset: number,
  withDeclaration: boolean,
  isCancelled: () => boolean,
): Location[] {
  const found = placeIn(definition, offset);
  const entry = found === undefined ? undefined : entryNamed(workspace, found);
  return entry === undefined ? [] : navigation.referencesOfEntry(entry.id, withDeclaration, isCancelled);
}

/** The entry whose name stands at an offset; throws `RenameRefused` for anything else. */
export function renamedEntry(workspace: Workspace, definition: DefinitionText, offset: number): EntryPlace {
  const found = placeIn(definition, offset);
  if (found === undefined || found.path !== "name" || !workspace.entries().has(found.entry.id)) {
    throw new RenameRefused("only names of entries can be renamed here");
  }
  return found;
}

/** The edit that gives an entry another name, wherever it is named. */
export function renameEntry(
  workspace: Workspace,
  navigation: Navigation,
  found: EntryPlace,
  newName: string,
): WorkspaceEdit {
  if (!/^[^\s:]+$/.test(newName)) throw new RenameRefused(`"${newName}" is no name of an entry`);
  const { id, ns } = found.entry;
  const newId = `${ns}:${newName}`;
  if (workspace.entries().has(newId)) throw new RenameRefused(`there is an entry ${newId} already`);
  const changes: Record<string, TextEdit[]> = {};
  const note = (uri: string, edit: TextEdit): void => {
    (changes[uri] ??= []).push(edit);
  };
  for (const [path, { entries, text }] of workspace.definitions()) {
    for (const entry of entries) {
      if (entry.id === id) {
        note(fileUri(path), {
          range: text.range(entry.namePlace.start, entry.namePlace.end),
          newText: newName,
        });
      }
      for (const { place, text: written } of referencesIn(workspace, entry, id)) {
        const source = text.source.slice(place.start, place.end);
        const quote = /^["']/.exec(source)?.[0] ?? "";
        const newText = `${quote}${written === id ? newId : newName}${quote}`;
        note(fileUri(path), { range: text.range(place.start, place.end), newText });
      }
    }
  }
  for (const unit of workspace.units()) {
    if (!workspace.unitText(unit).source.includes(id)) continue;
    const checked = workspace.check(unit);
    for (const { start, end, target } of placesOf(checked)) {
      if (target.kind !== "string" || target.value !== id) continue;
      const at = checked.text.source.indexOf(id, start);
      if (at < start || at >= end) continue;
      const { uri, range } = navigation.location(checked, at, at + id.length);
      note(uri, { range, newText: newId });
    }
  }
  return { changes };
}

/** The outline: entries with their kinds. */
export function definitionSymbols(workspace: Workspace, definition: DefinitionText): DocumentSymbol[] {
  const { text } = definition;
  return definition.entries.map((entry) => ({
    name: entry.name,
    detail: entry.kind,
    kind: /^(function|process|workflow)\./.test(entry.kind) ? SymbolKind.Function : SymbolKind.Object,
    range: text.range(entry.place.start, entry.place.end),
    selectionRange: text.range(entry.namePlace.start, entry.namePlace.end),
    ...inlineSymbols(workspace, entry),
  }));
}

/** What the source inside a definition file holds. */
function inlineSymbols(workspace: Workspace, { id, source }: WrittenEntry): Pick<DocumentSymbol, "children"> {
  const unit = source?.kind === "inline" ? workspace.unitOfEntry(id) : undefined;
  if (unit === undefined) return {};
  const checked = workspace.check(unit);
  const written = workspace.asWritten(checked);
  return written === checked ? {} : { children: luaSymbols(written) };
}
