/** Members of a cluster, and what nodes tell each other about them. */
import { Failure, type Value, type ValueMap } from "../core/mod.ts";
import type { NodeAddress } from "../ports/mod.ts";

/** What is thought of a member. */
export type MemberState = "alive" | "suspect" | "dead" | "left";

/** What is said of a member. The higher incarnation knows better; only the member itself raises it. */
export interface MemberRecord {
  readonly id: string;
  readonly address: NodeAddress;
  /** Facts that the member tells of itself. */
  readonly meta: Readonly<Record<string, string>>;
  readonly incarnation: number;
  /** The incarnation with which the member started: another one is another life of the node. */
  readonly boot: number;
  readonly state: MemberState;
}

const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const META_MAX = 32;

/** Whether a text can name a node: it has to stand in pids and addresses. `local` means a node without a name. */
export function isNodeName(text: string): boolean {
  return ID_PATTERN.test(text) && text !== "local";
}

/** A record as plain data. */
export function packRecord({ id, address, meta, incarnation, boot, state }: MemberRecord): Value {
  return [id, address.host, address.port, { ...meta }, incarnation, boot, STATES.indexOf(state)];
}

/** The record in plain data; fails with Invalid. */
export function unpackRecord(value: Value): MemberRecord {
  if (!Array.isArray(value)) throw malformed();
  const [id, host, port, meta, incarnation, boot, number] = value;
  const state = STATES[number as number];
  if (
    typeof id !== "string" || !isNodeName(id) || typeof host !== "string" || !isWhole(port) ||
    !isWhole(incarnation) || !isWhole(boot) || state === undefined
  ) throw malformed();
  return { id, address: { host, port }, meta: metaOf(meta), incarnation, boot, state };
}

function metaOf(value: Value): Record<string, string> {
  if (typeof value !== "object" || value === null) throw malformed();
  const entries = Object.entries(value as ValueMap);
  if (entries.length > META_MAX || entries.some(([, text]) => typeof text !== "string")) throw malformed();
  return Object.fromEntries(entries) as Record<string, string>;
}

function isWhole(value: Value): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function malformed(): Failure {
  return new Failure("Invalid", "malformed record of a cluster member");
}

/** An address as people write it. */
export function addressText({ host, port }: NodeAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
