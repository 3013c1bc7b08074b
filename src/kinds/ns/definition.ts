/** `ns.definition`: what a module says about itself; needed to publish it. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

export default defineKind({
  name: "ns.definition",
  doc: "A module's name and documentation.",
  internal: true,
  config: schema.object({
    module: schema.optional(schema.string({ doc: "Module name; the entry's name by default." })),
    readme: schema.optional(schema.any({ doc: "Documentation, inlined from a file." })),
    wiki: schema.map(schema.any(), { doc: "Pages of the module by name." }),
  }),
  open: () => ({}),
});
