/** A registry with kinds made for a test, on simulated ports. Events of the bus are kept in order. */
import assert from "node:assert/strict";
import { VariableTable } from "../../src/app/environment.ts";
import { ResourceTable } from "../../src/app/resources.ts";
import { Failure, schema, type Value } from "../../src/core/mod.ts";
import { type SimulatedPorts, simulatedPorts } from "../../src/platform/simulated/mod.ts";
import {
  type Bus,
  type BusEvent,
  ContractDirectory,
  type Lifecycle,
  type Log,
  type Ports,
  type Runtime,
  type Service,
  type ServiceRegistry,
  type ServiceState,
} from "../../src/ports/mod.ts";
import {
  type Change,
  defineKind,
  type Entry,
  type KindDefinition,
  type KindSource,
  KindTable,
  Registry,
  type RegistryOptions,
} from "../../src/registry/mod.ts";
import { SecurityTable } from "../../src/security/mod.ts";

/** What happened, in order: bus events as `kind path`, kinds' calls as tests wrote them, services, errors logged. */
export type Trace = string[];

/** A registry and everything around it. */
export interface RegistryWorld {
  readonly registry: Registry;
  readonly ports: SimulatedPorts;
  readonly trace: Trace;
  readonly resources: ResourceTable;
  readonly environment: VariableTable;
  /** Runs `work` with time moving when nothing is ready. */
  drive<T>(work: Promise<T>): Promise<T>;
}

/** How a world is made. */
export interface WorldOptions extends Partial<Omit<RegistryOptions, "kinds" | "services">> {
  readonly kinds?: readonly (KindDefinition | KindSource)[];
  /** Ports to work with; simulated when absent. */
  readonly ports?: Ports;
  /** Trace bus events as well. */
  readonly events?: boolean;
}

/** An entry in short. */
export function entry(id: string, kind: string, data: Entry["data"] = {}, meta: Entry["meta"] = {}): Entry {
  return { id, kind, meta, data };
}

/** A create in short. */
export function create(...parts: Parameters<typeof entry>): Change {
  return { kind: "entry.create", entry: entry(...parts) };
}

/** An update in short. */
export function update(...parts: Parameters<typeof entry>): Change {
  return { kind: "entry.update", entry: entry(...parts) };
}

/** A delete in short. */
export function remove(id: string): Change {
  return { kind: "entry.delete", id };
}

/** Data without a handler. */
export const DATA_KIND = defineKind({ name: "data", internal: true, config: schema.any(), open: () => ({}) });

/** A kind that traces what it is asked and does what `data.do` says: `reject`, `hang`, `throw`, `slow`. */
export function tracing(trace: Trace, name = "traced"): KindDefinition {
  return defineKind({
    name,
    config: schema.object({
      do: schema.string({ default: "" }),
      value: schema.any(),
      needs: schema.list(schema.reference()),
    }),
    references: ["meta.parent", "links.*"],
    async open({ id, config, ports }) {
      trace.push(`open ${id}`);
      if (config.do === "reject") throw new Failure("Invalid", "not today");
      if (config.do === "throw") throw new TypeError("broken");
      if (config.do === "hang") await new Promise<void>(() => {});
      if (config.do === "slow") {
        await ports.clock.sleep(60_000);
        trace.push(`opened ${id}`);
      }
      return {};
    },
    close(_opened, { id }) {
      trace.push(`close ${id}`);
    },
  });
}

/** Makes a world. */
export function registryWorld(options: WorldOptions = {}): RegistryWorld {
  const simulated = simulatedPorts({ seed: 1 });
  const ports = options.ports ?? simulated;
  const trace: Trace = [];
  const bus: Bus = {
    send(event: BusEvent) {
      if (options.events === true && event.system === "registry") {
        trace.push(`${event.kind} ${event.path}`.trim());
      }
    },
    subscribe: () => () => {},
  };
  const resources = new ResourceTable(bus);
  const environment = new VariableTable(resources, (id) => void registry.variableChanged(id));
  const log = logTo(trace);
  const services = {
    ports,
    log,
    bus,
    resources,
    runtime: NO_RUNTIME,
    services: tracingServices(trace),
    environment,
    contracts: new ContractDirectory(),
    security: new SecurityTable(),
    baseDirectory: "/",
  };
  const { kinds = [], events: _events, ports: _ports, ...rest } = options;
  const registry: Registry = new Registry({
    kinds: new KindTable([DATA_KIND, tracing(trace), ...kinds]),
    services: () => services,
    ...rest,
  });
  const drive = <T>(work: Promise<T>) => simulated.clock.drive(work);
  return { registry, ports: simulated, trace, resources, environment, drive };
}

/** A world that has loaded `entries`. */
export async function loadedWorld(
  entries: readonly Entry[] = [],
  options: WorldOptions | ((trace: Trace) => WorldOptions) = {},
): Promise<RegistryWorld> {
  const world = registryWorld(typeof options === "function" ? options([]) : options);
  await world.drive(world.registry.load({ entries }));
  world.trace.length = 0;
  return world;
}

/** The failure that `work` ends with. */
export function refused(world: RegistryWorld, work: Promise<unknown>): Promise<Failure> {
  return world.drive(work.then(() => assert.fail("nothing failed"), (error: unknown) => {
    assert(error instanceof Failure, String(error));
    return error;
  }));
}

function logTo(trace: Trace): Log {
  const none = (): void => {};
  const problem = (message: string, fields: Record<string, Value> = {}): void => {
    trace.push(`log ${message}: ${Object.values(fields).join(" ")}`);
  };
  const log: Log = { debug: none, info: none, warn: problem, error: problem, named: () => log };
  return log;
}

function tracingServices(trace: Trace): ServiceRegistry {
  return {
    register(id: string, _service: Service, lifecycle: Lifecycle, references: readonly string[]) {
      const needs = [...lifecycle.requires, ...references].join(",");
      trace.push(
        `register ${id}${lifecycle.autoStart ? " auto" : ""}${needs === "" ? "" : ` after ${needs}`}`,
      );
      return Promise.resolve();
    },
    remove(id: string) {
      trace.push(`remove ${id}`);
      return Promise.resolve();
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    state: () => undefined,
    states: (): ServiceState[] => [],
  };
}

function none(): never {
  throw new Error("nothing runs here");
}

const NO_RUNTIME: Runtime = {
  call: none,
  spawn: none,
  send: none,
  deliver: none,
  cancel: none,
  terminate: none,
  watch: none,
  openNative: none,
  permits: none,
};
