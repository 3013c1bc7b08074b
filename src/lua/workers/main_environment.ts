/** The variables of the application, asked of the main worker by another one. */
import type { Value } from "../../core/mod.ts";
import { Failure } from "../../core/mod.ts";
import type { Environment, EnvVariable } from "../../ports/mod.ts";
import type { LuaValue } from "../../vm/mod.ts";
import type { MainSide } from "./main_side.ts";
import { recordOf } from "./wire.ts";

/** Names of what is asked. */
export const ENVIRONMENT = {
  variable: "env.variable",
  get: "env.get",
  set: "env.set",
  all: "env.all",
} as const;

/** Variables by way of the main worker, which registers them. */
export class MainEnvironment implements Environment {
  readonly #side: MainSide;

  constructor(side: MainSide) {
    this.#side = side;
  }

  variable(nameOrId: string): EnvVariable | undefined {
    const found = this.#side.ask(ENVIRONMENT.variable, [nameOrId]);
    return found === null ? undefined : { default: undefined, ...recordOf(found) } as unknown as EnvVariable;
  }

  async get(nameOrId: string): Promise<string | undefined> {
    return await this.#side.request(ENVIRONMENT.get, [nameOrId]) as string | null ?? undefined;
  }

  async set(nameOrId: string, value: string): Promise<void> {
    await this.#side.request(ENVIRONMENT.set, [nameOrId, value]);
  }

  async all(): Promise<Record<string, string>> {
    return recordOf(await this.#side.request(ENVIRONMENT.all, [])) as Record<string, string>;
  }

  register(): void {
    throw new Failure("Internal", "variables are registered on the main worker");
  }

  unregister(): void {
    this.register();
  }
}

/** What the main worker answers: at once, or later. */
export function environmentAnswers(environment: Environment): {
  now: Readonly<Record<string, (args: LuaValue[]) => LuaValue>>;
  later: Readonly<Record<string, (args: LuaValue[]) => LuaValue | Promise<LuaValue>>>;
} {
  return {
    now: {
      [ENVIRONMENT.variable]: ([name]) => {
        const found = environment.variable(String(name));
        return found === undefined ? null : { ...found } as Value as LuaValue;
      },
    },
    later: {
      [ENVIRONMENT.get]: async ([name]) => await environment.get(String(name)) ?? null,
      [ENVIRONMENT.set]: async ([name, value]) => {
        await environment.set(String(name), String(value));
        return null;
      },
      [ENVIRONMENT.all]: () => environment.all(),
    },
  };
}
