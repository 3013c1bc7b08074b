/** `contract.definition`: the methods of a contract with their schemas. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

const SCHEMA = schema.object({ format: schema.string({ default: "application/schema+json" }), definition: schema.any() });

export default defineKind({
  name: "contract.definition",
  config: schema.object({
    methods: schema.list(schema.object({
      name: schema.string({ nonEmpty: true, doc: "Method name." }),
      description: schema.string({ default: "" }),
      input_schemas: schema.list(SCHEMA),
      output_schemas: schema.list(SCHEMA),
    })),
  }),
  open({ id, config, contracts, bus }) {
    contracts.definitions.set(id, { id, methods: config.methods });
    bus.send({ system: "contract", kind: "contract.definition.register", path: id });
    return {};
  },
  change(current, { id, config, contracts, bus }) {
    contracts.definitions.set(id, { id, methods: config.methods });
    bus.send({ system: "contract", kind: "contract.definition.update", path: id });
    return current;
  },
  close(_current, { id, contracts, bus }) {
    contracts.definitions.delete(id);
    bus.send({ system: "contract", kind: "contract.definition.delete", path: id });
  },
});
