/** The outline of a Lua source: functions, types, what it keeps at its top. */
import type { syntax } from "../lang/mod.ts";
import { type DocumentSymbol, SymbolKind } from "./protocol.ts";
import type { CheckedUnit } from "./workspace.ts";

/** Symbols of a source, nested as functions are. */
export function luaSymbols(checked: CheckedUnit): DocumentSymbol[] {
  return symbolsOf(checked, checked.parsed.block.statements, true);
}

function symbolsOf(
  checked: CheckedUnit,
  statements: readonly syntax.Statement[],
  isTop: boolean,
): DocumentSymbol[] {
  const found: DocumentSymbol[] = [];
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
          symbol(checked, statement.name, statement, SymbolKind.Struct, fieldsOf(checked, statement.type)),
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
  { text }: CheckedUnit,
  name: syntax.Identifier,
  whole: syntax.Range,
  kind: SymbolKind,
  children: DocumentSymbol[] = [],
  detail?: string,
): DocumentSymbol {
  return {
    name: name.name === "" ? "?" : name.name,
    kind,
    range: text.range(Math.min(whole.start, name.start), Math.max(whole.end, name.end)),
    selectionRange: text.range(name.start, name.end),
    ...(detail === undefined ? {} : { detail }),
    ...(children.length === 0 ? {} : { children }),
  };
}

function functionSymbol(
  checked: CheckedUnit,
  name: syntax.Identifier,
  whole: syntax.Range,
  body: syntax.FunctionBody,
  kind: SymbolKind,
): DocumentSymbol {
  const inner = symbolsOf(checked, body.block?.statements ?? [], false);
  const head = checked.parsed.source.slice(
    body.start,
    (body.returns ?? body.vararg ?? body.params.at(-1))?.end ?? body.start + 1,
  );
  const isClosed = body.returns !== undefined;
  return symbol(checked, name, whole, kind, inner, `${head}${isClosed ? "" : ")"}`.replace(/\s+/g, " "));
}

function fieldsOf(checked: CheckedUnit, type: syntax.TypeNode): DocumentSymbol[] {
  if (type.kind !== "type-record") return [];
  return type.fields.map((field) =>
    symbol(checked, { ...field, end: field.start + field.name.length }, field, SymbolKind.Field)
  );
}

function locals(checked: CheckedUnit, statement: syntax.LocalStatement): DocumentSymbol[] {
  return statement.bindings.map((binding, i) => {
    const value = statement.values[i];
    if (value?.kind === "function") {
      return functionSymbol(checked, binding, statement, value.body, SymbolKind.Function);
    }
    const kind = binding.attribute === "const" ? SymbolKind.Constant : SymbolKind.Variable;
    const children = value?.kind === "table" ? tableFunctions(checked, value) : [];
    return symbol(checked, binding, binding, kind, children);
  });
}

function assigned(checked: CheckedUnit, statement: syntax.AssignStatement): DocumentSymbol[] {
  return statement.targets.flatMap((target, i) => {
    const value = statement.values[i];
    if (target.kind !== "member" || value?.kind !== "function") return [];
    const name = { ...target.name, name: checked.parsed.source.slice(target.start, target.end) };
    return [functionSymbol(checked, name, statement, value.body, SymbolKind.Function)];
  });
}

function tableFunctions(checked: CheckedUnit, value: syntax.Expression): DocumentSymbol[] {
  if (value.kind !== "table") return [];
  return value.fields.flatMap((field) =>
    field.name === undefined || field.value.kind !== "function"
      ? []
      : [functionSymbol(checked, field.name, field, field.value.body, SymbolKind.Function)]
  );
}
