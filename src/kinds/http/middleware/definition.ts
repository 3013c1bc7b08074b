/**
 * What a middleware is made of, and how its options are read.
 *
 * MO1. `cors.allow.origins` is also read as `cors_allow_origins` and, for names of several words, as `allow_origins`.
 */
import { Failure, parseDurationNs } from "../../../core/mod.ts";
import type { KindServices } from "../../../registry/mod.ts";
import type { Middleware } from "../answer.ts";
import type { HttpServer } from "../http_server.ts";

/** Where a middleware is used and with what. */
export interface MiddlewareContext {
  readonly options: MiddlewareOptions;
  /** Before the route is looked for, or after it was found. */
  readonly stage: "before" | "after";
  /** Id of the entry that lists it, and its namespace. */
  readonly entryId: string;
  readonly ns: string;
  readonly services: KindServices;
  readonly server: HttpServer;
}

/** A middleware by name. */
export interface MiddlewareDefinition {
  readonly name: string;
  /** Prefix of its options. */
  readonly prefix: string;
  /** Fails with Invalid when an option is wrong. */
  create(context: MiddlewareContext): Middleware;
}

/** Declares a middleware. */
export function defineMiddleware(definition: MiddlewareDefinition): MiddlewareDefinition {
  return definition;
}

/** Options of one middleware. */
export class MiddlewareOptions {
  readonly #options: Readonly<Record<string, string>>;
  readonly #prefix: string;

  constructor(options: Readonly<Record<string, string>>, prefix: string) {
    this.#options = options;
    this.#prefix = prefix;
  }

  /** The option as written; `older` are further names it was known by. */
  find(name: string, ...older: string[]): string | undefined {
    const full = `${this.#prefix}.${name}`;
    const short = name.replaceAll(".", "_");
    const names = [full, full.replaceAll(".", "_"), ...(short.includes("_") ? [short] : []), ...older];
    for (const candidate of names) {
      const value = this.#options[candidate];
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** A text, with a default. */
  text(name: string, fallback: string, ...older: string[]): string {
    return this.find(name, ...older) ?? fallback;
  }

  /** A text that must be there. */
  required(name: string, ...older: string[]): string {
    const value = this.find(name, ...older);
    if (value === undefined || value === "") throw this.invalid(name, "is required");
    return value;
  }

  /** A comma-separated list without blanks. */
  list(name: string, fallback: string, ...older: string[]): string[] {
    return this.text(name, fallback, ...older).split(",").map((item) => item.trim()).filter((item) =>
      item !== ""
    );
  }

  /** `true` or `false`. */
  flag(name: string, fallback: boolean, ...older: string[]): boolean {
    const value = this.find(name, ...older);
    if (value === undefined || value === "") return fallback;
    if (value !== "true" && value !== "false") {
      throw this.invalid(name, `must be true or false, got "${value}"`);
    }
    return value === "true";
  }

  /** A whole number not below `min`. */
  integer(name: string, fallback: number, min: number): number {
    const value = this.find(name);
    if (value === undefined || value === "") return fallback;
    const number = Number(value);
    if (!Number.isSafeInteger(number) || number < min) {
      throw this.invalid(name, `must be a whole number from ${min} on, got "${value}"`);
    }
    return number;
  }

  /** A positive duration, in milliseconds. */
  duration(name: string, fallback: string): number {
    const value = this.text(name, fallback);
    const ns = parseDurationNs(value);
    if (ns === undefined || ns <= 0) {
      throw this.invalid(name, `must be a duration such as 30s or 5m, got "${value}"`);
    }
    return ns / 1e6;
  }

  /** One of some words. */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name, fallback);
    if (!choices.includes(value as T)) {
      throw this.invalid(name, `must be one of ${choices.join(", ")}, got "${value}"`);
    }
    return value as T;
  }

  /** A failure that names an option. */
  invalid(name: string, problem: string): Failure {
    return new Failure("Invalid", `option ${this.#prefix}.${name} ${problem}`, { retryable: false });
  }
}
