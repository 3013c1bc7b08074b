/** Addresses in the configuration at which something listens. */
import { Failure, parseListenAddress } from "../core/mod.ts";

/** Host and port of `host:port`, `[v6]:port` or `:port`. Fails with Invalid naming `field`. */
export function parseAddress(address: string, field: string): { hostname: string; port: number } {
  const parsed = parseListenAddress(address);
  if (parsed !== undefined) return parsed;
  throw new Failure(
    "Invalid",
    `${field}: "${address}" is no address (examples: localhost:9090, :9090)`,
    field.startsWith("--") ? { details: { flag: field } } : {},
  );
}
