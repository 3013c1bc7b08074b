/**
 * Numbers of native members: stable names for machines of what code asks of the outside.
 *
 * D1. A number stands for one member of one module. 1 to 255 belong to the modules of the program, each with a range of its own; from
 *     256 on they are for those who embed it. A number twice, out of its range or for a member that there is not keeps the
 *     program from starting.
 * D2. Numbers are taken in when a module is, and never change after that.
 */
import { Failure } from "../core/mod.ts";
import type { ModuleDefinition } from "./module.ts";

/** First and last number of each module that has some. */
const RANGES: Readonly<Record<string, readonly [first: number, last: number]>> = {
  process: [1, 9],
  time: [10, 29],
  stream: [50, 59],
  http_client: [60, 69],
  websocket: [80, 89],
  events: [90, 99],
  sql: [100, 119],
  store: [120, 129],
  security: [130, 139],
  funcs: [140, 149],
  exec: [150, 159],
  cloudstorage: [160, 169],
  eval_runner: [170, 179],
  workflow: [180, 189],
  contract: [190, 199],
  pg: [200, 211],
};

/** First number that is free for modules beside those of the program. */
export const CUSTOM_COMMANDS = 256;

/** Numbers by label: `module.member`, or `Class:method` with the name of the class. */
export class CommandNumbers {
  readonly #labels = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  readonly #byModule = new Map<string, ReadonlyMap<string, number>>();

  /** Takes in the numbers of a module. Fails with Conflict for one that is taken, with Invalid for one that can't be. */
  add(definition: ModuleDefinition): void {
    const { name, numbers = {} } = definition;
    if (this.#byModule.has(name)) return;
    const own = new Map<string, number>();
    for (const [member, number] of Object.entries(numbers)) {
      const label = labelOf(definition, member);
      checkRange(name, label, number);
      const owner = this.#labels.get(number);
      if (owner !== undefined) {
        throw new Failure("Conflict", `command ${number} is defined twice: ${owner} and ${label}`, {
          retryable: false,
        });
      }
      this.#labels.set(number, label);
      this.#numbers.set(label, number);
      own.set(label, number);
    }
    this.#byModule.set(name, own);
  }

  /** The number of a member, by its label. */
  of(label: string): number | undefined {
    return this.#numbers.get(label);
  }

  /** Numbers of a module that was taken in, by label. */
  inModule(module: string): ReadonlyMap<string, number> {
    return this.#byModule.get(module) ?? new Map();
  }
}

function checkRange(module: string, label: string, number: number): void {
  const [first, last] = RANGES[module] ?? [CUSTOM_COMMANDS, Number.MAX_SAFE_INTEGER];
  if (Number.isInteger(number) && number >= first && number <= last) return;
  const wanted = last === Number.MAX_SAFE_INTEGER ? `${first} or more` : `${first} to ${last}`;
  throw invalid(`${label} has number ${number}; it must be a whole number, ${wanted}`);
}

/** The label of a member of a module, or of a method of one of its classes. Fails with Invalid when there is none. */
function labelOf(definition: ModuleDefinition, member: string): string {
  const { commands, functions, name, objects } = definition;
  const [className, method] = member.split(":", 2) as [string, string | undefined];
  if (method === undefined) {
    if (commands?.[member] !== undefined || functions?.[member] !== undefined) return `${name}.${member}`;
  } else {
    const found = objects?.find((object) =>
      object.name === className || object.name === `${name}.${className}`
    );
    const isThere = method === "call" && found?.invoke !== undefined ||
      found?.commands?.[method] !== undefined || found?.methods?.[method] !== undefined;
    if (isThere) return `${found!.name}:${method}`;
  }
  throw invalid(`${name}: ${member} has a number, but there is no such member`);
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}
