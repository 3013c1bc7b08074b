/** The outline of a Lua source: functions, types, what it keeps at its top. */
import type { syntax } from "../lang/mod.ts";
import { type DocumentSymbol, SymbolKind } from "./protocol.ts";
import type { Text } from "./text.ts";
import type { CheckedUnit } from "./workspace.ts";

/** A symbol by its offsets. */
export interface OutlineItem extends syntax.Range {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly detail: string | undefined;
  readonly children: readonly OutlineItem[];
}

/** Symbols of a source, nested as functions are. */
export function luaSymbols(checked: CheckedUnit): DocumentSymbol[] {
  return outlineOf(checked).map((item) => documentSymbol(checked.text, item));
}

/** The same by offsets. */
export function outlineOf(source: Parsed): OutlineItem[] {
  return symbolsOf(source, source.parsed.block.statements, true);
}

function documentSymbol(text: Text, item: OutlineItem): DocumentSymbol {
  const { children, detail, end, kind, name, nameEnd, nameStart, start } = item;
  return {
    name,
    kind,
    range: text.range(start, end),
    selectionRange: text.range(nameStart, nameEnd),
    ...(detail === undefined ? {} : { detail }),
    ...(children.length === 0 ? {} : { children: children.map((child) => documentSymbol(text, child)) }),
  };
}

type Parsed = Pick<CheckedUnit, "parsed">;

function symbolsOf(
  checked: Parsed,
  statements: readonly syntax.Statement[],
  isTop: boolean,
): OutlineItem[] {
  const found: OutlineItem[] = [];
  for (const statement of statements) {
    switch (statement.kind) {
      case "local-function":
        found.push(functionSymbol(checked, statement.name, statement, statement.body, SymbolKind.Function));
        break;
      case "function-statement": {
        const last = statement.method ?? statement.path.at(-1)!;
        const first = statement.path[0]!;
        const name = checked.parsed.source.slice(first.start, last.end);
        const kind = statement.method === undefined ? SymbolKind.Function : SymbolKind.Method;
        found.push(functionSymbol(checked, { ...last, name }, statement, statement.body, kind));
        break;
      }
      case "type":
        found.push(
          symbol(statement.name, statement, SymbolKind.Struct, fieldsOf(statement.type)),
        );
        break;
      case "local":
        if (isTop) found.push(...locals(checked, statement));
        break;
      case "assign":
        found.push(...assigned(checked, statement));
        break;
      case "return":
        if (isTop) { for (const value of statement.values) found.push(...tableFunctions(checked, value)); }
        break;
      case "do":
        found.push(...symbolsOf(checked, statement.block.statements, false));
        break;
    }
  }
  return found;
}

function symbol(
  name: syntax.Identifier,
  whole: syntax.Range,
  kind: SymbolKind,
  children: OutlineItem[] = [],
  detail?: string,
): OutlineItem {
  return {
    name: name.name === "" ? "?" : name.name,
    kind,
    start: Math.min(whole.start, name.start),
    end: Math.max(whole.end, name.end),
    nameStart: name.start,
    nameEnd: name.end,
    detail,
    children,
  };
}

function functionSymbol(
  checked: Parsed,
  name: syntax.Identifier,
  whole: syntax.Range,
  body: syntax.FunctionBody,
  kind: SymbolKind,
): OutlineItem {
  const inner = symbolsOf(checked, body.block?.statements ?? [], false);
  const head = checked.parsed.source.slice(
    body.start,
    (body.returns ?? body.vararg ?? body.params.at(-1))?.end ?? body.start + 1,
  );
  const isClosed = body.returns !== undefined;
  return symbol(name, whole, kind, inner, `${head}${isClosed ? "" : ")"}`.replace(/\s+/g, " "));
}

function fieldsOf(type: syntax.TypeNode): OutlineItem[] {
  if (type.kind !== "type-record") return [];
  return type.fields.map((field) =>
    symbol({ ...field, end: field.start + field.name.length }, field, SymbolKind.Field)
  );
}

function locals(checked: Parsed, statement: syntax.LocalStatement): OutlineItem[] {
  return statement.bindings.map((binding, i) => {
    const value = statement.values[i];
    if (value?.kind === "function") {
      return functionSymbol(checked, binding, statement, value.body, SymbolKind.Function);
    }
    const kind = binding.attribute === "const" ? SymbolKind.Constant : SymbolKind.Variable;
    const children = value?.kind === "table" ? tableFunctions(checked, value) : [];
    return symbol(binding, binding, kind, children);
  });
}

function assigned(checked: Parsed, statement: syntax.AssignStatement): OutlineItem[] {
  return statement.targets.flatMap((target, i) => {
    const value = statement.values[i];
    if (target.kind !== "member" || value?.kind !== "function") return [];
    const name = { ...target.name, name: checked.parsed.source.slice(target.start, target.end) };
    return [functionSymbol(checked, name, statement, value.body, SymbolKind.Function)];
  });
}

function tableFunctions(checked: Parsed, value: syntax.Expression): OutlineItem[] {
  if (value.kind !== "table") return [];
  return value.fields.flatMap((field) =>
    field.name === undefined || field.value.kind !== "function"
      ? []
      : [functionSymbol(checked, field.name, field, field.value.body, SymbolKind.Function)]
  );
}
