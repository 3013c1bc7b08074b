/** `env.variable`: a name for a value in a storage. */
import { type Decoded, schema } from "../../core/mod.ts";
import type { Environment, EnvVariable } from "../../ports/mod.ts";
import { defineKind, type KindContext, moduleOf } from "../../registry/mod.ts";

const CONFIG = schema.object({
  variable: schema.string({
    default: "",
    doc: "Public name, unique but for names in modules; without one it is reached by entry id only.",
  }),
  storage: schema.reference({ doc: "Storage that holds the value." }),
  default: schema.optional(schema.string({ doc: "Value while the storage has none." })),
  readonly: schema.boolean({ default: false, doc: "Refuses to be set." }),
});

function variableOf(
  { config, entry, id }: Pick<KindContext<Decoded<typeof CONFIG>>, "config" | "entry" | "id">,
): EnvVariable {
  return {
    id,
    isOfModule: moduleOf(entry) !== "",
    name: config.variable,
    storage: config.storage,
    default: config.default,
    readonly: config.readonly,
  };
}

/** Registers `variable` in place of what has its id; that one is back when the new one is refused. */
function replace(environment: Environment, variable: EnvVariable): void {
  const previous = environment.variable(variable.id);
  try {
    environment.register(variable);
  } catch (error) {
    if (previous !== undefined) environment.register(previous);
    throw error;
  }
}

export default defineKind({
  name: "env.variable",
  announces: {
    system: "env",
    register: "variable.register",
    update: "variable.update",
    remove: "variable.delete",
    accept: "accept",
    reject: "reject",
  },
  doc: "A named variable of the application.",
  config: CONFIG,
  aliases: ["variable"],
  open(context) {
    context.environment.register(variableOf(context));
    return {};
  },
  change(current, context) {
    replace(context.environment, variableOf(context));
    return current;
  },
  close(_current, { id, environment }) {
    environment.unregister(id);
  },
});
