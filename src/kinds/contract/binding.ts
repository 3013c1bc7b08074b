/** `contract.binding`: functions that implement the methods of contracts. */
import { type Decoded, resolveEntryId, schema } from "../../core/mod.ts";
import type { ContractBinding } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";

const CONFIG = schema.object({
  contracts: schema.list(schema.object({
    contract: schema.reference({ doc: "Contract being implemented." }),
    default: schema.boolean({ default: false, doc: "Chosen when no binding id is given." }),
    methods: schema.map(schema.string(), { doc: "Function entry of each method." }),
    context_required: schema.list(schema.string(), {
      doc: "Context values that must be given when it is opened.",
    }),
  })),
});

function bindingOf(id: string, ns: string, config: Decoded<typeof CONFIG>): ContractBinding {
  return {
    id,
    contracts: config.contracts.map((bound) => ({
      contract: bound.contract,
      isDefault: bound.default,
      methods: Object.fromEntries(
        Object.entries(bound.methods).map(([name, fn]) => [name, resolveEntryId(fn, ns)]),
      ),
      contextRequired: bound.context_required,
    })),
  };
}

export default defineKind({
  name: "contract.binding",
  doc: "Functions that implement contracts.",
  announces: {
    system: "contract",
    register: "contract.binding.register",
    update: "contract.binding.update",
    remove: "contract.binding.delete",
    accept: "contract.accept",
    reject: "contract.reject",
  },
  config: CONFIG,
  open({ id, ns, config, contracts }) {
    contracts.bindings.set(id, bindingOf(id, ns, config));
    return {};
  },
  change(current, { id, ns, config, contracts }) {
    contracts.bindings.set(id, bindingOf(id, ns, config));
    return current;
  },
  close(_current, { id, contracts }) {
    contracts.bindings.delete(id);
  },
});
