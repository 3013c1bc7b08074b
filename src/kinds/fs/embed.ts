/** `fs.embed`: files that a pack brings, as a file system of the application that can only be read. */
import { Failure, schema } from "../../core/mod.ts";
import { FileSystemResource, PACK_ID, PackResource } from "../../ports/mod.ts";
import { defineKind } from "../../registry/mod.ts";

export default defineKind({
  name: "fs.embed",
  announces: {
    system: "fs",
    register: "fs.register",
    remove: "fs.delete",
    accept: "fs.accept",
    reject: "fs.reject",
  },
  doc:
    "Files in a pack, put there by `wippy pack --embed`; they are found by the id of the entry and can only be read.",
  config: schema.object({}),
  provides: FileSystemResource,
  open({ id, resources }) {
    const resource = resources.find(PackResource, PACK_ID)?.embedded(id);
    if (resource === undefined) {
      throw new Failure(
        "NotFound",
        "no pack of this application holds files for it; make it an fs.directory, and wippy pack --embed puts its files into a pack",
        { retryable: false },
      );
    }
    return { resource };
  },
});
