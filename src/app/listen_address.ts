/** Addresses in the configuration at which something listens. */
import { Failure } from "../core/mod.ts";

const PORT_MAX = 65_535;

/** Host and port of `host:port`, `[v6]:port` or `:port`. Fails with Invalid naming `field`. */
export function parseAddress(address: string, field: string): { hostname: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > PORT_MAX) {
    throw new Failure(
      "Invalid",
      `${field}: "${address}" is no address (examples: localhost:9090, :9090)`,
      field.startsWith("--") ? { details: { flag: field } } : {},
    );
  }
  return { hostname: match[1] ?? match[2]!, port };
}
