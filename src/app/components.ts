/**
 * Components: the parts an application is assembled from, brought up in order of dependency and down in reverse.
 *
 * P1. A component is loaded after all it requires; those of one level load in parallel.
 * P2. Started after all of them are loaded and the context is sealed; stopped in reverse order of start, each once.
 * P3. When one fails to load or start, those already started are stopped before the failure is passed on.
 */
import { Failure } from "../core/mod.ts";
import type { Log } from "../ports/mod.ts";
import type { ApplicationContext } from "./context.ts";

/** A part of an application. */
export interface Component {
  readonly name: string;
  /** Names of components that must be loaded first. */
  readonly requires?: readonly string[];
  /** Makes what it offers and provides it to the context. */
  load?(context: ApplicationContext): void | Promise<void>;
  /** Begins to work; the context is sealed by then. */
  start?(context: ApplicationContext): void | Promise<void>;
  /** Ends work. `signal` aborts when the time for an orderly end is over. */
  stop?(context: ApplicationContext, signal: AbortSignal): void | Promise<void>;
}

/** Components by level: each level requires only earlier ones. Fails with Invalid for unknown names and cycles. */
export function componentLevels(components: readonly Component[]): Component[][] {
  const byName = new Map<string, Component>();
  for (const component of components) {
    if (byName.has(component.name)) {
      throw new Failure("Invalid", `two components are called ${component.name}`);
    }
    byName.set(component.name, component);
  }
  const levels = new Map<Component, number>();
  const visit = (component: Component, trail: string[]): number => {
    const known = levels.get(component);
    if (known !== undefined) return known;
    if (trail.includes(component.name)) {
      const cycle = [...trail.slice(trail.indexOf(component.name)), component.name].join(" -> ");
      throw new Failure("Invalid", `components require each other: ${cycle}`);
    }
    let level = 0;
    for (const name of component.requires ?? []) {
      const required = byName.get(name);
      if (required === undefined) {
        throw new Failure("Invalid", `component ${component.name} requires ${name}, which there is not`);
      }
      level = Math.max(level, visit(required, [...trail, component.name]) + 1);
    }
    levels.set(component, level);
    return level;
  };
  const result: Component[][] = [];
  for (const component of components) (result[visit(component, [])] ??= []).push(component);
  return result;
}

/** The components of one application, up or down. */
export class ComponentSet {
  readonly #levels: Component[][];
  readonly #context: ApplicationContext;
  readonly #log: Log;
  #started: Component[] = [];

  constructor(components: readonly Component[], context: ApplicationContext, log: Log) {
    this.#levels = componentLevels(components);
    this.#context = context;
    this.#log = log;
  }

  /** Loads all, seals the context, starts all. */
  async start(): Promise<void> {
    for (const level of this.#levels) {
      await settleAll(level.map(async (component) => {
        await component.load?.(this.#context);
        this.#log.named("boot").debug("component loaded", { component: component.name });
      }));
    }
    this.#context.seal();
    try {
      for (const level of this.#levels) {
        await settleAll(level.map(async (component) => {
          await component.start?.(this.#context);
          this.#started.push(component);
        }));
      }
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
  }

  /** Stops what was started, last first. A component that fails to stop is logged and does not hold up the others. */
  async stop(signal: AbortSignal): Promise<void> {
    const started = this.#started;
    this.#started = [];
    for (const component of started.reverse()) {
      try {
        await component.stop?.(this.#context, signal);
      } catch (error) {
        this.#log.error("component did not stop", { component: component.name, error: String(error) });
      }
    }
  }
}

/** Waits for all, then fails with the first failure. */
async function settleAll(promises: Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === "rejected") throw result.reason;
  }
}
