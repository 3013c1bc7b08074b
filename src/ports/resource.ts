/**
 * Where modules and entry kinds meet: a kind provides a resource under its entry's id, a module asks for it by type.
 */

/** Names a resource type `T`. Two types are the same when their names are. */
export interface ResourceType<T> {
  readonly name: string;
  readonly phantom?: T;
}

/** Declares a resource type. */
export function defineResource<T>(name: string): ResourceType<T> {
  return { name };
}

/** Live resources by entry id. */
export interface Resources {
  /** The resource of `type` at `id`; undefined when there is none or it has another type. */
  find<T>(type: ResourceType<T>, id: string): T | undefined;
  /** All resources of `type`, by id in order of the alphabet. */
  all<T>(type: ResourceType<T>): [id: string, resource: T][];
  /** Name of the type provided at `id`, if any. */
  typeOf(id: string): string | undefined;
  provide<T>(type: ResourceType<T>, id: string, resource: T): void;
  withdraw(id: string): void;
}
