/** The messages of Postgres's `pgoutput` plugin, version 1 of its protocol. */
import { Failure } from "../../core/mod.ts";

/** A column of a relation. */
export interface PgColumn {
  readonly name: string;
  /** Number of its type in the catalogue. */
  readonly type: number;
  /** True when it is part of the replica identity. */
  readonly isKey: boolean;
}

/** A table, as the changes that follow see it. */
export interface PgRelation {
  readonly id: number;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly PgColumn[];
}

/** Values as texts, by position; null is NULL, undefined a value that did not change and was not sent. */
export type PgTuple = readonly (string | null | undefined)[];

/** A row before a change: all of it, or the columns of the replica identity alone. */
export interface PgOldRow {
  readonly isKey: boolean;
  readonly values: PgTuple;
}

/** A decoded message. */
export type PgMessage =
  | { readonly kind: "begin"; readonly commitLsn: bigint; readonly xid: number }
  | { readonly kind: "commit"; readonly endLsn: bigint }
  | { readonly kind: "relation"; readonly relation: PgRelation }
  | { readonly kind: "insert"; readonly relation: number; readonly row: PgTuple }
  | {
    readonly kind: "update";
    readonly relation: number;
    readonly row: PgTuple;
    readonly old: PgOldRow | undefined;
  }
  | { readonly kind: "delete"; readonly relation: number; readonly old: PgOldRow }
  | { readonly kind: "truncate"; readonly relations: readonly number[] }
  | { readonly kind: "other" };

const KEY_COLUMN = 1;
const decoder = new TextDecoder();

function letter(char: string): number {
  return char.charCodeAt(0);
}

/** Decodes a message. Fails with Internal when it is none. */
export function decodePgMessage(bytes: Uint8Array): PgMessage {
  try {
    return decode(new Cursor(bytes));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("Internal", "a message of the replication stream is cut short", {
      retryable: false,
      cause: error,
    });
  }
}

function decode(cursor: Cursor): PgMessage {
  switch (String.fromCharCode(cursor.byte())) {
    case "B": {
      const commitLsn = cursor.long();
      cursor.skip(8);
      return { kind: "begin", commitLsn, xid: cursor.int() };
    }
    case "C":
      cursor.skip(9);
      return { kind: "commit", endLsn: cursor.long() };
    case "R":
      return { kind: "relation", relation: relationIn(cursor) };
    case "I": {
      const relation = cursor.int();
      cursor.skip(1);
      return { kind: "insert", relation, row: tupleIn(cursor) };
    }
    case "U": {
      const relation = cursor.int();
      const tag = cursor.byte();
      if (tag === letter("N")) return { kind: "update", relation, old: undefined, row: tupleIn(cursor) };
      const old = { isKey: tag === letter("K"), values: tupleIn(cursor) };
      cursor.skip(1);
      return { kind: "update", relation, old, row: tupleIn(cursor) };
    }
    case "D": {
      const relation = cursor.int();
      const isKey = cursor.byte() === letter("K");
      return { kind: "delete", relation, old: { isKey, values: tupleIn(cursor) } };
    }
    case "T": {
      const count = cursor.int();
      cursor.skip(1);
      return { kind: "truncate", relations: Array.from({ length: count }, () => cursor.int()) };
    }
    default:
      // Types, origins and messages of programs: nothing that happened to a row.
      return { kind: "other" };
  }
}

function relationIn(cursor: Cursor): PgRelation {
  const id = cursor.int();
  // Empty for the catalogue's own.
  const schema = cursor.text() || "pg_catalog";
  const table = cursor.text();
  cursor.skip(1);
  const columns = Array.from({ length: cursor.short() }, (): PgColumn => {
    const isKey = (cursor.byte() & KEY_COLUMN) !== 0;
    const name = cursor.text();
    const type = cursor.int();
    cursor.skip(4);
    return { name, type, isKey };
  });
  return { id, schema, table, columns };
}

function tupleIn(cursor: Cursor): PgTuple {
  return Array.from({ length: cursor.short() }, () => {
    switch (String.fromCharCode(cursor.byte())) {
      case "n":
        return null;
      case "u":
        return undefined;
      case "t":
        return cursor.sized();
      default:
        throw new Failure("Internal", "the replication stream holds a value of an unknown format", {
          retryable: false,
        });
    }
  });
}

/** Reads from the front of a message; past its end it throws a RangeError. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(count: number): void {
    this.#at += count;
  }

  byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  short(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  int(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  long(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8);
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end === -1) throw new RangeError("no end of a text");
    const text = decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** A text after its length. */
  sized(): string {
    const length = this.int();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("a text is longer than its message");
    const text = decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return text;
  }
}

/** A position in the log as Postgres prints it, e.g. `16/B374D848`. */
export function printLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** The position that such a text names. Fails with Internal for another text. */
export function parseLsn(text: string): bigint {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (match === null) {
    throw new Failure("Internal", `${text} is no position in a log`, { retryable: false });
  }
  return BigInt(`0x${match[1]}`) << 32n | BigInt(`0x${match[2]}`);
}
