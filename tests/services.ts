/**
 * Services that tests talk to: real databases, which `scripts/test.ts` starts.
 *
 * A test file names what it needs in a comment of its own (`// services: postgres`, in Lua cases `-- services: postgres`); its
 * tests are skipped, with the reason, where a service does not run.
 */
import process from "node:process";

/** Where a service listens; undefined when it does not run. */
export function serviceUrl(name: string): URL | undefined {
  const text = process.env[`WIPPY_${name.toUpperCase()}`];
  return text === undefined || text === "" ? undefined : new URL(text);
}

/** Why tests that need these services are skipped; false when all of them run. */
export function missing(...names: string[]): string | false {
  const absent = names.filter((name) => serviceUrl(name) === undefined);
  if (absent.length === 0) return false;
  return `${absent.join(" and ")} not running: bun scripts/services.ts run ${absent.join(" ")} -- COMMAND`;
}

/** The services that a text says it needs. */
export function servicesOf(source: string): string[] {
  const names = [...source.matchAll(/^(?:--|\/\/) services: (.+)$/gm)].flatMap((match) =>
    match[1]!.split(/[\s,]+/)
  );
  return [...new Set(names)].filter((name) => name !== "").sort();
}

/** `text` with `{postgres.host}` and `{postgres.port}` filled in, for every service in it. */
export function withAddresses(text: string): string {
  return text.replaceAll(/\{([a-z]+)\.(host|port)\}/g, (whole, name: string, part: "host" | "port") => {
    const url = serviceUrl(name);
    return url === undefined ? whole : part === "host" ? url.hostname : url.port;
  });
}
