/** What the storages of variables have in common: the resource they provide and their events. */
import type { Decoded, Field } from "../../core/mod.ts";
import { type EnvStorage, EnvStorageResource } from "../../ports/mod.ts";
import { defineKind, type KindContext, type KindDefinition } from "../../registry/mod.ts";

/** The parts of a storage kind that differ. */
export interface StorageKind<F extends Field<unknown>> {
  readonly name: string;
  readonly doc: string;
  readonly config: F;
  /** Makes the storage; a thrown Failure rejects the entry. */
  readonly create: (context: KindContext<Decoded<F>>) => EnvStorage;
}

/** A kind that provides an env storage and announces it on the bus. */
export function storageKind<F extends Field<unknown>>(kind: StorageKind<F>): KindDefinition {
  return defineKind({
    name: kind.name,
    announces: {
      system: "env",
      register: "storage.register",
      update: "storage.update",
      remove: "storage.delete",
      accept: "accept",
      reject: "reject",
    },
    doc: kind.doc,
    config: kind.config,
    provides: EnvStorageResource,
    open(context) {
      const resource = kind.create(context);
      return { resource };
    },
    change(_current, context) {
      const resource = kind.create(context);
      return { resource };
    },
  });
}
