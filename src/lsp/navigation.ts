/**
 * From a place to where it is declared, to all that refers to it, and to another name for all of them.
 */
import { tokens } from "../lang/mod.ts";
import type { Location, TextEdit, WorkspaceEdit } from "vscode-languageserver-protocol";
import { nodeAt, placeOf, textsNaming } from "../lint/mod.ts";
import type { WrittenEntry } from "./definition_text.ts";
import { type Place, placeAt, placesOf } from "./places.ts";
import { declarationOf, type LuaSymbol, placesOfSymbol, symbolOf } from "./symbol.ts";
import { entryUri, fileUri, parseUri } from "./uris.ts";
import type { CheckedUnit, LuaUnit, ProjectEntry, Workspace } from "./workspace.ts";

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A place that can't be renamed, or a name that can't be taken; the message says why. */
export class RenameRefused extends Error {}

/** Asks about a document. `asEntries` names sources by their entries: the document asked about was named so. */
export class Navigation {
  readonly #workspace: Workspace;
  readonly #asEntries: boolean;

  constructor(workspace: Workspace, uri: string) {
    this.#workspace = workspace;
    this.#asEntries = parseUri(uri).kind === "entry";
  }

  /** Where what stands at an offset of a Lua source is declared. */
  definition(checked: CheckedUnit, offset: number): Location[] {
    const place = placeAt(checked, offset);
    if (place === undefined) return [];
    const { target } = place;
    if (target.kind === "string") {
      const found = this.#definitionOfText(checked, target.value);
      return found.length > 0 || target.call?.path !== "require" ? found : this.#declaration(checked, place);
    }
    const symbol = symbolOf(this.#workspace, checked, place);
    if (symbol !== undefined) {
      const { checked: origin, start, end } = declarationOf(this.#workspace, symbol);
      return [this.location(origin, start, end)];
    }
    const found = target.kind === "global"
      ? this.#definitionOfText(checked, target.name)
      : this.#assignments(checked, place);
    return found.length > 0 ? found : this.#declaration(checked, place);
  }

  /** Where a library declares something. */
  #declaration(checked: CheckedUnit, place: Place): Location[] {
    for (const path of libraryPaths(checked, place)) {
      const found = this.#workspace.reference?.locate(path, this.#workspace.encoding);
      if (found !== undefined) return [found];
    }
    return [];
  }

  #definitionOfText(checked: CheckedUnit, text: string): Location[] {
    const imported = checked.unit.imports.get(text);
    const entry = this.#workspace.entries().get(imported ?? text);
    return entry === undefined ? [] : this.definitionOfEntry(entry);
  }

  /** Where an entry is made: its source, for Lua; else its definition. */
  definitionOfEntry(entry: ProjectEntry): Location[] {
    const unit = this.#workspace.unitOfEntry(entry.id);
    if (unit !== undefined) {
      const checked = this.#workspace.check(unit);
      const { method } = entry.data;
      const main = typeof method !== "string"
        ? undefined
        : placesOf(checked).find(({ role, target }) =>
          role === "declare" &&
          (target.kind === "variable"
            ? target.variable.body !== undefined && target.variable.name === method
            : false)
        );
      return [this.location(checked, main?.start ?? 0, main?.end ?? 0)];
    }
    return this.#placeOfEntry(entry);
  }

  #placeOfEntry({ definition }: ProjectEntry): Location[] {
    if (definition === undefined) return [];
    const text = this.#workspace.definition(definition.uri)?.text;
    const { start, end } = definition.entry.namePlace;
    return text === undefined ? [] : [{ uri: definition.uri, range: text.range(start, end) }];
  }

  /** Where a field of a table without a type is set. */
  #assignments(checked: CheckedUnit, place: Place): Location[] {
    const { target } = place;
    if (target.kind !== "field") return [];
    const imported = target.object === undefined ? undefined : importedBy(checked, target.object);
    const id = imported === undefined ? undefined : checked.unit.imports.get(imported);
    const unit = id === undefined ? checked.unit : this.#workspace.unitOfEntry(id);
    if (unit === undefined) return [];
    const origin = this.#workspace.check(unit);
    const found = placesOf(origin).find((each) =>
      (each.role === "declare" || each.role === "write") && each.target.kind === "field" &&
      each.target.name === target.name
    );
    return found === undefined ? [] : [this.location(origin, found.start, found.end)];
  }

  /** All that refers to what stands at an offset of a Lua source. */
  references(
    checked: CheckedUnit,
    offset: number,
    withDeclaration: boolean,
    isCancelled: () => boolean,
  ): Location[] {
    const place = placeAt(checked, offset);
    if (place === undefined) return [];
    if (place.target.kind === "string") {
      const entry = this.#workspace.entries().get(place.target.value);
      return entry === undefined ? [] : this.referencesOfEntry(entry.id, withDeclaration, isCancelled);
    }
    const symbol = symbolOf(this.#workspace, checked, place);
    if (symbol === undefined) return this.#sameNames(checked, place);
    const declared = declarationOf(this.#workspace, symbol);
    return placesOfSymbol(this.#workspace, symbol, isCancelled)
      .filter((each) =>
        withDeclaration || each.place.start !== declared.start ||
        each.checked.unit.key !== declared.checked.unit.key
      )
      .map((each) => this.location(each.checked, each.place.start, each.place.end));
  }

  /** Places of the same global, or of the same field of something unknown, in one source. */
  #sameNames(checked: CheckedUnit, place: Place): Location[] {
    const { target } = place;
    if (target.kind !== "global" && target.kind !== "field") return [];
    return placesOf(checked).filter((each) =>
      each.target.kind === target.kind && each.target.name === target.name
    )
      .map((each) => this.location(checked, each.start, each.end));
  }

  /** All places that name an entry: its definition, those of other entries, Lua texts. */
  referencesOfEntry(id: string, withDeclaration: boolean, isCancelled: () => boolean): Location[] {
    const found: Location[] = [];
    for (const [path, { entries, text }] of this.#workspace.definitions()) {
      for (const entry of entries) {
        if (withDeclaration && entry.id === id) {
          found.push({ uri: fileUri(path), range: text.range(entry.namePlace.start, entry.namePlace.end) });
        }
        for (const { place } of referencesIn(this.#workspace, entry, id)) {
          found.push({ uri: fileUri(path), range: text.range(place.start, place.end) });
        }
      }
    }
    for (const unit of this.#workspace.units()) {
      if (isCancelled()) return found;
      if (!this.#workspace.unitText(unit).source.includes(id)) continue;
      const checked = this.#workspace.check(unit);
      for (const place of placesOf(checked)) {
        if (place.target.kind !== "string" || place.target.value !== id) continue;
        found.push(this.location(checked, place.start, place.end));
      }
    }
    return found;
  }

  /** What a rename would be of; throws `RenameRefused` when nothing can be renamed there. */
  renamed(checked: CheckedUnit, offset: number): { place: Place; symbol: LuaSymbol } {
    const place = placeAt(checked, offset);
    const symbol = place === undefined ? undefined : symbolOf(this.#workspace, checked, place);
    if (place === undefined || symbol === undefined) {
      throw new RenameRefused("only names that this project declares can be renamed");
    }
    return { place, symbol };
  }

  /** The edit that gives what stands at an offset another name. */
  rename(checked: CheckedUnit, offset: number, newName: string): WorkspaceEdit {
    if (!IDENTIFIER.test(newName) || tokens.KEYWORDS.includes(newName)) {
      throw new RenameRefused(`"${newName}" is no name in Lua`);
    }
    const { place, symbol } = this.renamed(checked, offset);
    const oldName = nameAt(checked, place);
    const changes: Record<string, TextEdit[]> = {};
    for (const each of placesOfSymbol(this.#workspace, symbol)) {
      if (nameAt(each.checked, each.place) !== oldName) continue;
      const { uri, range } = this.location(each.checked, each.place.start, each.place.end);
      (changes[uri] ??= []).push({ range, newText: newName });
    }
    this.#renameMethods(symbol, oldName, newName, changes);
    return { changes };
  }

  /** Entries whose `method` is the function that gets another name. */
  #renameMethods(
    symbol: LuaSymbol,
    oldName: string,
    newName: string,
    changes: Record<string, TextEdit[]>,
  ): void {
    const source = this.#workspace.check(symbol.unit);
    // Only a function that is returned under that name can be a method.
    const isReturned = placesOf(source).some((each) =>
      each.target.kind === "field" && each.role === "declare" && each.target.name === oldName
    );
    if (!isReturned) return;
    for (const { data, definition } of symbol.unit.entries) {
      if (data.method !== oldName || definition === undefined) continue;
      const node = nodeAt(definition.entry.node, "method");
      const text = this.#workspace.definition(definition.uri)?.text;
      if (node === undefined || text === undefined) continue;
      const { start, end } = placeOf(node);
      (changes[definition.uri] ??= []).push({ range: text.range(start, end), newText: newName });
    }
  }

  location(checked: CheckedUnit, start: number, end: number): Location {
    const seen = this.#asEntries ? checked : this.#workspace.asWritten(checked);
    return { uri: this.uriOf(checked.unit), range: seen.text.range(start, end) };
  }

  uriOf(unit: LuaUnit): string {
    const [entry] = unit.entries;
    return this.#asEntries && entry !== undefined ? entryUri(entry.id) : this.#workspace.writtenUri(unit);
  }
}

function nameAt({ parsed }: CheckedUnit, { start, end }: Place): string {
  return parsed.source.slice(start, end);
}

/** The alias that an expression has from `require`, or is. */
function importedBy(
  { resolution }: CheckedUnit,
  object: NonNullable<Extract<Place["target"], { kind: "field" }>["object"]>,
): string | undefined {
  if (object.kind !== "name") return undefined;
  const variable = resolution.values.get(object);
  if (variable === undefined) return object.name;
  const { initial } = variable;
  const isRequire = initial?.kind === "call" && initial.callee.kind === "name" &&
    initial.callee.name === "require";
  const argument = isRequire ? initial.arguments[0] : undefined;
  return argument?.kind === "string" ? argument.value : undefined;
}

/** Full names that a place may have among the declarations of libraries, the likeliest first. */
function libraryPaths(checked: CheckedUnit, { target }: Place): string[] {
  const { modules } = checked.unit;
  const moduleOf = (alias: string): string => modules.get(alias) ?? alias;
  switch (target.kind) {
    case "field": {
      const { name, object, owner, type } = target;
      const alias = object === undefined ? undefined : importedBy(checked, object);
      return [
        ...type?.kind === "function" && type.path !== undefined ? [type.path] : [],
        ...owner?.kind === "named" ? [`${owner.name}.${name}`] : [],
        ...alias === undefined ? [] : [`${moduleOf(alias)}.${name}`],
      ];
    }
    case "type":
      return [...target.type?.kind === "named" ? [target.type.name] : [], target.name];
    case "global":
      return [
        ...target.type?.kind === "function" && target.type.path !== undefined ? [target.type.path] : [],
        moduleOf(target.name),
      ];
    case "string":
      return [moduleOf(target.value)];
    case "variable":
      return [];
  }
}

/** Texts of a definition that name the entry `id`: in full, or by name where the kind says that it is a reference. */
export function referencesIn(
  workspace: Workspace,
  entry: WrittenEntry,
  id: string,
): ReturnType<typeof textsNaming> {
  return textsNaming(entry.node, entry.ns, workspace.kinds.find(entry.kind), id);
}
