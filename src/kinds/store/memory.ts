/** `store.memory`: key-value pairs that are lost with the runtime. */
import { schema, STORE_ENTRIES_DEFAULT } from "../../core/mod.ts";
import { StoreResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";
import { residentService } from "../resident_service.ts";
import { MemoryStore, type MemoryStoreOptions } from "./memory_store.ts";

const CLEANUP_MS = 300_000;

function optionsOf(config: { max_size: number; cleanup_interval: number }): MemoryStoreOptions {
  return { entriesMax: config.max_size, cleanupMs: config.cleanup_interval };
}

export default defineKind({
  name: "store.memory",
  doc: "A key-value store in memory.",
  config: schema.object({
    max_size: schema.integer({
      default: STORE_ENTRIES_DEFAULT,
      min: 0,
      doc: "Most entries; 0 means the default.",
    }),
    cleanup_interval: schema.duration({
      default: CLEANUP_MS,
      doc: "Time between removals of expired entries; 0 never.",
    }),
    lifecycle: schema.any(),
  }),
  provides: StoreResource,
  open({ id, config, ports }) {
    const resource = new MemoryStore(id, ports.clock, optionsOf(config));
    return {
      resource,
      service: residentService(`memory store, at most ${config.max_size || STORE_ENTRIES_DEFAULT} entries`),
    };
  },
  change(current, { config }) {
    (current.resource as MemoryStore).configure(optionsOf(config));
    return current;
  },
  close({ resource }) {
    (resource as MemoryStore).close();
  },
});
