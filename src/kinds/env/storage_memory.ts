/** `env.storage.memory`: variables that are lost with the runtime. */
import { defineKind } from "../../registry/mod.ts";
import { schema } from "../../core/mod.ts";
import { EnvStorageResource } from "../../ports/mod.ts";
import { MapStorage } from "./map_storage.ts";

export default defineKind({
  name: "env.storage.memory",
  announces: {
    system: "env",
    register: "storage.register",
    update: "storage.update",
    remove: "storage.delete",
    accept: "accept",
    reject: "reject",
  },
  doc: "Volatile, writable variables.",
  config: schema.object({}),
  provides: EnvStorageResource,
  open() {
    return { resource: new MapStorage({}, false) };
  },
  change(current) {
    // What was set stays: an update of meta must not lose values.
    return current;
  },
});
