/** `contract.definition`: the methods of a contract with their schemas. */
import { schema } from "../../core/mod.ts";
import { defineKind } from "../../registry/mod.ts";

const SCHEMA = schema.object({
  format: schema.string({ default: "application/schema+json", doc: "Language of the schema." }),
  definition: schema.any({ doc: "The schema." }),
});

export default defineKind({
  name: "contract.definition",
  doc: "Methods that a binding implements.",
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
      description: schema.string({ default: "", doc: "What the method does." }),
      input_schemas: schema.list(SCHEMA, { doc: "What the method takes." }),
      output_schemas: schema.list(SCHEMA, { doc: "What the method gives." }),
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
