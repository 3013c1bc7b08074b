/**
 * Every section of the runtime configuration: names, types, defaults.
 *
 * Unknown sections and keys are ignored. Durations are milliseconds once decoded. Sections that only certain builds or
 * platforms act upon are decoded all the same, so that a wrong value is found wherever the file is read.
 */
import {
  EVALUATIONS_CACHED_DEFAULT,
  EXPRESSIONS_CACHED_DEFAULT,
  HUB_URL,
  OPERATION_MS_DEFAULT,
  PROGRAMS_CACHED_DEFAULT,
  QUERIES_CACHED_DEFAULT,
  SHUTDOWN_MS_DEFAULT,
  SOURCES_CACHED_DEFAULT,
  STARTS_AT_ONCE_DEFAULT,
  type Value,
} from "../../core/mod.ts";
import {
  any,
  boolean,
  type Decoded,
  duration,
  type Field,
  integer,
  late,
  list,
  map,
  number,
  object,
  oneOf,
  optional,
  string,
} from "../../core/schema.ts";
import { CLUSTER } from "./cluster_settings.ts";

const SECOND = 1000;

/** A list of texts; a single text is split at commas, as it comes from `--set` or the environment. */
export function texts(options: { default?: readonly string[] } = {}): Field<string[]> {
  const items = list(string());
  return {
    type: items.type,
    decode(value, scope) {
      if (value === null || value === undefined) return [...options.default ?? []];
      if (typeof value !== "string") return items.decode(value, scope);
      return value.split(",").map((item) => item.trim()).filter((item) => item !== "");
    },
  };
}

/** A map of directories by module; `null` takes an inherited one away. */
const replacements: Field<Record<string, string>> = {
  type: "map of string",
  decode(value, scope) {
    if (value === null || value === undefined) return {};
    const all = map(optional(string({ nonEmpty: true }))).decode(value, scope);
    const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return Object.fromEntries(kept);
  },
};

const accepted: Field<Value> = any();

/** The whole configuration, without `vars`, `profiles`, `override` and `disable`. */
export const SETTINGS = object({
  version: string({ default: "1.0" }),
  logger: late(() => ({
    encoding: oneOf(["console", "json"], { default: "console" }),
    mode: accepted,
    level: accepted,
  })),
  logmanager: late(() => ({
    propagate_downstream: boolean({ default: true }),
    stream_to_events: boolean({ default: false }),
    min_level: integer({ default: -1, min: -1, max: 2 }),
  })),
  profiler: late(() => ({
    enabled: boolean({ default: false }),
    address: string({ default: "localhost:6060" }),
    read_timeout: duration({ default: 15 * SECOND }),
    write_timeout: duration({ default: 15 * SECOND }),
    idle_timeout: duration({ default: 60 * SECOND }),
  })),
  security: late(() => ({ strict_mode: boolean({ default: false }) })),
  registry: late(() => ({
    enable_history: boolean({ default: true }),
    history_type: oneOf(["memory", "sqlite", "postgres", "nil"], { default: "memory" }),
    history_path: string({ default: ".wippy/registry.db" }),
    history_dsn: string({ default: "" }),
    history_schema: string({ default: "" }),
    event_wait_timeout: duration({ default: OPERATION_MS_DEFAULT }),
    dependency_resolve_timeout: accepted,
    dependency_download_timeout: accepted,
    dependency_lock_path: accepted,
    dependency_vendor_dir: accepted,
    dispatch_internal_kinds: accepted,
  })),
  relay: late(() => ({ node_name: string({ default: "" }) })),
  supervisor: late(() => ({
    host: object({
      buffer_size: integer({ default: 1024, min: 1 }),
      worker_count: integer({ default: STARTS_AT_ONCE_DEFAULT, min: 1 }),
    }),
  })),
  lua: late(() => ({
    proto_cache_size: integer({ default: SOURCES_CACHED_DEFAULT, min: 0 }),
    main_cache_size: integer({ default: PROGRAMS_CACHED_DEFAULT, min: 0 }),
    invalidation_wait_timeout: duration({ default: 30 * SECOND }),
    cache: object({
      enabled: boolean({ default: false }),
      dir: string({ default: ".wippy/cache/lua" }),
      mode: oneOf(["readwrite", "readonly", "off"], { default: "readwrite" }),
      compile: object({ enabled: boolean({ default: true }) }),
      typecheck: object({ enabled: boolean({ default: true }) }),
    }),
    type_system: object({ enabled: boolean({ default: false }), strict: boolean({ default: false }) }),
    eval: object({
      cache_size: integer({ default: EVALUATIONS_CACHED_DEFAULT }),
      cache_ttl: duration({ default: 0 }),
    }),
  })),
  finder: late(() => ({
    query_cache_size: integer({ default: QUERIES_CACHED_DEFAULT, min: 0 }),
    regex_cache_size: integer({ default: EXPRESSIONS_CACHED_DEFAULT, min: 0 }),
  })),
  otel: late(() => ({
    enabled: boolean({ default: false }),
    endpoint: string({ default: "localhost:4318" }),
    protocol: oneOf(["http/protobuf", "grpc"], { default: "http/protobuf" }),
    service_name: string({ default: "wippy-runtime" }),
    service_version: string({ default: "" }),
    insecure: boolean({ default: true }),
    sample_rate: number({ default: 1, min: 0, max: 1 }),
    propagators: texts({ default: ["tracecontext", "baggage"] }),
    traces_enabled: boolean({ default: true }),
    metrics_enabled: boolean({ default: false }),
    http: object({
      enabled: boolean({ default: true }),
      extract_headers: boolean({ default: true }),
      inject_headers: boolean({ default: true }),
    }),
    process: object({ enabled: boolean({ default: true }), trace_lifecycle: boolean({ default: true }) }),
    interceptor: object({ enabled: boolean({ default: true }), order: integer({ default: 100 }) }),
    queue: object({ enabled: boolean({ default: true }) }),
    temporal: object({ enabled: boolean({ default: false }) }),
  })),
  shutdown: late(() => ({ timeout: duration({ default: SHUTDOWN_MS_DEFAULT }) })),
  metrics: late(() => ({
    buffer: object({ size: integer({ default: 10_000, min: 1 }) }),
    interceptor: object({ enabled: boolean({ default: false }) }),
  })),
  prometheus: late(() => ({ enabled: boolean({ default: false }), address: string({ default: "" }) })),
  cluster: CLUSTER,
  lsp: late(() => ({
    enabled: boolean({ default: false }),
    address: string({ default: ":7777" }),
    http_enabled: boolean({ default: false }),
    http_address: string({ default: ":7778" }),
    http_path: string({ default: "/lsp" }),
    http_allow_origin: string({ default: "*" }),
    max_message_bytes: integer({ default: 8_388_608, min: 1 }),
  })),
  network_service: late(() => ({
    state_dir: string({ default: ".wippy/net" }),
    default_network: string({ default: "" }),
  })),
  dispatcher: late(() => ({
    http: object({
      timeout: duration({ default: 0 }),
      max_idle_conns: integer({ default: 0, min: 0 }),
      max_idle_per_host: integer({ default: 0, min: 0 }),
      idle_conn_timeout: duration({ default: 0 }),
      max_clients: integer({ default: 0, min: 0 }),
    }),
  })),
  modules: late(() => ({ registry_url: string({ default: HUB_URL }) })),
  extensions: late(() => ({ enabled: boolean({ default: true }), paths: texts() })),
  scheduler: late(() => ({
    wasm_isolation: object({
      enabled: boolean({ default: false }),
      reserved_cores: integer({ default: 1, min: 0 }),
    }),
  })),
  workspace: late(() => ({ replacements })),
});

/** Decoded configuration. */
export type Settings = Decoded<typeof SETTINGS>;
