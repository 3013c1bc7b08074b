/** `template.set`: templates that share their configuration and refer to each other by name. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { TemplateSetResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import type { TemplateSetOptions } from "../../template/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";
import { JetSet } from "./jet_set.ts";

const EXTENSIONS = [".jet", ".html.jet", ".jet.html"];

const CONFIG = schema.object({
  engine: schema.object({
    development_mode: schema.boolean({ default: false, doc: "Parse templates anew for each rendering." }),
    delimiters: schema.object({
      left: schema.string({ default: "{{", nonEmpty: true, doc: "Begins an action." }),
      right: schema.string({ default: "}}", nonEmpty: true, doc: "Ends an action." }),
      comment_left: schema.string({ default: "{*", nonEmpty: true, doc: "Begins a comment." }),
      comment_right: schema.string({ default: "*}", nonEmpty: true, doc: "Ends a comment." }),
    }),
    extensions: schema.list(schema.string(), { doc: "Endings that a name may leave out." }),
    globals: schema.map(schema.any(), { doc: "Values that every template sees." }),
  }),
});

function optionsOf({ engine }: Decoded<typeof CONFIG>): TemplateSetOptions {
  const { left, right, comment_left: commentLeft, comment_right: commentRight } = engine.delimiters;
  if (left === commentLeft) {
    throw new Failure("Invalid", `engine.delimiters: left and comment_left are both "${left}"`);
  }
  return {
    isDevelopment: engine.development_mode,
    delimiters: { left, right, commentLeft, commentRight },
    extensions: engine.extensions.length === 0 ? EXTENSIONS : engine.extensions,
    globals: engine.globals as LuaValue,
  };
}

export default defineKind({
  name: "template.set",
  doc: "A set of templates.",
  config: CONFIG,
  provides: TemplateSetResource,
  open({ config }) {
    return { resource: new JetSet(optionsOf(config)) };
  },
  change(current, { config }) {
    (current.resource as JetSet).configure(optionsOf(config));
    return current;
  },
});
