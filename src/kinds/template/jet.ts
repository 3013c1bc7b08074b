/** `template.jet`: one template of a set. */
import { Failure, parseEntryId, schema } from "../../core/mod.ts";
import { type Resources, type TemplateSet, TemplateSetResource } from "../../ports/mod.ts";
import { defineKind, type Entry, type Opened } from "../../registry/mod.ts";

const CONFIG = schema.object({
  set: schema.reference({ doc: "Template set it belongs to." }),
  source: schema.string({ doc: "The template; `file://` paths are inlined at load." }),
});

/** A live template and the set it was put into. */
interface OpenedTemplate extends Opened<never> {
  readonly set: string;
}

function setOf(resources: Resources, id: string): TemplateSet {
  const set = resources.find(TemplateSetResource, id);
  if (set === undefined) {
    throw new Failure("NotFound", `set: there is no template set ${id}`, { retryable: false });
  }
  return set;
}

/** The name by which other templates refer to it. */
function nameOf(entry: Entry): string {
  const name = entry.meta["name"];
  return typeof name === "string" && name !== "" ? name : parseEntryId(entry.id).name;
}

export default defineKind({
  name: "template.jet",
  doc: "A template in Jet syntax.",
  config: CONFIG,
  verbatim: ["source"],
  partOf: "set",
  open({ id, entry, config, resources }): OpenedTemplate {
    setOf(resources, config.set).put(id, nameOf(entry), config.source);
    return { set: config.set };
  },
  change(current, { id, entry, config, resources }): OpenedTemplate {
    const { set } = current as OpenedTemplate;
    setOf(resources, config.set).put(id, nameOf(entry), config.source);
    if (set !== config.set) resources.find(TemplateSetResource, set)?.remove(id);
    return { ...current, set: config.set };
  },
  close(current, { id, resources }) {
    resources.find(TemplateSetResource, (current as OpenedTemplate).set)?.remove(id);
  },
});
