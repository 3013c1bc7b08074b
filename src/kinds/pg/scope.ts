/** `pg.scope`: a namespace of process groups. */
import { type Decoded, Failure, schema } from "../../core/mod.ts";
import { ProcessGroupsResource } from "../../ports/mod.ts";
import { type GroupLimits, ProcessGroupScope } from "../../process/mod.ts";
import { defineKind } from "../../registry/mod.ts";

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

export default defineKind({
  name: "pg.scope",
  doc: "An isolated namespace of process groups.",
  config: CONFIG,
  provides: ProcessGroupsResource,
  open({ id, config, bus }) {
    const scope = new ProcessGroupScope(id, limitsOf(config), bus);
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
    (current.resource as ProcessGroupScope).limits = limitsOf(config);
    return current;
  },
  close({ resource }) {
    (resource as ProcessGroupScope).close();
  },
});
