/** `store.kv.raft`: key-value pairs on which the nodes of a cluster agree. */
import { schema } from "../../core/mod.ts";
import { StoreResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { checkedNamespace, clusterOf, ClusterStore, NAMESPACE_FIELD } from "./cluster_store.ts";

export default defineKind({
  name: "store.kv.raft",
  doc: "A linearizable key-value store that all nodes of a cluster share.",
  config: schema.object({ namespace: NAMESPACE_FIELD, lifecycle: schema.any() }),
  provides: StoreResource,
  open({ id, config, resources }) {
    const namespace = checkedNamespace(config.namespace);
    return {
      resource: new ClusterStore(id, {
        namespace,
        pairs: () => clusterOf(resources, "store.kv.raft").agreed,
        traits: { backend: "kv.raft", consistency: "linearizable", durable: true, conditional_put: true },
      }),
      service: residentService(`pairs of the cluster under ${namespace}`),
    };
  },
  close() {},
});
