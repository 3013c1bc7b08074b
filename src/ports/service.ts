/** Supervised services: what a supervisor starts, watches, restarts and stops. */
import type { Failure } from "../core/mod.ts";
import type { Actor, Scope } from "./security.ts";

/** A running service. */
export interface ServiceRun {
  /** Shown in status and logs, e.g. `service listening on :8080`; may change while it runs. */
  readonly details?: string;
  /** Resolves when the service ends by itself: null after a clean end, else the failure. */
  readonly ended: Promise<Failure | null>;
  /** Stops it; resolves when it has stopped. `signal` aborts when the stop timeout is over: then end by force. */
  stop(reason: string, signal: AbortSignal): Promise<void>;
}

/** Something that can be started again and again. */
export interface Service {
  /** Resolves once running. `signal` aborts at the start timeout. */
  start(signal: AbortSignal): Promise<ServiceRun>;
}

/** Decoded `lifecycle` block; times in milliseconds. */
export interface Lifecycle {
  autoStart: boolean;
  startup: "required" | "optional";
  startTimeoutMs: number;
  stopTimeoutMs: number;
  stableThresholdMs: number;
  /** Ids of services that must run first. */
  requires: string[];
  restart: {
    initialDelayMs: number;
    maxDelayMs: number;
    backoffFactor: number;
    jitter: number;
    maxAttempts: number;
  };
  security?: { actor?: Actor; policies: string[]; groups: string[] };
}

/** Identity under which a service's code runs. */
export interface Identity {
  actor: Actor | null;
  scope: Scope | null;
}

/** States as they are printed. */
export type ServiceStatus = "unknown" | "starting" | "running" | "stopping" | "stopped" | "exited" | "failed";

/** State of one service. Times are milliseconds since the Unix epoch. */
export interface ServiceState {
  id: string;
  status: ServiceStatus;
  desired: "running" | "stopped";
  /** Retries since it last ran for long enough to count as stable. */
  retryCount: number;
  /** Restarts since it was last asked to run. */
  restarts: number;
  lastUpdateMs: number;
  startedAtMs: number | null;
  details: string;
}

/** The supervisor as kinds and modules see it. */
export interface ServiceRegistry {
  /** Adds or replaces a service. `references` are ids found in the entry; they order start and stop. */
  register(id: string, service: Service, lifecycle: Lifecycle, references: readonly string[]): Promise<void>;
  /** Stops and forgets it. */
  remove(id: string): Promise<void>;
  start(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  state(id: string): ServiceState | undefined;
  states(): ServiceState[];
}
