/**
 * Offers ordered change sets to kinds: all of them accepted, or everything undone.
 *
 * T1. Bus events of system `registry`: `registry.begin`, one `entry.*` and one verdict per operation, `registry.commit` or
 *     `registry.discard`. Entries of internal kinds are carried out without events.
 * T2. Undoing is the inverse, last operation first. What can't be undone is logged and does not stop the rest.
 * T3. A long change set lets the rest of the program run now and then.
 */
import { asFailure, Failure } from "../core/mod.ts";
import { entryValue, inverseOf, type Operation } from "./change_set.ts";
import { orderEntries, orderOperations } from "./dependency_order.ts";
import type { Entry, EntryOrigin } from "./entry.ts";
import type { KindServices } from "./kind.ts";
import { KindRunner, type RunView } from "./kind_runner.ts";
import type { KindTable } from "./kind_table.ts";
import { RegistryState } from "./state.ts";

/** Longest the program waits while one change set is offered, in milliseconds. */
const UNBROKEN_MS = 5;

/** What transactions work with. */
export interface TransactionOptions {
  readonly kinds: KindTable;
  readonly services: () => Omit<KindServices, "entries">;
  readonly timeoutMs: number;
  /** Where an entry stands in definition files. */
  readonly origin: (id: string) => EntryOrigin | undefined;
}

/** Carries out change sets on live entries. */
export class Transactions {
  readonly #options: TransactionOptions;
  #runner: KindRunner | undefined;
  /** Ids of entries that are there to be found, and that no kind is told of. */
  dormant: ReadonlySet<string> = new Set();

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  /** Offers `operations` and runs `store`; when one of them fails everything is undone and the failure passed on. */
  async run(
    operations: readonly Operation[],
    before: RegistryState,
    after: RegistryState,
    store: () => void | Promise<void>,
  ): Promise<void> {
    const { kinds, services } = this.#options;
    const { bus, ports: { clock } } = services();
    for (const { entry } of operations) this.#checkKind(entry);
    const view = this.#view(after);
    const done: Operation[] = [];
    bus.send({ system: "registry", kind: "registry.begin", path: "" });
    try {
      for (const listener of kinds.listeners) listener.begin?.();
      let since = clock.monotonicMs();
      for (const operation of operations) {
        await this.#offer(operation, view);
        done.push(operation);
        if (clock.monotonicMs() - since > UNBROKEN_MS) {
          await new Promise<void>((resolve) => clock.soon(resolve));
          since = clock.monotonicMs();
        }
      }
      await store();
    } catch (error) {
      bus.send({ system: "registry", kind: "registry.discard", path: "" });
      await this.#undo(done, before);
      this.#tell("discard");
      throw error;
    }
    bus.send({ system: "registry", kind: "registry.commit", path: "" });
    for (const operation of operations) this.#observed(operation);
    this.#tell("commit");
  }

  /**
   * Brings live entries up to date whose placeholders stand for something else since `changed` did: the variables and storages
   * of that name. An entry that refuses goes on with what it had, and is logged.
   */
  async refresh(changed: ReadonlySet<string>, state: RegistryState): Promise<void> {
    const { kinds, services } = this.#options;
    const variables = kinds.variablesAmong(state.all());
    const view = this.#view(state);
    const isAffected = (entry: Entry): boolean => {
      const seen = new Set<string>();
      const queue = [...variables(entry)];
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        if (changed.has(id)) return true;
        const next = seen.has(id) ? undefined : state.get(id);
        seen.add(id);
        if (next !== undefined) queue.push(...view.references(next));
      }
      return false;
    };
    const affected = [...state.all()].filter((entry) => !this.dormant.has(entry.id) && isAffected(entry));
    const ordered = orderOperations(affected.map(updateOf), state, state, view.references);
    for (const { entry } of ordered) {
      try {
        const isChanged = await this.#live().refresh(entry, view);
        if (isChanged) services().log.named("registry").info("entry follows its variables", { id: entry.id });
      } catch (error) {
        const fields = { id: entry.id, error: asFailure(error).message };
        services().log.named("registry").error("entry could not follow its variables", fields);
      }
    }
  }

  /** Closes the entries of `state` that have something to close, dependents first. */
  async closeAll(state: RegistryState): Promise<void> {
    const { kinds } = this.#options;
    const open = [...state.all()].filter(({ id, kind }) =>
      !this.dormant.has(id) && kinds.find(kind)?.endsWithRegistry !== true
    );
    if (open.length === 0) return;
    const ordered = orderEntries(open, state, kinds.referencesAmong(state.all()));
    await this.#undo(ordered.map((entry) => ({ kind: "entry.create", entry })), RegistryState.empty);
  }

  #live(): KindRunner {
    const { kinds, services, timeoutMs } = this.#options;
    this.#runner ??= new KindRunner({
      kinds,
      services: services(),
      clock: services().ports.clock,
      timeoutMs,
    });
    return this.#runner;
  }

  #view(state: RegistryState): RunView {
    return { entries: state, references: this.#options.kinds.referencesAmong(state.all()) };
  }

  #checkKind(entry: Entry): void {
    try {
      this.#options.kinds.require(entry.kind);
    } catch (error) {
      throw this.#located(entry, error);
    }
  }

  async #offer(operation: Operation, view: RunView): Promise<void> {
    const { kinds, services } = this.#options;
    const { bus } = services();
    const { entry } = operation;
    const silent = kinds.find(entry.kind)?.internal === true;
    if (!silent) {
      bus.send({ system: "registry", kind: operation.kind, path: entry.id, data: entryValue(entry) });
    }
    try {
      if (!this.dormant.has(entry.id)) await this.#live().run(operation, view);
    } catch (error) {
      const failure = this.#located(entry, error);
      if (!silent) {
        bus.send({ system: "registry", kind: "entry.reject", path: entry.id, data: failure.message });
      }
      throw failure;
    }
    if (!silent) bus.send({ system: "registry", kind: "entry.accept", path: entry.id });
  }

  /** A kind's failure with the entry's id and, when it came from a file, the place. */
  #located(entry: Entry, error: unknown): Failure {
    const failure = asFailure(error);
    const origin = this.#options.origin(entry.id);
    const place = origin === undefined ? "" : `${origin.file}:${origin.line}: `;
    const subject = failure.message.startsWith(`${entry.id}:`) ? "" : `${entry.id}: `;
    return new Failure(failure.kind, `${place}${subject}${failure.message}`, {
      retryable: failure.retryable,
      details: { ...failure.details, id: entry.id, kind: entry.kind, ...origin },
      cause: failure,
    });
  }

  async #undo(done: readonly Operation[], before: RegistryState): Promise<void> {
    const view = this.#view(before);
    for (const operation of done.toReversed()) {
      if (this.dormant.has(operation.entry.id)) continue;
      try {
        await this.#live().run(inverseOf(operation), view);
      } catch (error) {
        const fields = { id: operation.entry.id, operation: operation.kind, error: asFailure(error).message };
        this.#options.services().log.named("registry").error("change could not be undone", fields);
      }
    }
  }

  #observed({ kind, entry, original }: Operation): void {
    for (const observer of this.#options.kinds.observers(entry.kind)) {
      this.#quietly(() => {
        if (kind === "entry.create") observer.added?.(entry);
        else if (kind === "entry.update") observer.updated?.(entry, original!);
        else observer.removed?.(entry);
      });
    }
  }

  #tell(what: "commit" | "discard"): void {
    for (const listener of this.#options.kinds.listeners) this.#quietly(() => listener[what]?.());
  }

  /** Runs what can't reject. */
  #quietly(work: () => void): void {
    try {
      work();
    } catch (error) {
      const fields = { error: asFailure(error).message };
      this.#options.services().log.named("registry").error("observer failed", fields);
    }
  }
}

function updateOf(entry: Entry): Operation {
  return { kind: "entry.update", entry, original: entry };
}
