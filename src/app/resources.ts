/** Live resources by entry id: where kinds put what modules ask for. */
import { Failure } from "../core/mod.ts";
import type { Bus, Resources, ResourceType } from "../ports/mod.ts";

interface Provided {
  readonly type: string;
  readonly resource: unknown;
}

/** Resources of one application; each change is announced on the bus. */
export class ResourceTable implements Resources {
  readonly #bus: Bus;
  readonly #byId = new Map<string, Provided>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  find<T>(type: ResourceType<T>, id: string): T | undefined {
    const provided = this.#byId.get(id);
    return provided?.type === type.name ? provided.resource as T : undefined;
  }

  all<T>(type: ResourceType<T>): [id: string, resource: T][] {
    const found = [...this.#byId].filter(([, provided]) => provided.type === type.name);
    return found.sort(([a], [b]) => a < b ? -1 : 1).map(([id, { resource }]) => [id, resource as T]);
  }

  typeOf(id: string): string | undefined {
    return this.#byId.get(id)?.type;
  }

  provide<T>(type: ResourceType<T>, id: string, resource: T): void {
    const previous = this.#byId.get(id);
    if (previous !== undefined && previous.type !== type.name) {
      throw new Failure("Conflict", `${id} provides ${previous.type} already`);
    }
    this.#byId.set(id, { type: type.name, resource });
    this.#bus.send({
      system: "resource",
      kind: previous ? "resource.update" : "resource.register",
      path: id,
    });
  }

  withdraw(id: string): void {
    if (this.#byId.delete(id)) this.#bus.send({ system: "resource", kind: "resource.delete", path: id });
  }
}
