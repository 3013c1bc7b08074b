/**
 * Where a worker of a process host begins that has a thread of its own: a runtime with the modules that work everywhere.
 *
 * What it lacks (stores, databases, HTTP, the registry) is on the main worker, and so is every process that asks for it.
 */
import { ContractDirectory } from "../ports/mod.ts";
import { EventBus, Supervisor } from "../process/mod.ts";
import { SecurityTable } from "../security/mod.ts";
import {
  type MainServices,
  ModuleCatalog,
  type ModuleServices,
  type WorkerBoot,
  WorkerNode,
} from "../lua/mod.ts";
import { createPorts, threadInlet } from "../platform/mod.ts";
import { modules } from "../../std/index.gen.ts";
import { ResourceTable } from "./resources.ts";

function servicesOf(
  { environment, log }: MainServices,
  { defaultNetwork, strictSecurity }: WorkerBoot,
): ModuleServices {
  const ports = createPorts();
  const { clock, random } = ports;
  const bus = new EventBus({ clock, log });
  const resources = new ResourceTable(bus);
  return {
    ports,
    log,
    bus,
    resources,
    services: new Supervisor({ clock, random, log, bus }),
    environment,
    contracts: new ContractDirectory(),
    security: new SecurityTable(),
    strictSecurity,
    defaultNetwork,
  };
}

function begin(): void {
  const inlet = threadInlet();
  let node: WorkerNode | undefined;
  inlet.receive((message) => {
    if (node !== undefined) return node.bell();
    const boot = message as WorkerBoot;
    node = new WorkerNode(boot, inlet, {
      modules: new ModuleCatalog(modules.filter(({ portable }) => portable)),
      services: (main) => servicesOf(main, boot),
    });
  });
}

begin();
