/** `ns.requirement`: a value that a module's host supplies, and where it is written. */
import { schema } from "../../core/mod.ts";
import { defineKind, requirementTargets } from "../../registry/mod.ts";

export default defineKind({
  name: "ns.requirement",
  doc: "A named hole with the places its value goes to.",
  internal: true,
  config: schema.object({
    targets: schema.list(schema.object({
      entry: schema.string({ nonEmpty: true, doc: "Entry the value is written into." }),
      path: schema.string({
        nonEmpty: true,
        doc: "Path inside it, such as .meta.router; += at its end appends.",
      }),
    })),
    default: schema.any({ doc: "Value when the host gives none; without it the host must." }),
  }),
  open: ({ entry }) => {
    requirementTargets(entry);
    return {};
  },
});
