/** Conditions: comparisons of columns, and their combinations. */
import { SQL_PARAMS_MAX } from "../../../src/core/mod.ts";
import {
  expression,
  type Fragment,
  invalidQuery,
  isNull,
  isSqlizer,
  joined,
  type Operand,
  type Sqlizer,
} from "./fragment.ts";

/** How columns are compared. */
export type Comparison = "eq" | "not_eq" | "lt" | "lte" | "gt" | "gte" | "like" | "not_like";

const SIGNS: Readonly<Record<Comparison, string>> = {
  eq: "=",
  not_eq: "<>",
  lt: "<",
  lte: "<=",
  gt: ">",
  gte: ">=",
  like: "LIKE",
  not_like: "NOT LIKE",
};

/** A condition over columns, in order of their names: the same table always gives the same text. */
export function comparison(kind: Comparison, columns: ReadonlyMap<string, Operand>): Sqlizer {
  return {
    toSql() {
      if (columns.size === 0) return { text: "(1=1)", args: [] };
      const names = [...columns.keys()].sort();
      return joined(names.map((name) => compare(kind, name, columns.get(name))), " AND ");
    },
  };
}

function compare(kind: Comparison, column: string, operand: Operand): Fragment {
  const sign = SIGNS[kind];
  if (Array.isArray(operand)) return among(kind, column, operand as readonly Operand[]);
  if (isSqlizer(operand)) {
    const { text, args } = operand.toSql();
    return { text: `${column} ${sign} ${text}`, args };
  }
  if (!isNull(operand)) return { text: `${column} ${sign} ?`, args: [operand as Fragment["args"][number]] };
  if (kind === "eq") return { text: `${column} IS NULL`, args: [] };
  if (kind === "not_eq") return { text: `${column} IS NOT NULL`, args: [] };
  throw invalidQuery(`NULL can't be compared by ${sign} (column ${column})`);
}

function among(kind: Comparison, column: string, operands: readonly Operand[]): Fragment {
  if (kind !== "eq" && kind !== "not_eq") {
    throw invalidQuery(`a list can't be compared by ${SIGNS[kind]} (column ${column})`);
  }
  if (operands.length === 0) return { text: kind === "eq" ? "(1=0)" : "(1=1)", args: [] };
  if (operands.length > SQL_PARAMS_MAX) {
    throw invalidQuery(`too many values for column ${column}: ${operands.length} > ${SQL_PARAMS_MAX}`);
  }
  const { text, args } = expression(operands.map(() => "?").join(","), operands);
  return { text: `${column} ${kind === "eq" ? "IN" : "NOT IN"} (${text})`, args };
}

/** All (or any) of several conditions. */
export function conjunction(word: "AND" | "OR", parts: readonly Sqlizer[]): Sqlizer {
  return {
    toSql() {
      if (parts.length === 0) return { text: word === "AND" ? "(1=1)" : "(1=0)", args: [] };
      const { text, args } = joined(parts.map((part) => part.toSql()), ` ${word} `);
      return { text: `(${text})`, args };
    },
  };
}

/** Raw SQL with operands. */
export function raw(text: string, operands: readonly Operand[]): Sqlizer {
  return { toSql: () => expression(text, operands) };
}

/** The conditions of a `WHERE` or `HAVING`, all of which must hold. Alternatives in raw text are set in parentheses. */
export function allOf(conditions: readonly Sqlizer[]): Fragment {
  const fragments = conditions.map((condition) => condition.toSql()).filter(({ text }) => text !== "");
  if (fragments.length < 2) return joined(fragments, "");
  return joined(
    fragments.map(({ text, args }) => ({
      text: /\bor\b/i.test(text) && !isEnclosed(text) ? `(${text})` : text,
      args,
    })),
    " AND ",
  );
}

/** True when one pair of parentheses is around all of `text`. */
function isEnclosed(text: string): boolean {
  if (!text.startsWith("(") || !text.endsWith(")")) return false;
  let depth = 0;
  for (let i = 0; i < text.length - 1; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return false;
  }
  return true;
}
