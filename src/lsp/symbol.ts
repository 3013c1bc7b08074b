/**
 * What a place refers to, across sources.
 *
 * A symbol is a source and an offset in it: the parameters' start for functions, the name's start for everything else. A
 * function that is stored under several names is one symbol.
 */
import { type syntax, types, type Variable } from "../lang/mod.ts";
import { type Place, placesOf } from "./places.ts";
import type { CheckedUnit, LuaUnit, Workspace } from "./workspace.ts";

/** Something that was declared in a source. */
export interface LuaSymbol {
  readonly unit: LuaUnit;
  readonly start: number;
  /** A variable that no other source can reach. */
  readonly isLocal: boolean;
}

/** Checked sources by what resolved their names. */
export type SourceSpace = Pick<Workspace, "unitOfOrigin">;

/** The symbol behind a place; undefined for what no source of the project declares. */
export function symbolOf(
  workspace: SourceSpace,
  checked: CheckedUnit,
  place: Place,
): LuaSymbol | undefined {
  const { target } = place;
  const { unit } = checked;
  switch (target.kind) {
    case "variable":
      return variableSymbol(unit, target.variable);
    case "field": {
      if (target.body !== undefined) return { unit, start: target.body.start, isLocal: false };
      return declaredSymbol(workspace, target.type) ??
        (target.owner === undefined ? undefined : recordField(workspace, target.owner, target.name));
    }
    case "type":
      return declaredSymbol(workspace, target.type);
    case "global":
    case "string":
      return undefined;
  }
}

function variableSymbol(unit: LuaUnit, variable: Variable): LuaSymbol {
  const body = bodyOf(variable);
  if (body !== undefined) return { unit, start: body.start, isLocal: false };
  return { unit, start: variable.start, isLocal: variable.kind !== "type" };
}

/** The function that a variable starts with. */
export function bodyOf(variable: Variable): syntax.FunctionBody | undefined {
  return variable.body ?? (variable.initial?.kind === "function" ? variable.initial.body : undefined);
}

function declaredSymbol(workspace: SourceSpace, type: types.Type | undefined): LuaSymbol | undefined {
  const declared = type?.kind === "function"
    ? type.declared
    : type?.kind === "type" || type?.kind === "named"
    ? type.definition.declared
    : undefined;
  if (declared === undefined) return undefined;
  const origin = workspace.unitOfOrigin(declared.origin);
  return origin === undefined ? undefined : { unit: origin.unit, start: declared.start, isLocal: false };
}

/** A field of a declared record. */
function recordField(workspace: SourceSpace, owner: types.Type, name: string): LuaSymbol | undefined {
  for (const member of types.membersOf(owner)) {
    if (member.kind !== "named" || member.definition.declared === undefined) continue;
    const { origin, start } = member.definition.declared;
    const checked = workspace.unitOfOrigin(origin);
    if (checked === undefined) continue;
    const field = fieldsOfType(checked, start)?.find((each) => each.name === name);
    if (field !== undefined) {
      return { unit: checked.unit, start: fieldNameStart(checked, field), isLocal: false };
    }
  }
  return undefined;
}

function fieldsOfType(checked: CheckedUnit, start: number): readonly syntax.RecordField[] | undefined {
  const variable = checked.resolution.variables.find((each) => each.kind === "type" && each.start === start);
  const type = variable?.statement?.type;
  return type?.kind === "type-record" ? type.fields : undefined;
}

function fieldNameStart({ parsed }: CheckedUnit, field: syntax.RecordField): number {
  if (!field.isReadonly) return field.start;
  return field.start + /^readonly\s+/.exec(parsed.source.slice(field.start, field.end))![0].length;
}

/** Whether two symbols are one. */
export function isSameSymbol(a: LuaSymbol | undefined, b: LuaSymbol): boolean {
  return a !== undefined && a.start === b.start && a.unit.key === b.unit.key;
}

/** Names a symbol among those of all sources. */
export function keyOf({ start, unit }: LuaSymbol): string {
  return `${start} ${unit.key}`;
}

/** A place in some source. */
export interface UnitPlace {
  readonly checked: CheckedUnit;
  readonly place: Place;
}

/** All places that refer to a symbol, its declaration included. `isCancelled` ends the search early. */
export function placesOfSymbol(
  workspace: Workspace,
  symbol: LuaSymbol,
  isCancelled: () => boolean = () => false,
): UnitPlace[] {
  const units = symbol.isLocal ? [symbol.unit] : [symbol.unit, ...workspace.importersOf(symbol.unit)];
  const found: UnitPlace[] = [];
  for (const unit of units) {
    if (isCancelled()) return found;
    if (unit.key !== symbol.unit.key && workspace.index.get(unit.key)?.refers.has(keyOf(symbol)) === false) {
      continue;
    }
    const checked = workspace.check(unit);
    for (const place of placesOf(checked)) {
      if (isSameSymbol(symbolOf(workspace, checked, place), symbol)) found.push({ checked, place });
    }
  }
  return found;
}

/** Where a symbol is declared. */
export function declarationOf(
  workspace: Workspace,
  symbol: LuaSymbol,
): { checked: CheckedUnit; start: number; end: number } {
  const checked = workspace.check(symbol.unit);
  const places = placesOf(checked).filter((place) =>
    isSameSymbol(symbolOf(workspace, checked, place), symbol)
  );
  const before = places.filter((place) => place.end <= symbol.start || place.start === symbol.start);
  const best = before.filter(({ role }) => role === "declare" || role === "write").at(-1) ??
    places.find(({ role }) => role === "declare");
  if (best !== undefined) return { checked, start: best.start, end: best.end };
  const name = /^[\w]+/.exec(checked.parsed.source.slice(symbol.start))?.[0] ?? "";
  return { checked, start: symbol.start, end: symbol.start + name.length };
}
