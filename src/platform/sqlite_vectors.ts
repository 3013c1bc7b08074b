/**
 * Vectors in SQLite: functions under the names of sqlite-vec, over BLOBs of 32-bit floats (little endian) or JSON lists.
 *
 *     vec_f32(v)                   the BLOB of a vector
 *     vec_to_json(v)               its JSON list
 *     vec_length(v)                how many numbers it has
 *     vec_distance_cosine(a, b)    1 minus the cosine of the angle between two: 0 to 2
 *     vec_distance_l2(a, b)        the Euclidean distance
 *
 * V1. Vectors of different lengths, what is no vector, and numbers that are none are errors; NULL gives NULL.
 * V2. Nothing is thrown through SQLite: Deno goes on with the next row for ever then. What no database can hold is given back instead,
 *     which ends the statement on both runtimes; the reason waits for whoever makes a failure of that.
 */
import type { DatabaseSync } from "node:sqlite";

type Argument = null | number | bigint | string | Uint8Array;

const BYTES = Float32Array.BYTES_PER_ELEMENT;

function vectorOf(value: Argument, name: string): Float32Array {
  if (value instanceof Uint8Array) {
    if (value.length === 0 || value.length % BYTES !== 0) {
      throw new Error(`${name}: a vector has ${BYTES} bytes for each number, not ${value.length} in all`);
    }
    // Views of floats begin at multiples of their size.
    const aligned = value.byteOffset % BYTES === 0 ? value : value.slice();
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.length / BYTES);
  }
  let list: unknown;
  try {
    list = typeof value === "string" ? JSON.parse(value) : undefined;
  } catch {
    list = undefined;
  }
  const isVector = Array.isArray(list) && list.length > 0 && list.every((item) => Number.isFinite(item));
  if (!isVector) throw new Error(`${name}: a vector is a BLOB of 32-bit floats, or a JSON list of numbers`);
  return new Float32Array(list as number[]);
}

function pairOf(a: Argument, b: Argument, name: string): [Float32Array, Float32Array] {
  const pair: [Float32Array, Float32Array] = [vectorOf(a, name), vectorOf(b, name)];
  if (pair[0].length !== pair[1].length) {
    throw new Error(`${name}: vectors of ${pair[0].length} and of ${pair[1].length} numbers`);
  }
  return pair;
}

/** Undefined for vectors of length 0: they have no direction. */
function cosineDistance(a: Float32Array, b: Float32Array): number | undefined {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    product += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return lengthA === 0 || lengthB === 0 ? undefined : 1 - product / Math.sqrt(lengthA * lengthB);
}

function euclideanDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

const ONE: Record<string, (value: Argument) => Argument> = {
  vec_f32: (value) => {
    const { buffer, byteOffset, byteLength } = vectorOf(value, "vec_f32");
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
  vec_to_json: (value) => JSON.stringify([...vectorOf(value, "vec_to_json")]),
  vec_length: (value) => vectorOf(value, "vec_length").length,
};

const TWO: Record<string, (a: Argument, b: Argument) => Argument> = {
  vec_distance_cosine: (a, b) => cosineDistance(...pairOf(a, b, "vec_distance_cosine")) ?? null,
  vec_distance_l2: (a, b) => euclideanDistance(...pairOf(a, b, "vec_distance_l2")),
};

const NO_VALUE = {};

let mistake: string | undefined;

/** Why a function gave nothing, once; undefined when none did since the last time. */
export function takeVectorMistake(): string | undefined {
  const taken = mistake;
  mistake = undefined;
  return taken;
}

function guarded(act: () => Argument): Argument {
  try {
    return act();
  } catch (error) {
    mistake = (error as Error).message;
    return NO_VALUE as Argument;
  }
}

/** Makes the functions known to a connection. */
export function addVectorFunctions(database: DatabaseSync): void {
  const options = { deterministic: true };
  for (const [name, act] of Object.entries(ONE)) {
    database.function(name, options, (value: Argument) => value === null ? null : guarded(() => act(value)));
  }
  for (const [name, act] of Object.entries(TWO)) {
    database.function(
      name,
      options,
      (a: Argument, b: Argument) => a === null || b === null ? null : guarded(() => act(a, b)),
    );
  }
}
