/** What a thread has to do to have a guest: plain data. */

import type { FailureKind } from "../core/mod.ts";
import type { WitFunction } from "./wit_type.ts";

/** Something that an instance exports. */
export interface CoreRef {
  /** Place of the instance in the plan. */
  readonly instance: number;
  readonly name: string;
}

/** What is there in the place of an import that nobody provides: a function `call` that fails. */
export interface MissingImport {
  readonly kind: "missing";
  readonly failure: { readonly kind: FailureKind; readonly message: string };
}

/** A function of the host, as `call`; its memory is looked for when it is called, since it may be made later. */
export interface HostImport {
  readonly kind: "host";
  readonly name: string;
  /** Whether its entry declares it; what it does not gives nothing. */
  readonly isDeclared: boolean;
  readonly signature: WitFunction;
  readonly memory: CoreRef | undefined;
  readonly realloc: CoreRef | undefined;
}

/** An instance to make: of a module, or of what others export. */
export type InstancePlan =
  | {
    readonly kind: "module";
    readonly module: number;
    readonly imports: readonly { readonly name: string; readonly instance: number }[];
    /** Whether it has to be told to begin; components do that by themselves. */
    readonly initializes: boolean;
  }
  | MissingImport
  | HostImport
  /** A function `call` that lets a resource of the host go. */
  | { readonly kind: "drop" }
  | {
    readonly kind: "bundle";
    readonly exports: readonly { readonly name: string; readonly ref: CoreRef }[];
  };

/** A guest: its modules, its instances in order, and its function. */
export interface GuestPlan {
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  readonly instances: readonly InstancePlan[];
  readonly target: CoreRef;
  readonly memory: CoreRef | undefined;
  readonly realloc: CoreRef | undefined;
  /** Called with what the function gave, once that has been read. */
  readonly after: CoreRef | undefined;
}
