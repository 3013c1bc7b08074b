/** `registry.entry`: application data without a handler of its own. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

export default defineKind({
  name: "registry.entry",
  doc: "Arbitrary data, found through its metadata.",
  internal: true,
  config: schema.any(),
  open: () => ({}),
});
