/** `contract.definition`: the methods of a contract with their schemas. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

const SCHEMA = schema.object({
  format: schema.string({ default: "application/schema+json" }),
  definition: schema.any(),
});

export default defineKind({
  name: "contract.definition",
  announces: {
    system: "contract",
    register: "contract.definition.register",
    update: "contract.definition.update",
    remove: "contract.definition.delete",
    accept: "contract.accept",
    reject: "contract.reject",
  },
  config: schema.object({
    methods: schema.list(schema.object({
      name: schema.string({ nonEmpty: true, doc: "Method name." }),
      description: schema.string({ default: "" }),
      input_schemas: schema.list(SCHEMA),
      output_schemas: schema.list(SCHEMA),
    })),
  }),
  open({ id, config, contracts }) {
    contracts.definitions.set(id, { id, methods: config.methods });
    return {};
  },
  change(current, { id, config, contracts }) {
    contracts.definitions.set(id, { id, methods: config.methods });
    return current;
  },
  close(_current, { id, contracts }) {
    contracts.definitions.delete(id);
  },
});
