/** What a supervisor holds of one service, and the orders and verdicts that follow from it. */
import { Failure } from "../core/mod.ts";
import type { Lifecycle, Service, ServiceStatus } from "../ports/mod.ts";
import type { DependencyGraph } from "./dependency_graph.ts";
import type { ServiceLife } from "./service_life.ts";

/** A registered service. */
export interface Supervised {
  readonly id: string;
  service: Service;
  lifecycle: Lifecycle;
  /** Ids it needs, services or not. */
  requires: readonly string[];
  life: ServiceLife | null;
  status: ServiceStatus;
  desired: "running" | "stopped";
  details: string;
  failure: Failure | null;
  lastUpdateMs: number;
  startedAtMs: number | null;
  /** Set while it waits for something that will not come soon. */
  blocked: Failure | null;
  removed: boolean;
}

/** A service that nobody has asked for yet. */
export function newService(id: string, service: Service, lifecycle: Lifecycle, nowMs: number): Supervised {
  return {
    id,
    service,
    lifecycle,
    requires: [],
    life: null,
    status: "unknown",
    desired: "stopped",
    details: "",
    failure: null,
    lastUpdateMs: nowMs,
    startedAtMs: null,
    blocked: null,
    removed: false,
  };
}

/** Whether those that need it may run: it runs, or has done its work and is not to begin again. */
export function isSatisfied({ status, failure, life }: Supervised): boolean {
  if (life === null || life.isStopping) return false;
  return status === "running" || status === "exited" && failure === null && life.isOver;
}

/** What a boot fails with because of `failure`. */
export function startFailure(id: string, failure: Failure): Failure {
  return new Failure(failure.kind, `service ${id} failed to start: ${failure.message}`, {
    retryable: failure.retryable,
    details: { ...failure.details, service: id },
    cause: failure,
  });
}

/** Ids such that each comes after all its dependents. */
export function stopOrder(graph: DependencyGraph, ids: Iterable<string>): string[] {
  const left = new Map<string, number>();
  for (const id of ids) left.set(id, graph.dependents(id).length);
  const order = [...left.keys()].filter((id) => left.get(id) === 0).sort();
  for (let i = 0; i < order.length; i += 1) {
    for (const dependency of graph.dependencies(order[i]!)) {
      const rest = left.get(dependency)! - 1;
      left.set(dependency, rest);
      if (rest === 0) order.push(dependency);
    }
  }
  return order;
}
