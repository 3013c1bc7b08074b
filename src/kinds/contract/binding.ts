/** `contract.binding`: functions that implement the methods of contracts. */
import { type Decoded, resolveEntryId, schema } from "../../core/mod.ts";
import type { ContractBinding } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";

const CONFIG = schema.object({
  contracts: schema.list(schema.object({
    contract: schema.reference({ doc: "Contract being implemented." }),
    default: schema.boolean({ default: false, doc: "Chosen when no binding id is given." }),
    methods: schema.map(schema.string()),
    context_required: schema.list(schema.string()),
  })),
});

function bindingOf(id: string, ns: string, config: Decoded<typeof CONFIG>): ContractBinding {
  return {
    id,
    contracts: config.contracts.map((bound) => ({
      contract: bound.contract,
      isDefault: bound.default,
      methods: Object.fromEntries(Object.entries(bound.methods).map(([name, fn]) => [name, resolveEntryId(fn, ns)])),
      contextRequired: bound.context_required,
    })),
  };
}

export default defineKind({
  name: "contract.binding",
  config: CONFIG,
  open({ id, ns, config, contracts, bus }) {
    contracts.bindings.set(id, bindingOf(id, ns, config));
    bus.send({ system: "contract", kind: "contract.binding.register", path: id });
    return {};
  },
  change(current, { id, ns, config, contracts, bus }) {
    contracts.bindings.set(id, bindingOf(id, ns, config));
    bus.send({ system: "contract", kind: "contract.binding.update", path: id });
    return current;
  },
  close(_current, { id, contracts, bus }) {
    contracts.bindings.delete(id);
    bus.send({ system: "contract", kind: "contract.binding.delete", path: id });
  },
});
