/** Messages between nodes as bytes: MessagePack of plain data. */
import { CLUSTER_ITEM_BYTES_MAX, Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import { packValue, unpackValue } from "../registry/mod.ts";

/** The bytes of a message. */
export function packMessage(message: ValueMap): Uint8Array {
  return packValue(message);
}

/** The message in `bytes`; fails with Invalid. */
export function unpackMessage(bytes: Uint8Array): ValueMap {
  const message = unpackValue(bytes);
  if (!isValueMap(message)) throw new Failure("Invalid", "malformed message from another node");
  return message;
}

/** How many bytes a value takes in a message. */
export function packedSize(value: Value): number {
  return packValue(value).length;
}

/** Fails with LimitExceeded when what all nodes would have to hold is too long. */
export function demandItem(bytes: number): void {
  if (bytes <= CLUSTER_ITEM_BYTES_MAX) return;
  throw new Failure(
    "LimitExceeded",
    `nodes share at most ${CLUSTER_ITEM_BYTES_MAX} bytes at once, not ${bytes}`,
    {
      retryable: false,
    },
  );
}
