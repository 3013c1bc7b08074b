/** What guests hold of the host: objects by number, as the component model hands out resources. */
import { Failure, GUEST_HANDLES_MAX } from "../../core/mod.ts";

/** Something that a guest may hold. */
export abstract class Resource {
  /** Called when the guest has let it go. */
  drop(): void {}
}

/** The objects of one instance. */
export class Handles {
  readonly #resources = new Map<number, Resource>();
  #last = 0;

  /** The number of an object that the guest gets. */
  add(resource: Resource): number {
    if (this.#resources.size >= GUEST_HANDLES_MAX) {
      throw new Failure(
        "LimitExceeded",
        `it holds ${GUEST_HANDLES_MAX} resources; a guest holds no more at once`,
      );
    }
    this.#resources.set(++this.#last, resource);
    return this.#last;
  }

  /** The object behind a number that a guest gives, which must be of that class. */
  get<T extends Resource>(handle: unknown, kind: abstract new (...args: never[]) => T): T {
    const resource = this.#resources.get(handle as number);
    if (resource instanceof kind) return resource;
    throw new Failure(
      "Internal",
      `the guest gave ${handle} in the place of a resource that it does not hold`,
    );
  }

  /** Lets an object go. */
  drop(handle: number): void {
    const resource = this.#resources.get(handle);
    if (resource === undefined) {
      throw new Failure("Internal", `the guest dropped ${handle}, a resource that it does not hold`);
    }
    this.#resources.delete(handle);
    resource.drop();
  }
}
