/** Relations and names of processes, the event bus, supervision. */
export * from "./event_awaiter.ts";
export * from "./event_bus.ts";
export * from "./group_peers.ts";
export * from "./lifecycle_event.ts";
export * from "./name_registry.ts";
export * from "./process_group_scope.ts";
export * from "./process_table.ts";
export * from "./run_queues.ts";
export * from "./supervisor.ts";
