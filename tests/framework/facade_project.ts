/** Applications with `wippy/facade`. */
import { type EntryFields, router } from "../kinds/http/gateway.ts";

/** The dependency, with more of its parameters. */
export function facade(parameters: Readonly<Record<string, string>> = {}): EntryFields {
  const all = { server: "app:gateway", router: "app:public", ...parameters };
  return {
    name: "dependency.facade",
    kind: "ns.dependency",
    component: "wippy/facade",
    version: "*",
    parameters: Object.entries(all).map(([name, value]) => ({ name, value })),
  };
}

/** The router that the page expects. */
export const PUBLIC: EntryFields = router("public", "/api/public");
