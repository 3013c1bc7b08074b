/** `ns.dependency`: a module that is mounted, and the values for its requirements. */
import { schema } from "../../core/mod.ts";
import { declarationOf, defineKind, parseVersionRange } from "../../registry/mod.ts";

export default defineKind({
  name: "ns.dependency",
  doc: "A module this one needs.",
  internal: true,
  config: schema.object({
    component: schema.string({ nonEmpty: true, doc: "organization/module." }),
    version: schema.string({
      default: "*",
      doc: "Allowed versions: 1.2.3, ^1.2.0, ~1.2.0, >=1.0.0 <2.0.0, *.",
    }),
    parameters: schema.list(schema.object({
      name: schema.string({ nonEmpty: true, doc: "Requirement: a bare name, or namespace:name." }),
      value: schema.any(),
    })),
  }),
  open: ({ entry }) => {
    parseVersionRange(declarationOf(entry).range);
    return {};
  },
});
