/** `pg.scope`: a namespace of process groups. */
import { asFailure, type Decoded, Failure, schema } from "../../core/mod.ts";
import {
  CLUSTER_ID,
  ClusterResource,
  LIVENESS_ID,
  LivenessResource,
  ProcessGroupsResource,
} from "../../ports/mod.ts";
import {
  type GroupLimits,
  type GroupMessage,
  GroupPeers,
  type GroupSettings,
  ProcessGroupScope,
} from "../../process/mod.ts";
import { defineKind, type KindServices } from "../../registry/mod.ts";

const CONFIG = schema.object({
  protocol_timeout: schema.duration({ default: 5_000, doc: "Limit for exchanges between nodes." }),
  broadcast_timeout: schema.duration({
    default: 5_000,
    doc: "Limit for delivering a broadcast to one member.",
  }),
  anti_entropy_interval: schema.duration({ default: 30_000, doc: "Time between reconciliations; 0 never." }),
  circuit_breaker_failures: schema.integer({ default: 3, min: 1, doc: "Failed sends that open a circuit." }),
  circuit_breaker_reset_time: schema.duration({ default: 10_000, doc: "Wait before a test send." }),
  max_retries: schema.integer({ default: 3, min: 0, doc: "Retries of a failed broadcast; 0 none." }),
  retry_base_delay: schema.duration({ default: 100, doc: "First delay between retries." }),
  retry_max_delay: schema.duration({ default: 1_000, doc: "Longest delay between retries." }),
  action_queue_size: schema.integer({ default: 256, min: 1, doc: "Waiting actions that are warned about." }),
  action_queue_max_size: schema.integer({ default: 1024, min: 1, doc: "Most waiting actions." }),
  monitor_buffer: schema.integer({ default: 64, min: 0, doc: "Capacity of a subscription's channel." }),
  max_groups: schema.integer({ default: 0, min: 0, doc: "Most groups; 0 unlimited." }),
  max_members_per_group: schema.integer({ default: 0, min: 0, doc: "Most joins per group; 0 unlimited." }),
  lifecycle: schema.any(),
});

function limitsOf(config: Decoded<typeof CONFIG>): GroupLimits {
  if (config.action_queue_max_size < config.action_queue_size) {
    throw new Failure("Invalid", "action_queue_max_size must not be smaller than action_queue_size");
  }
  return {
    monitorBuffer: config.monitor_buffer,
    groupsMax: config.max_groups,
    membersPerGroupMax: config.max_members_per_group,
  };
}

function settingsOf(config: Decoded<typeof CONFIG>): GroupSettings {
  return {
    protocolMs: config.protocol_timeout,
    broadcastMs: config.broadcast_timeout,
    antiEntropyMs: config.anti_entropy_interval,
    breakerFailures: config.circuit_breaker_failures,
    breakerResetMs: config.circuit_breaker_reset_time,
    retriesMax: config.max_retries,
    retryBaseMs: config.retry_base_delay,
    retryDelayMaxMs: config.retry_max_delay,
    queueWarn: config.action_queue_size,
    queueMax: config.action_queue_max_size,
  };
}

/** A scope, with settings that may change. */
class ConfiguredScope extends ProcessGroupScope {
  readonly current: { settings: GroupSettings };

  constructor(id: string, config: Decoded<typeof CONFIG>, services: KindServices) {
    const { bus, log, ports, resources, runtime } = services;
    const current = { settings: settingsOf(config) };
    super(id, {
      limits: limitsOf(config),
      bus,
      deliver: (pid, { from, topic, values }: GroupMessage) => {
        try {
          runtime.deliver(pid, topic, values, from);
        } catch (error) {
          // One that has just ended gets nothing, and the others all the same.
          if (asFailure(error).kind !== "NotFound") throw error;
        }
      },
      connect: (receiver) => {
        const cluster = resources.find(ClusterResource, CLUSTER_ID);
        if (cluster === undefined) return undefined;
        const peers = new GroupPeers({
          clock: ports.clock,
          log: log.named("pg", { scope: id }),
          settings: () => current.settings,
          open: (listener) => cluster.openChannel(`pg ${id}`, listener),
          receiver,
          members: () => cluster.members().map((member) => member.id),
        });
        const liveness = resources.find(LivenessResource, LIVENESS_ID);
        const unwatch = liveness?.add(`pg.broadcast_recent.${id}`, () => peers.silence());
        return {
          joined: (pid, groups) => peers.joined(pid, groups),
          left: (pid, groups) => peers.left(pid, groups),
          cast: (node, pids, message) => peers.cast(node, pids, message),
          close() {
            unwatch?.();
            peers.close();
          },
        };
      },
    });
    this.current = current;
  }
}

export default defineKind({
  name: "pg.scope",
  doc: "An isolated namespace of process groups.",
  config: CONFIG,
  provides: ProcessGroupsResource,
  open({ id, config, ...services }) {
    const scope = new ConfiguredScope(id, config, services);
    return {
      resource: scope,
      service: {
        start() {
          scope.open();
          return Promise.resolve({
            details: "process group scope",
            ended: new Promise<null>(() => {}),
            stop() {
              scope.close();
              return Promise.resolve();
            },
          });
        },
      },
    };
  },
  change(current, { config }) {
    const scope = current.resource as ConfiguredScope;
    scope.limits = limitsOf(config);
    scope.current.settings = settingsOf(config);
    return current;
  },
  close({ resource }) {
    (resource as ProcessGroupScope).close();
  },
});
