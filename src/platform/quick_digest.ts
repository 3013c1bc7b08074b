/** A quick digest of bytes. */
import process from "node:process";
import { BUN } from "./runtime_globals.ts";

/**
 * 64 bits of `bytes` or more, as hexadecimal digits: enough to tell contents of one's own files apart; it resists nobody who
 * wants a collision. Runtimes have different ones.
 */
export function quickDigest(bytes: Uint8Array): string {
  if (BUN !== undefined) return BUN.hash(bytes).toString(16);
  return process.getBuiltinModule("node:crypto").createHash("sha256").update(bytes).digest("hex");
}
