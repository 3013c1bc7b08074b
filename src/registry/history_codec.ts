/**
 * Change sets, states and module graphs as bytes, for histories that outlive the program.
 *
 * HC1. Bytes are MessagePack behind a format number, so that later forms can be told apart. HC2. Anything that can't be read fails
 * with Invalid; nothing is guessed.
 */
import { Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Operation, OperationKind } from "./change_set.ts";
import { digestBytes } from "./digest.ts";
import type { Entry } from "./entry.ts";
import type { ModuleGraph, ResolvedModule } from "./history.ts";
import { packValue, unpackValue } from "./message_pack.ts";

const FORMAT = 1;
const KINDS: readonly OperationKind[] = ["entry.create", "entry.update", "entry.delete"];

/** Bytes of a change set. */
export function packOperations(operations: readonly Operation[]): Uint8Array {
  return packValue([
    FORMAT,
    operations.map(({ kind, entry, original }) => {
      const code = KINDS.indexOf(kind);
      return kind === "entry.update" ? [code, packed(entry), packed(original!)] : [code, packed(entry)];
    }),
  ]);
}

/** The change set in `bytes`. */
export function unpackOperations(bytes: Uint8Array): Operation[] {
  return listIn(bytes).map((item) => {
    if (!Array.isArray(item)) throw unreadable();
    const kind = KINDS[item[0] as number];
    const entry = unpacked(item[1]);
    if (kind === "entry.create") return { kind, entry };
    if (kind === "entry.update") return { kind, entry, original: unpacked(item[2]) };
    if (kind === "entry.delete") return { kind, entry, original: entry };
    throw unreadable();
  });
}

/** Bytes of a list of entries. */
export function packEntries(entries: Iterable<Entry>): Uint8Array {
  return packValue([FORMAT, [...entries].map(packed)]);
}

/** The entries in `bytes`. */
export function unpackEntries(bytes: Uint8Array): Entry[] {
  return listIn(bytes).map(unpacked);
}

/** Bytes of a module graph; equal graphs have equal bytes. */
export function packGraph(graph: ModuleGraph): Uint8Array {
  const modules = graph.modules.map(({ name, version, origin, hash, dependencies }): Value => [
    name,
    version,
    origin,
    hash,
    [...dependencies],
  ]);
  return packValue([FORMAT, modules]);
}

/** The module graph in `bytes`. */
export function unpackGraph(bytes: Uint8Array): ModuleGraph {
  const modules = listIn(bytes).map((item): ResolvedModule => {
    if (!Array.isArray(item)) throw unreadable();
    const [name, version, origin, hash, dependencies] = item;
    const texts = [name, version, origin, hash];
    if (!texts.every((text) => typeof text === "string") || !Array.isArray(dependencies)) throw unreadable();
    return {
      name: name as string,
      version: version as string,
      origin: origin as string,
      hash: hash as string,
      dependencies: dependencies.map(String),
    };
  });
  return { modules };
}

/** Stored bytes whose digest is right; fails with Invalid and says what is damaged. */
export function checkedBytes(bytes: unknown, digest: unknown, what: string): Uint8Array {
  if (!(bytes instanceof Uint8Array) || digestBytes(bytes) !== digest) {
    throw new Failure("Invalid", `${what} is damaged`);
  }
  return bytes;
}

function packed({ id, kind, meta, data }: Entry): Value {
  return [id, kind, meta, data];
}

function unpacked(value: Value): Entry {
  if (!Array.isArray(value) || value.length !== 4) throw unreadable();
  const [id, kind, meta, data] = value;
  if (typeof id !== "string" || typeof kind !== "string" || !isValueMap(meta)) throw unreadable();
  return { id, kind, meta, data: data as ValueMap };
}

function listIn(bytes: Uint8Array): Value[] {
  const value = unpackValue(bytes);
  if (!Array.isArray(value) || !Array.isArray(value[1])) throw unreadable();
  if (value[0] !== FORMAT) {
    throw new Failure("Invalid", `stored in form ${String(value[0])}, which this version does not know`, {
      retryable: false,
    });
  }
  return value[1];
}

function unreadable(): Failure {
  return new Failure("Invalid", "stored change set can't be read", { retryable: false });
}
