/** Values of MySQL and MariaDB. */
import { type Cell, Failure, type Value } from "../../core/mod.ts";
import { dateOf, plainParam } from "./server_values.ts";

/** Numbers of column types in the protocol. */
const TYPE = {
  tinyint: 1,
  smallint: 2,
  int: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  bigint: 8,
  mediumint: 9,
  date: 10,
  datetime: 12,
  year: 13,
};
const INT64_MAX = 2n ** 63n - 1n;

/** A column of a result, in what matters for reading it. */
export interface MysqlColumn {
  readonly name: string;
  readonly columnType: number;
}

/** Makes the typed parameters of the library. */
export interface TypedParameters {
  DOUBLE(value: number): unknown;
  LONGLONG: { (value: bigint): unknown; unsigned(value: bigint): unknown };
}

/** How the values of a column are read. */
export function readerOf({ columnType }: MysqlColumn): (value: unknown) => Cell {
  switch (columnType) {
    case TYPE.tinyint:
    case TYPE.smallint:
    case TYPE.int:
    case TYPE.mediumint:
    case TYPE.year:
    case TYPE.bigint:
      return wholeOf;
    case TYPE.float:
      return (value) => value === null ? null : shortest(Number(value));
    case TYPE.double:
      return (value) => value === null ? null : Number(value);
    case TYPE.timestamp:
    case TYPE.date:
    case TYPE.datetime:
      return (value) => typeof value === "string" ? dateOf(value) : value as Cell;
    default:
      return (value) =>
        typeof value === "object" && value !== null && !(value instanceof Uint8Array)
          ? JSON.stringify(value)
          : value as Cell;
  }
}

/** What an integer of Lua can't hold, of the unsigned ones, stays a text. */
function wholeOf(value: unknown): Cell {
  if (value === null) return null;
  const whole = BigInt(value as string | number);
  return whole > INT64_MAX ? String(whole) : whole;
}

/** The shortest decimal that is the same single: 0.1 for a FLOAT of 0.1, not 0.10000000149. */
function shortest(single: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(single.toPrecision(digits));
    if (Math.fround(decimal) === single) return decimal;
  }
  return single;
}

/** A parameter as the library takes it: integers are sent as such, since the server refuses floats in some places. */
export function mysqlParam(value: Value, typed: TypedParameters): unknown {
  const plain = plainParam(value);
  switch (typeof plain) {
    case "bigint":
      if (plain > INT64_MAX * 2n + 1n || plain < -INT64_MAX - 1n) {
        throw new Failure("Invalid", `${plain} is no 64-bit integer`, { retryable: false });
      }
      return plain > INT64_MAX ? typed.LONGLONG.unsigned(plain) : typed.LONGLONG(plain);
    case "number":
      if (Object.is(plain, value) && Number.isSafeInteger(plain)) return typed.LONGLONG(BigInt(plain));
      if (!Number.isFinite(plain)) {
        throw new Failure("Invalid", `${plain} can't be a parameter: the database has no such number`, {
          retryable: false,
        });
      }
      return typed.DOUBLE(plain);
    case "object":
      // The library takes other byte arrays for texts.
      return plain === null ? null : Buffer.from(plain.buffer, plain.byteOffset, plain.length);
    default:
      return plain;
  }
}
