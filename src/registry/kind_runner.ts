/**
 * Brings entries to life and takes them down: the way from an operation of a change set to a kind's `open`, `change`, `close`.
 *
 * Owns what is live per entry: the opened resource, its supervised service, the references found in it. What is offered and in
 * which order belongs to `Registry`.
 *
 * KR1. A rejected operation leaves things as they were: a failed open leaves nothing, a failed change the previous state, a
 *      refused close the live entry. A close that fails in another way than by a Failure counts as done.
 * KR2. Placeholders are resolved here and only here; the stored entry keeps its text.
 * KR3. An operation that takes longer than its limit is rejected. When it ends after all, its effect is taken back, and the
 *      next operation on that entry waits for this.
 * KR4. A service is stopped before its entry is closed, and registered after its resource is provided.
 */
import { asFailure, Failure, isValueMap, parseEntryId, type Value, valuesEqual } from "../core/mod.ts";
import type { Clock, Lifecycle, ResourceType } from "../ports/mod.ts";
import { inverseOf, type Operation } from "./change_set.ts";
import type { Entry } from "./entry.ts";
import type { KindContext, KindDefinition, KindServices, Opened } from "./kind.ts";
import type { KindTable } from "./kind_table.ts";
import { decodeLifecycle } from "./lifecycle.ts";
import { hasPlaceholders, resolvePlaceholders } from "./placeholder.ts";

interface Live {
  readonly entry: Entry;
  readonly definition: KindDefinition;
  readonly opened: Opened<unknown>;
  readonly lifecycle: Lifecycle | undefined;
  readonly references: readonly string[];
  /** The configuration it was opened or changed with. */
  readonly config: unknown;
}

/** What a decoded entry is opened with. */
interface Prepared {
  readonly definition: KindDefinition;
  readonly context: KindContext<unknown>;
  readonly config: unknown;
  readonly lifecycle: () => Lifecycle;
  readonly references: readonly string[];
}

/** Entries of the version being built, and who needs whom among them. */
export interface RunView {
  readonly entries: KindServices["entries"];
  readonly references: (entry: Entry) => readonly string[];
}

/** What a runner works with. */
export interface KindRunnerOptions {
  readonly kinds: KindTable;
  /** Everything but `entries`, which changes with each version. */
  readonly services: Omit<KindServices, "entries">;
  readonly clock: Clock;
  /** Longest wait for one operation, in milliseconds. */
  readonly timeoutMs: number;
}

/** Runs entries through their kinds. */
export class KindRunner {
  readonly #kinds: KindTable;
  readonly #services: Omit<KindServices, "entries">;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #live = new Map<string, Live>();
  /** Operations that outlived their limit, by entry. */
  readonly #late = new Map<string, Promise<void>>();

  constructor(options: KindRunnerOptions) {
    this.#kinds = options.kinds;
    this.#services = options.services;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Ids of live entries, in order of opening. */
  live(): string[] {
    return [...this.#live.keys()];
  }

  /** Carries out an operation; rejects with a Failure when the kind refuses or the limit is over. */
  async run(operation: Operation, view: RunView): Promise<void> {
    const { id } = operation.entry;
    const { promise: limit, reject } = Promise.withResolvers<never>();
    const attempt = { isOver: false };
    const timer = this.#clock.timer(this.#timeoutMs, () => {
      attempt.isOver = true;
      const seconds = this.#timeoutMs / 1000;
      const message =
        `${operation.entry.kind} neither accepted nor rejected ${operation.kind} within ${seconds} s`;
      reject(new Failure("Timeout", message, { retryable: true }));
    });
    const work = this.#after(id, operation, view, attempt);
    try {
      await Promise.race([work, limit]);
    } catch (error) {
      if (attempt.isOver) this.#takeBackWhenDone(id, operation, view, work);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /**
   * Changes a live entry when its placeholders stand for something else now; whether they do. Rejects like `run`, and the
   * entry goes on with what it had.
   */
  async refresh(entry: Entry, view: RunView): Promise<boolean> {
    const live = this.#live.get(entry.id);
    if (live === undefined) return false;
    const prepared = await this.#prepare(entry, view);
    const lifecycle = live.lifecycle === undefined ? undefined : prepared.lifecycle();
    if (isSame(live.config, prepared.config) && isSame(live.lifecycle, lifecycle)) return false;
    await this.run({ kind: "entry.update", entry, original: entry }, view);
    return true;
  }

  async #after(
    id: string,
    operation: Operation,
    view: RunView,
    attempt: { readonly isOver: boolean },
  ): Promise<void> {
    const late = this.#late.get(id);
    if (late !== undefined) await late;
    // Nobody waits for it any more, and nothing has happened that would have to be taken back.
    if (attempt.isOver) throw new Failure("Canceled", "given up before it began");
    await this.#perform(operation, view);
  }

  #takeBackWhenDone(id: string, operation: Operation, view: RunView, work: Promise<void>): void {
    const log = this.#services.log.named("registry");
    const back = work.then(() => this.#perform(inverseOf(operation), view)).catch((error) => {
      // Either it failed late, which leaves things as they were, or taking it back failed.
      log.warn("late operation", { id, operation: operation.kind, error: asFailure(error).message });
    }).finally(() => {
      if (this.#late.get(id) === back) this.#late.delete(id);
    });
    this.#late.set(id, back);
  }

  async #perform(operation: Operation, view: RunView): Promise<void> {
    const { entry, kind } = operation;
    const { announces } = this.#kinds.require(entry.kind);
    const tell = (event: string | undefined, data?: string): void => {
      if (announces === undefined || event === undefined) return;
      const { system } = announces;
      this.#services.bus.send({
        system,
        kind: event,
        path: entry.id,
        ...(data === undefined ? {} : { data }),
      });
    };
    if (kind === "entry.delete") {
      await this.#close(entry.id, view);
      tell(announces?.remove);
      return;
    }
    tell(kind === "entry.create" ? announces?.register : announces?.update ?? announces?.register);
    try {
      if (kind === "entry.create") await this.#open(entry, view);
      else await this.#change(entry, view);
    } catch (error) {
      tell(announces?.reject, asFailure(error).message);
      throw error;
    }
    tell(announces?.accept);
  }

  async #prepare(entry: Entry, view: RunView): Promise<Prepared> {
    const definition = this.#kinds.require(entry.kind);
    const { ns } = parseEntryId(entry.id);
    let { data } = entry;
    if (definition.internal !== true && !isValueMap(data)) {
      throw new Failure("Invalid", "data must be a map", { retryable: false });
    }
    if (definition.internal !== true && hasPlaceholders(data, definition.verbatim)) {
      data = await resolvePlaceholders(data, this.#services.environment, definition.verbatim);
    }
    const config = definition.config.decode(data, { path: "", ns, references: [] });
    const context = { ...this.#services, entries: view.entries, entry, id: entry.id, ns, config };
    return {
      definition,
      context,
      config,
      lifecycle: () => decodeLifecycle(data["lifecycle"], ns),
      references: view.references(entry),
    };
  }

  async #open(entry: Entry, view: RunView): Promise<void> {
    const prepared = await this.#prepare(entry, view);
    const { internal } = prepared.definition;
    const work = prepared.definition.open(prepared.context);
    const opened = work instanceof Promise ? await work : work;
    if (internal === true) return;
    try {
      await this.#install(entry, prepared, opened, undefined);
    } catch (error) {
      await this.#discard(prepared, opened, view);
      throw error;
    }
  }

  /** Provides the resource and registers the service of what was opened. */
  async #install(
    entry: Entry,
    prepared: Pick<Prepared, "definition" | "lifecycle" | "references"> & { readonly config: unknown },
    opened: Opened<unknown>,
    before: Live | undefined,
  ): Promise<void> {
    const { config, definition, references } = prepared;
    const { resources, services } = this.#services;
    const lifecycle = opened.service === undefined ? undefined : prepared.lifecycle();
    const provided = definition.provides as ResourceType<unknown> | undefined;
    const isProvided = provided !== undefined && opened.resource !== undefined;
    if (before?.definition.provides !== undefined && !isProvided) resources.withdraw(entry.id);
    if (isProvided && opened.resource !== before?.opened.resource) {
      resources.provide(provided, entry.id, opened.resource);
    }
    this.#live.set(entry.id, { entry, definition, opened, lifecycle, references, config });
    if (opened.service === undefined) {
      if (before?.opened.service !== undefined) await services.remove(entry.id);
      return;
    }
    const same = before !== undefined && before.opened.service === opened.service &&
      isSame(before.lifecycle, lifecycle) &&
      valuesEqual([...before.references], [...references]);
    if (!same) await services.register(entry.id, opened.service, lifecycle!, references);
  }

  /** Takes back an open that went wrong after the kind had done its part. */
  async #discard(prepared: Prepared, opened: Opened<unknown>, view: RunView): Promise<void> {
    const { id, entry } = prepared.context;
    this.#live.delete(id);
    try {
      if (opened.service !== undefined) await this.#services.services.remove(id);
      this.#services.resources.withdraw(id);
      await prepared.definition.close?.(opened, { ...this.#services, entries: view.entries, id, entry });
    } catch (error) {
      this.#services.log.named("registry").error("entry could not be closed", {
        id,
        error: asFailure(error).message,
      });
    }
  }

  async #change(entry: Entry, view: RunView): Promise<void> {
    const current = this.#live.get(entry.id);
    if (current === undefined) return await this.#open(entry, view);
    const prepared = await this.#prepare(entry, view);
    const { definition } = prepared;
    if (definition === current.definition && definition.change !== undefined) {
      const work = definition.change(current.opened, prepared.context, current.entry);
      await this.#install(entry, prepared, work instanceof Promise ? await work : work, current);
      return;
    }
    await this.#close(entry.id, view);
    try {
      await this.#open(entry, view);
    } catch (error) {
      await this.#restore(current.entry, view);
      throw error;
    }
  }

  async #restore(entry: Entry, view: RunView): Promise<void> {
    try {
      await this.#open(entry, view);
    } catch (error) {
      const message = "entry could not be opened again after a rejected change";
      this.#services.log.named("registry").error(message, { id: entry.id, error: asFailure(error).message });
    }
  }

  async #close(id: string, view: RunView): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) return;
    if (live.opened.service !== undefined) await this.#services.services.remove(id);
    this.#services.resources.withdraw(id);
    this.#live.delete(id);
    const { definition, entry, opened } = live;
    try {
      await definition.close?.(opened, { ...this.#services, entries: view.entries, id, entry });
    } catch (error) {
      if (!(error instanceof Failure)) {
        // A mistake of the kind is no refusal: there is nothing to go back to.
        const fields = { id, error: asFailure(error).message };
        this.#services.log.named("registry").error("entry could not be closed", fields);
        return;
      }
      await this.#install(entry, { ...live, lifecycle: () => live.lifecycle! }, opened, undefined);
      throw error;
    }
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return valuesEqual(a as Value, b as Value);
}
