/**
 * The contract between the registry and entry kinds.
 *
 * A definition says how to decode an entry, what it provides and how to bring it to life. The runner decodes the
 * configuration (placeholders resolved), opens the resource, provides it, registers its service, and undoes all of it when
 * another operation of the change set is rejected.
 */
import type { Decoded, Field } from "../core/mod.ts";
import type {
  Bus,
  ContractDirectory,
  Environment,
  Log,
  Ports,
  Resources,
  ResourceType,
  Runtime,
  SecurityDirectory,
  Service,
  ServiceRegistry,
  Tracing,
} from "../ports/mod.ts";
import type { Entry } from "./entry.ts";

/** What every kind may use. */
export interface KindServices {
  readonly ports: Ports;
  readonly log: Log;
  readonly bus: Bus;
  readonly resources: Resources;
  readonly runtime: Runtime;
  readonly services: ServiceRegistry;
  readonly environment: Environment;
  readonly contracts: ContractDirectory;
  /** Scopes and policies by id. */
  readonly security: SecurityDirectory;
  /** Absent when nothing is traced. */
  readonly tracing?: Tracing;
  /** All entries of the version being built; they never change, another version is another object. */
  readonly entries: { get(id: string): Entry | undefined; all(): Iterable<Entry> };
  /** Directory of the first configuration file: the root of relative paths. */
  readonly baseDirectory: string;
  /** Folder that a module was loaded from, `""` for the application itself; undefined when it is not on disk. */
  readonly moduleRoot?: (module: string) => string | undefined;
}

/** What one operation works on. */
export interface KindContext<C> extends KindServices {
  readonly entry: Entry;
  readonly id: string;
  readonly ns: string;
  readonly config: C;
}

/** A live entry. */
export interface Opened<R> {
  /** Provided under the entry's id when the definition has `provides`. */
  readonly resource?: R;
  /** Supervised with the entry's `lifecycle` block when present. */
  readonly service?: Service;
}

/** How entries of a kind are told of on the event bus, with the entry's id as path. */
export interface Announcement {
  readonly system: string;
  /** Event kind before an entry is opened. */
  readonly register: string;
  /** Event kind before it is changed; default `register`. */
  readonly update?: string;
  /** Event kind after it was closed. */
  readonly remove: string;
  /** Kinds of the events that say how it went; the data of a refusal is its reason. */
  readonly accept?: string;
  readonly reject?: string;
}

/** A kind that is read when an entry first has it; here stands what must be known of it before. */
export interface KindSource extends Pick<KindDefinition, "name" | "aliases" | "partOf"> {
  load(): Promise<KindDefinition>;
}

/** An entry kind. */
export interface KindDefinition<C = unknown, R = unknown> {
  /** Kind name, e.g. `store.memory`. */
  readonly name: string;
  readonly doc?: string;
  readonly config: Field<C>;
  readonly provides?: ResourceType<R>;
  /** Paths of references outside the config fields, e.g. `meta.server`; `*` matches any key or index. */
  readonly references?: readonly string[];
  /** Data fields whose text is another name by which `${env:NAME}` refers to the entry, e.g. `variable`. */
  readonly aliases?: readonly string[];
  /** Data fields in which placeholders are plain text, e.g. the source of a function. */
  readonly verbatim?: readonly string[];
  /** Data field naming the entry that it is a part of, and comes along with where only some entries are booted. */
  readonly partOf?: string;
  /** Events of the kind's own, beside those of the registry. */
  readonly announces?: Announcement;
  /** Stored, validated by `open` and found, but never live: no bus events, no resource, nothing to close. */
  readonly internal?: boolean;
  /** Brings an entry to life. A thrown Failure rejects the change set. */
  open(context: KindContext<C>): Opened<R> | Promise<Opened<R>>;
  /** Changes a live entry in place. Absent: close, then open. A thrown Failure rejects and leaves `current` alive. */
  change?(current: Opened<R>, context: KindContext<C>, previous: Entry): Opened<R> | Promise<Opened<R>>;
  /** What `open` made is gone with the registry and needs no `close` then. */
  readonly endsWithRegistry?: boolean;
  /** Frees what `open` made; its service has been stopped before. A thrown Failure refuses and leaves `current` alive. */
  close?(current: Opened<R>, context: { id: string; entry: Entry } & KindServices): void | Promise<void>;
}

/** Declares a kind; the config field fixes the type of `context.config`. */
export function defineKind<F extends Field<unknown>, R = unknown>(
  definition: Omit<KindDefinition<Decoded<F>, R>, "config"> & { config: F },
): KindDefinition {
  return definition as unknown as KindDefinition;
}
