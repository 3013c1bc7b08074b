/** The templates of one `template.set` entry, with the entries they come from. */
import { Failure } from "../../core/mod.ts";
import type { TemplateSet } from "../../ports/mod.ts";
import { JetTemplates, type TemplateSetOptions } from "../../template/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";

/** A set that knows which entry each template belongs to. */
export class JetSet implements TemplateSet {
  readonly #templates: JetTemplates;
  readonly #names = new Map<string, string>();

  constructor(options: TemplateSetOptions) {
    this.#templates = new JetTemplates(options);
  }

  /** Changes the options; see `JetTemplates.configure`. */
  configure(options: TemplateSetOptions): void {
    this.#templates.configure(options);
  }

  render(name: string, data: unknown): string {
    return this.#templates.render(name, data as LuaValue);
  }

  put(id: string, name: string, source: string): void {
    for (const [other, taken] of this.#names) {
      if (taken !== name || other === id) continue;
      throw new Failure("Conflict", `template name "${name}" belongs to ${other}: set meta.name`, {
        retryable: false,
      });
    }
    this.#templates.put(name, source);
    const previous = this.#names.get(id);
    if (previous !== undefined && previous !== name) this.#templates.remove(previous);
    this.#names.set(id, name);
  }

  remove(id: string): void {
    const name = this.#names.get(id);
    if (name === undefined) return;
    this.#names.delete(id);
    this.#templates.remove(name);
  }
}
