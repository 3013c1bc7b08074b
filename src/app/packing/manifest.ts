/** `wippy.yaml`, as far as packing wants it. What the loader reads of it is in `src/registry`. */
import { Failure } from "../../core/mod.ts";
import { boolean, type Decoded, list, object, oneOf, optional, string } from "../../core/schema.ts";
import type { Ports } from "../../ports/mod.ts";
import { MANIFEST_FILE } from "../../registry/mod.ts";
import { readYaml, texts } from "../config/mod.ts";

const MANIFEST = object({
  type: optional(oneOf(["library", "application", "agent", "plugin"])),
  description: string({ default: "" }),
  embed: texts(),
  publish: object({
    runtime: optional(object({
      source: string({ default: ".wippy.yaml" }),
      sections: list(string({ nonEmpty: true })),
      vars: list(string({ nonEmpty: true })),
    })),
    profiles: object({
      enabled: boolean({ default: false }),
      source: string({ default: ".wippy.yaml" }),
      include: optional(list(string({ nonEmpty: true }))),
    }),
  }),
});

/** A decoded manifest. */
export type PackManifest = Decoded<typeof MANIFEST>;

/** Reads the manifest in `folder`; all defaults when there is none. Fails with Invalid naming file and line. */
export function readPackManifest(
  { files, yaml }: Pick<Ports, "files" | "yaml">,
  folder: string,
): PackManifest {
  const path = files.resolve(folder, MANIFEST_FILE);
  const scope = { path: "", ns: "", references: [] };
  if (files.stat(path) === undefined) return MANIFEST.decode({}, scope);
  const file = readYaml(files.readText(path), MANIFEST_FILE, yaml);
  try {
    return MANIFEST.decode(file.values, scope);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const where = String(error.details?.path ?? "").split(/[.[\]]+/).filter((part) => part !== "");
    throw new Failure("Invalid", `${file.origin(where)}: ${error.message}`, {
      retryable: false,
      cause: error,
    });
  }
}
