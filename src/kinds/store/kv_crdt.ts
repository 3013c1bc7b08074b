/** `store.kv.crdt`: key-value pairs that every node of a cluster changes by itself, and that converge. */
import { schema } from "../../core/mod.ts";
import { StoreResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { checkedNamespace, clusterOf, ClusterStore, NAMESPACE_FIELD } from "./cluster_store.ts";

export default defineKind({
  name: "store.kv.crdt",
  doc: "A key-value store that all nodes of a cluster share; the last writer wins.",
  config: schema.object({
    namespace: NAMESPACE_FIELD,
    durable: schema.boolean({
      default: false,
      doc: "Keep the pairs on disk, so that they outlast the whole cluster.",
    }),
    lifecycle: schema.any(),
  }),
  provides: StoreResource,
  open({ id, config, resources }) {
    const namespace = checkedNamespace(config.namespace);
    const pairs = () => clusterOf(resources, "store.kv.crdt").converging;
    if (config.durable) pairs().keep?.(namespace);
    return {
      resource: new ClusterStore(id, {
        namespace,
        pairs,
        traits: {
          backend: "kv.crdt",
          consistency: "eventual",
          durable: config.durable,
          conditional_put: false,
        },
      }),
      service: residentService(`pairs that converge under ${namespace}`),
    };
  },
  close() {},
});
