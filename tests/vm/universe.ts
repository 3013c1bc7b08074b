/** A universe with the bare VM modules, for tests that need no runtime. */
import assert from "node:assert/strict";
import type { Fields, Records } from "../../src/core/mod.ts";
import {
  type Exit,
  type GlobalsRef,
  LuaPayload,
  type LuaValue,
  type ModuleMember,
  PENDING,
  precompile,
  Universe,
  Values,
} from "../../src/vm/mod.ts";

await precompile();

/** What became of one process. */
export interface Ended {
  readonly ok: boolean;
  readonly values: LuaValue[];
  readonly message: string;
  readonly kind: string;
}

/** A universe under test. */
export class TestUniverse {
  readonly universe: Universe;
  readonly printed: string[] = [];
  readonly released: number[] = [];
  /** How many objects `host.object` has given. */
  made = 0;
  readonly failures: unknown[] = [];
  /** What `host.records(i)` gives. */
  readonly records: (Records | Fields)[] = [];
  /** Lists that `host.lent` has seen. */
  readonly lists = new Set<unknown>();
  readonly #exits = new Map<number, Ended>();
  readonly #waiting: { slot: number; tag: number; value: LuaValue }[] = [];
  /** What time it is, in milliseconds; stands still unless a test moves it, or `host.late(ms)` does. */
  nowMs = 0;
  readonly #globals: GlobalsRef;
  readonly #pids = new Map<number, number>();
  #nextPid = 1;

  constructor(options: { hashSeed?: number; orderSeed?: number; budget?: number } = {}) {
    const universe = this.universe = Universe.create({
      host: {
        exited: (slot, exit) => this.#exited(slot, exit),
        released: (_classId, id) => this.released.push(id),
        failed: (_slot, error) => this.failures.push(error),
      },
      now: () => this.nowMs,
      hashSeed: options.hashSeed ?? 1,
      randomSeed: 7,
      orderSeed: options.orderSeed,
    });
    if (options.budget !== undefined) universe.setBudget(options.budget);
    const objectClass = universe.code.defineClass({
      name: "test.Object",
      methods: { id: universe.natives.add((call) => call.handle(1, objectClass)) },
      tostring: universe.natives.add((call) => `object ${call.handle(1, objectClass)}`),
    });
    const natives: Record<string, number> = {
      wait: universe.natives.add((call) => {
        this.#waiting.push({ slot: call.slot, tag: call.tag, value: call.value(1) });
        return PENDING;
      }),
      echo: universe.natives.add((call) =>
        new Values(Array.from({ length: call.count }, (_, i) => call.value(i + 1)))
      ),
      types: universe.natives.add((call) =>
        new Values(Array.from({ length: call.count }, (_, i) => call.type(i + 1)))
      ),
      list: universe.natives.add((call) => call.list(1, true) ?? "by value"),
      lent: universe.natives.add((call) => {
        const list = call.list(1)!;
        const isNew = !this.lists.has(list);
        this.lists.add(list);
        const sum = list.reduce((sum: number, item) => sum + (item as number), 0);
        call.giveBack(list);
        return new Values([sum, isNew, list[0]]);
      }),
      text: universe.natives.add((call) => call.string(1)),
      texts: universe.natives.add((call) =>
        new Values(Array.from({ length: call.count }, (_, i) => call.string(i + 1)))
      ),
      records: universe.natives.add((call) => this.records[call.number(1)]!),
      object: universe.natives.add((call) => {
        this.made++;
        return universe.handle(objectClass, call.number(1));
      }),
      payload: universe.natives.add((call) => new LuaPayload("lua/any", call.value(1))),
      bytes: universe.natives.add((call) => new Uint8Array(call.number(1)).fill(call.number(2))),
      several: universe.natives.add((call) =>
        new Values([new Uint8Array(call.number(1)).fill(7), null, call.value(2)])
      ),
      view: universe.natives.add((call) => call.view(1)),
      late: universe.natives.add((call) => {
        this.nowMs += call.number(1);
        return null;
      }),
      crash: universe.natives.add(() => {
        throw new Error("native crash");
      }),
    };
    const table = (members: Record<string, ModuleMember>): ModuleMember => ({ kind: "table", members });
    const builtins = (module: string, names: string[]) => {
      const members: Record<string, ModuleMember> = {};
      for (const name of names) members[name] = { kind: "builtin", name: `${module}.${name}` };
      return universe.code.defineModule({ name: module, members: table(members) });
    };
    const host: Record<string, ModuleMember> = {};
    for (const [name, index] of Object.entries(natives)) host[name] = { kind: "native", index };
    this.#globals = universe.code.defineGlobals({
      print: universe.code.defineModule({
        name: "print",
        members: {
          kind: "builtin",
          name: "base.print",
          fallback: universe.natives.add((call) => {
            this.printed.push(call.string(1));
            return null;
          }),
        },
      }),
      host: universe.code.defineModule({ name: "host", members: table(host) }),
      channel: builtins("channel", ["new", "select"]),
      process: builtins("process", ["pid", "send", "inbox", "events", "listen", "unlisten"]),
      errors: builtins("errors", ["new", "wrap", "is", "call_stack"]),
    });
  }

  /** Starts a process whose main function is `body`; its parameters are `...`. */
  spawn(body: string, args: LuaValue[] = [], memoryBytesMax = 16 * 1024 * 1024): number {
    const { universe } = this;
    const code = universe.code.compile(`return { main = function(...) ${body} end }`, "test:main");
    const program = universe.code.defineProgram({
      units: [{ code, globals: this.#globals, imports: [] }],
      method: "main",
    });
    universe.code.releaseCode(code);
    const pid = this.#nextPid++;
    const slot = universe.spawn({
      program,
      pid,
      host: "test",
      node: "",
      guarded: false,
      memoryBytesMax,
      args: universe.encode(args),
    });
    universe.code.releaseProgram(program);
    this.#pids.set(slot, pid);
    this.#exits.delete(slot);
    return slot;
  }

  /** Pid text of the process last started at a slot. */
  pidOf(slot: number): string {
    return `{test|0x${this.#pids.get(slot)!.toString(16).padStart(5, "0")}}`;
  }

  /** Runs until nothing is ready; every `host.wait(v)` completes with `v`. */
  settle(turnsMax = 10_000_000): void {
    while (turnsMax > 0) {
      while (this.universe.run(1000, 0) > 0 && turnsMax > 0) turnsMax -= 16;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.universe.complete(next.slot, next.tag, [next.value]);
    }
    throw new Error("the universe does not settle");
  }

  /** Completes the oldest `host.wait` with something else. */
  complete(value: LuaValue | Records): void {
    const next = this.#waiting.shift()!;
    this.universe.complete(next.slot, next.tag, [value]);
  }

  /** How the process at `slot` ended; undefined while it lives. */
  ended(slot: number): Ended | undefined {
    return this.#exits.get(slot);
  }

  /** Runs a process to its end and returns how it ended. */
  run(body: string, args: LuaValue[] = [], memoryBytesMax?: number): Ended {
    const slot = this.spawn(body, args, memoryBytesMax);
    this.settle();
    const ended = this.ended(slot);
    if (ended === undefined) throw new Error(`still alive: ${body}`);
    return ended;
  }

  /** Runs a process that must end well; returns its values. */
  values(body: string, ...args: LuaValue[]): LuaValue[] {
    const ended = this.run(body, args);
    if (!ended.ok) throw new Error(ended.message);
    return ended.values;
  }

  #exited(slot: number, exit: Exit): void {
    this.#exits.set(slot, {
      ok: exit.ok,
      values: exit.ok ? this.universe.decode(exit.results) : [],
      message: exit.error?.message ?? "",
      kind: exit.error?.kind ?? "",
    });
  }
}

/** Runs an attack beside a bystander, which must still answer afterwards. */
export function attack(body: string, memoryBytesMax?: number): ReturnType<TestUniverse["run"]> {
  const vm = new TestUniverse();
  const bystander = vm.spawn(`
    local inbox = process.inbox()
    local text = ("abc"):upper() .. tostring(math.floor(2.5)) .. #table.concat({"x", "y"})
    local m = inbox:receive()
    return text, m:payload():data(), ("%d"):format(7)`);
  vm.settle();
  const ended = vm.run(body, [], memoryBytesMax);
  vm.run(`process.send("${vm.pidOf(bystander)}", "go", "still here")`);
  assert.deepEqual(vm.ended(bystander)?.values, ["ABC22", "still here", "7"], "the bystander was harmed");
  return ended;
}
