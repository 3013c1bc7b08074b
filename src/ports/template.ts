/** Sets of templates: provided by `template.set`, filled by `template.jet`, used by the `templates` module. */
import { defineResource } from "./resource.ts";

/** Templates that refer to each other by name. */
export interface TemplateSet {
  /**
   * Renders a template. `data` is a table of Lua or plain data. Fails with NotFound `template not found`, and with Internal
   * when rendering does.
   */
  render(name: string, data: unknown): string;
  /** Adds or replaces the template of entry `id`. Fails with Invalid when it is malformed, Conflict when the name is taken. */
  put(id: string, name: string, source: string): void;
  /** Removes the template of entry `id`. */
  remove(id: string): void;
}

/** Resource type of template sets. */
export const TemplateSetResource = defineResource<TemplateSet>("template set");
