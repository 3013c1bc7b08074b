/** What both kinds of policies declare: actions, resources, effect, groups. */
import { type DecodeScope, Failure, type Field, resolveEntryId, schema, type Value } from "../../core/mod.ts";

/** `"*"`, one pattern, or a list of them; at least one. */
function patterns(doc: string): Field<string[]> {
  return {
    type: "string | string[]",
    doc,
    decode(value: Value, scope: DecodeScope): string[] {
      const items = Array.isArray(value) ? value : [value];
      if (items.length === 0 || !items.every((item) => typeof item === "string" && item !== "")) {
        throw new Failure("Invalid", `${scope.path}: expected a pattern or a list of patterns`);
      }
      return items as string[];
    },
  };
}

/** Fields of a policy besides its condition. */
export const POLICY_FIELDS = {
  actions: patterns("Actions it is about; * stands for any text."),
  resources: patterns("Resources it is about; * stands for any text."),
  effect: schema.oneOf(["allow", "deny"] as const, { doc: "What it says when it applies." }),
};

/** Full ids of groups; a bare name belongs to the policy's own namespace. */
export function groupIds(groups: readonly string[], ns: string): string[] {
  return groups.map((group) => resolveEntryId(group, ns));
}
