/** Addresses at which something listens. */

const PORT_MAX = 65_535;

/** Host and port of `host:port`, `[v6]:port` or `:port`, whose host is `""`; undefined when `text` is none. */
export function parseListenAddress(text: string): { hostname: string; port: number } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > PORT_MAX) return undefined;
  return { hostname: match[1] ?? match[2]!, port };
}
