/** `env.storage.memory`: variables that are lost with the runtime. */
import { defineKind } from "../../registry/mod.ts";
import { schema } from "../../core/mod.ts";
import { EnvStorageResource } from "../../ports/mod.ts";
import { MapStorage } from "./map_storage.ts";

export default defineKind({
  name: "env.storage.memory",
  doc: "Volatile, writable variables.",
  config: schema.object({}),
  provides: EnvStorageResource,
  open({ id, bus }) {
    bus.send({ system: "env", kind: "storage.register", path: id });
    return { resource: new MapStorage({}, false) };
  },
  change(current, { id, bus }) {
    // What was set stays: an update of meta must not lose values.
    bus.send({ system: "env", kind: "storage.update", path: id });
    return current;
  },
  close(_current, { id, bus }) {
    bus.send({ system: "env", kind: "storage.delete", path: id });
  },
});
