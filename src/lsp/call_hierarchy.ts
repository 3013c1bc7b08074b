/** Who calls a function, and what it calls; entries that are called by id are calls as well. */
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  Range,
} from "vscode-languageserver-protocol";
import { type syntax, walk } from "../lang/mod.ts";
import { roleOf } from "./entry_text.ts";
import type { Navigation } from "./navigation.ts";
import { placeAt, placesOf } from "./places.ts";
import { SymbolKind } from "./protocol.ts";
import { declarationOf, type LuaSymbol, placesOfSymbol, symbolOf } from "./symbol.ts";
import type { CheckedUnit, Workspace } from "./workspace.ts";

/** What an item refers to, as the client hands it back. */
interface ItemData {
  readonly key: string;
  readonly start: number;
}

/** Calls of one project, for one client's way of naming documents. */
export class CallHierarchy {
  readonly #workspace: Workspace;
  readonly #navigation: Navigation;

  constructor(workspace: Workspace, navigation: Navigation) {
    this.#workspace = workspace;
    this.#navigation = navigation;
  }

  /** The function at an offset. */
  prepare(checked: CheckedUnit, offset: number): CallHierarchyItem[] {
    const place = placeAt(checked, offset);
    const symbol = place === undefined ? undefined : symbolOf(this.#workspace, checked, place);
    const item = symbol === undefined ? undefined : this.#itemOf(symbol);
    return item === undefined ? [] : [item];
  }

  incoming(item: CallHierarchyItem): CallHierarchyIncomingCall[] {
    const symbol = this.#symbolOf(item);
    if (symbol === undefined) return [];
    const callers = new Map<string, { from: CallHierarchyItem; fromRanges: Range[] }>();
    const note = (checked: CheckedUnit, start: number, end: number): void => {
      const around = functionsOf(checked).findLast((body) => body.start < start && end <= body.end);
      const from = around === undefined
        ? this.#sourceItem(checked)
        : this.#itemOf({ unit: checked.unit, start: around.start, isLocal: false })!;
      const key = `${from.uri} ${from.range.start.line}:${from.range.start.character}`;
      const caller = callers.get(key) ?? { from, fromRanges: [] };
      caller.fromRanges.push(this.#navigation.location(checked, start, end).range);
      callers.set(key, caller);
    };
    for (const { checked, place } of placesOfSymbol(this.#workspace, symbol)) {
      if (place.role === "read" && isCalled(checked, place.end)) note(checked, place.start, place.end);
    }
    const ids = new Set(this.#entriesOf(symbol));
    if (ids.size > 0) {
      for (const unit of this.#workspace.units()) {
        const { source } = this.#workspace.unitText(unit);
        if (![...ids].some((id) => source.includes(id))) continue;
        const checked = this.#workspace.check(unit);
        for (const { start, end, target } of placesOf(checked)) {
          if (target.kind === "string" && ids.has(target.value) && isCallRole(target.call)) {
            note(checked, start, end);
          }
        }
      }
    }
    return [...callers.values()];
  }

  outgoing(item: CallHierarchyItem): CallHierarchyOutgoingCall[] {
    const symbol = this.#symbolOf(item);
    if (symbol === undefined) return [];
    const checked = this.#workspace.check(symbol.unit);
    const body = functionsOf(checked).find((each) => each.start === symbol.start);
    if (body === undefined) return [];
    const called = new Map<string, { to: CallHierarchyItem; fromRanges: Range[] }>();
    for (const place of placesOf(checked)) {
      if (place.start < body.start || place.end > body.end) continue;
      const target = place.target.kind === "string"
        ? isCallRole(place.target.call) ? this.#mainOf(place.target.value) : undefined
        : place.role === "read" && isCalled(checked, place.end)
        ? symbolOf(this.#workspace, checked, place)
        : undefined;
      const to = target === undefined ? undefined : this.#itemOf(target);
      if (to === undefined) continue;
      const key = `${to.uri} ${(to.data as ItemData).start}`;
      const call = called.get(key) ?? { to, fromRanges: [] };
      call.fromRanges.push(this.#navigation.location(checked, place.start, place.end).range);
      called.set(key, call);
    }
    return [...called.values()];
  }

  /** The item of a function; undefined for what is none. */
  #itemOf(symbol: LuaSymbol): CallHierarchyItem | undefined {
    const checked = this.#workspace.check(symbol.unit);
    const body = functionsOf(checked).find((each) => each.start === symbol.start);
    if (body === undefined) return undefined;
    const { start, end } = declarationOf(this.#workspace, symbol);
    const name = checked.parsed.source.slice(start, end);
    const data: ItemData = { key: symbol.unit.key, start: symbol.start };
    return {
      name: /^\w+$/.test(name) ? name : "function",
      kind: SymbolKind.Function,
      detail: symbol.unit.entries[0]?.id ?? "",
      ...this.#navigation.location(checked, Math.min(start, body.start), body.end),
      selectionRange:
        this.#navigation.location(checked, start, Math.max(start, Math.min(end, body.end))).range,
      data,
    };
  }

  /** The source itself, as caller of what is called outside of functions. */
  #sourceItem(checked: CheckedUnit): CallHierarchyItem {
    const { unit, text } = checked;
    return {
      name: unit.entries[0]?.id ?? unit.uri.slice(unit.uri.lastIndexOf("/") + 1),
      kind: SymbolKind.Module,
      ...this.#navigation.location(checked, 0, text.source.length),
      selectionRange: this.#navigation.location(checked, 0, 0).range,
    };
  }

  #symbolOf({ data }: CallHierarchyItem): LuaSymbol | undefined {
    const { key, start } = (data ?? {}) as Partial<ItemData>;
    for (const unit of this.#workspace.units()) {
      if (unit.key === key && start !== undefined) return { unit, start, isLocal: false };
    }
    return undefined;
  }

  /** Entries whose function this is. */
  #entriesOf(symbol: LuaSymbol): string[] {
    return symbol.unit.entries.filter(({ id }) => this.#mainOf(id)?.start === symbol.start).map(({ id }) =>
      id
    );
  }

  /** The function that an entry runs. */
  #mainOf(id: string): LuaSymbol | undefined {
    const unit = this.#workspace.unitOfEntry(id);
    if (unit === undefined) return undefined;
    const { method } = this.#workspace.entries().get(id)?.data ?? {};
    const name = typeof method === "string" && method !== "" ? method : "main";
    const checked = this.#workspace.check(unit);
    // What is returned last counts: `return {main = main}`.
    const place =
      placesOf(checked).findLast(({ role, target }) =>
        role === "declare" && (target.kind === "field" ? target.name === name : false)
      ) ?? placesOf(checked).find(({ role, target }) =>
        role === "declare" && target.kind === "variable" && target.variable.name === name
      );
    return place === undefined ? undefined : symbolOf(this.#workspace, checked, place);
  }
}

function isCallRole(call: Parameters<typeof roleOf>[0]): boolean {
  const role = roleOf(call);
  return role === "function" || role === "process";
}

/** Whether arguments follow. */
function isCalled({ parsed }: CheckedUnit, end: number): boolean {
  return /^\s*[({"'[]/.test(parsed.source.slice(end, end + 20));
}

const FUNCTIONS = new WeakMap<CheckedUnit["parsed"], readonly syntax.FunctionBody[]>();

/** All functions of a source, outer ones first. */
function functionsOf({ parsed }: CheckedUnit): readonly syntax.FunctionBody[] {
  const known = FUNCTIONS.get(parsed);
  if (known !== undefined) return known;
  const found: syntax.FunctionBody[] = [];
  walk(parsed.block, {
    statement(statement) {
      if (statement.kind === "function-statement" || statement.kind === "local-function") {
        found.push(statement.body);
      }
    },
    expression(expression) {
      if (expression.kind === "function") found.push(expression.body);
    },
  });
  found.sort((a, b) => a.start - b.start);
  FUNCTIONS.set(parsed, found);
  return found;
}
