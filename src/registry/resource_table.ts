/** Live resources: what kinds provide under their entries' ids. */
import type { Resources, ResourceType } from "../ports/mod.ts";

/** Resources of one application. An id has one resource; providing again replaces it. */
export class ResourceTable implements Resources {
  readonly #items = new Map<string, { type: string; resource: unknown }>();

  find<T>(type: ResourceType<T>, id: string): T | undefined {
    const item = this.#items.get(id);
    return item?.type === type.name ? item.resource as T : undefined;
  }

  typeOf(id: string): string | undefined {
    return this.#items.get(id)?.type;
  }

  provide<T>(type: ResourceType<T>, id: string, resource: T): void {
    this.#items.set(id, { type: type.name, resource });
  }

  withdraw(id: string): void {
    this.#items.delete(id);
  }
}
