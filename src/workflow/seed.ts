/** What the randomness of a run and its id are made from: secret, different in each run, and kept in the journal. */
import type { Ports } from "../ports/mod.ts";
import type { WorkflowRow } from "./journal.ts";

const SEED_BYTES = 16;

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function digest({ cryptography }: Ports, text: string): Uint8Array {
  return cryptography.digest("sha256", new TextEncoder().encode(text)).subarray(0, SEED_BYTES);
}

/** A seed that nobody has. */
export function freshSeed({ random }: Ports): string {
  return hex(random.bytes(SEED_BYTES));
}

/** The seed of a child, the same whenever it is asked for. */
export function childSeed(ports: Ports, parent: WorkflowRow, serial: number): string {
  return hex(digest(ports, `child ${parent.seed} ${parent.serial} ${serial}`));
}

/** The id of a run: a UUID that tells nothing of the seed. */
export function runIdOf(ports: Ports, { seed, serial, startedMs, worker }: WorkflowRow): string {
  const bytes = digest(ports, seed === "" ? `run ${worker} ${serial} ${startedMs}` : `run ${seed}`);
  bytes[6] = bytes[6]! & 0x0f | 0x80;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
