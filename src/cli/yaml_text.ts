/** Values as YAML for people: texts of several lines stay as they are. */
import type { Value } from "../core/mod.ts";

/** `value` as YAML. */
export async function printYaml(value: Value): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { lineWidth: 0, blockQuote: "literal" });
}
