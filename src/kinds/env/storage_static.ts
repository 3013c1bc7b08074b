/** `env.storage.static`: variables written in the entry itself. */
import { schema } from "../../core/mod.ts";
import { MapStorage } from "./map_storage.ts";
import { storageKind } from "./storage_kind.ts";

export default storageKind({
  name: "env.storage.static",
  doc: "Read-only variables defined in configuration.",
  config: schema.object({ values: schema.map(schema.string(), { doc: "The variables." }) }),
  create: ({ config }) => new MapStorage(config.values, true),
});
