/**
 * `function.wat`, `function.wasm`, `process.wasm`: guests of WebAssembly as functions and processes.
 *
 * They are made for one runtime, since they add programs to it.
 */
import type { Decoded, Field } from "../core/mod.ts";
import { FACTORY_ANNOUNCEMENT, FUNCTION_ANNOUNCEMENT, luaDefinition, type LuaRuntime } from "../lua/mod.ts";
import { defineKind, type KindContext, type KindDefinition } from "../registry/mod.ts";
import { bytesOfFile, bytesOfText, planGuest, WASM_CONFIG, WAT_CONFIG } from "./definition.ts";
import { GuestCores } from "./guest_cores.ts";
import { GUEST_MODULE, GUEST_SOURCE } from "./guest_module.ts";
import { guestsOf } from "./guests.ts";

/** Names of the kinds, for who reads them when there are any. */
type Name = "function.wat" | "function.wasm" | "process.wasm";

type Bytes = Uint8Array<ArrayBuffer>;

function guestKind<F extends Field<unknown>>(
  runtime: () => LuaRuntime,
  cores: GuestCores,
  form: {
    readonly name: Name;
    readonly doc: string;
    readonly config: F;
    bytes(context: KindContext<Decoded<F>>): Bytes | Promise<Bytes>;
    fields(config: Decoded<F>): Parameters<typeof planGuest>[1];
  },
): KindDefinition {
  const isProcess = form.name === "process.wasm";
  const define = async (context: KindContext<Decoded<F>>): Promise<void> => {
    const { config, entry, id, log, ports } = context;
    const bytes = await form.bytes(context);
    const plan = await planGuest(id, form.fields(config), bytes, { isProcess, cores, ports, log });
    const { changes, modules } = runtime();
    await modules.catalog.load([GUEST_MODULE]);
    changes.define(luaDefinition(entry, {
      kind: isProcess ? "process.lua" : "function.lua",
      source: GUEST_SOURCE,
      modules: new Map([["guest", GUEST_MODULE]]),
      pool: plan.pool,
    }));
    guestsOf(runtime()).set(plan.entry);
    if (!isProcess && plan.pool.warmStart) runtime().functions.warm(id);
  };
  return defineKind({
    name: form.name,
    doc: form.doc,
    config: form.config,
    references: ["meta.default_host", "meta.options.default_host"],
    verbatim: ["source", "wit"],
    announces: isProcess ? FACTORY_ANNOUNCEMENT : FUNCTION_ANNOUNCEMENT,
    async open(context) {
      await define(context);
      return {};
    },
    async change(current, context) {
      await define(context);
      runtime().changes.announce([context.id]);
      return current;
    },
    close(_current, { id }) {
      runtime().changes.undefine(id);
      runtime().changes.announce([id]);
      guestsOf(runtime()).delete(id);
    },
  });
}

/** The kinds of WebAssembly entries, for this runtime; `reserved` processors are kept for classes of workers. */
export function wasmKinds(runtime: () => LuaRuntime, reserved = 0): KindDefinition[] {
  const cores = new GuestCores(reserved);
  const ofFile = (name: Name, doc: string): KindDefinition =>
    guestKind(runtime, cores, {
      name,
      doc,
      config: WASM_CONFIG,
      bytes: ({ config, ports, resources }) => bytesOfFile(config, resources, ports),
      fields: (config) => config,
    });
  return [
    guestKind(runtime, cores, {
      name: "function.wat",
      doc: "A function in the text format of WebAssembly.",
      config: WAT_CONFIG,
      bytes: ({ config }) => bytesOfText(config.source),
      fields: (config) => config,
    }),
    ofFile("function.wasm", "A function in a WebAssembly binary."),
    ofFile("process.wasm", "A process in a WebAssembly binary; also a command of the terminal."),
  ];
}
