/** Settings that are known and change nothing in this program: whoever gives one another value than its default is told so. */
import type { Settings } from "./settings.ts";
import type { ValueMap } from "../../core/mod.ts";

interface InertSetting {
  /** Section and path in it. */
  readonly key: string;
  readonly isGiven: (settings: Settings) => boolean;
  readonly why: string;
}

const INERT: readonly InertSetting[] = [
  {
    key: "supervisor.host.buffer_size",
    isGiven: ({ supervisor }) => supervisor.host.buffer_size !== 1024,
    why: "what waits for the supervisor is bounded by the number of services",
  },
  {
    key: "dispatcher.http.idle_conn_timeout",
    isGiven: ({ dispatcher }) => dispatcher.http.idle_conn_timeout > 0,
    why:
      "the runtime decides how long it keeps a connection that is idle; dispatcher.http.max_idle_conns bounds how many",
  },
  {
    key: "dispatcher.http.max_clients",
    isGiven: ({ dispatcher }) => dispatcher.http.max_clients > 0,
    why: "all requests share one client",
  },
  {
    key: "extensions.paths",
    isGiven: ({ extensions }) => extensions.enabled && extensions.paths.length > 0,
    why: "native plugins are made for another runtime and can't be loaded",
  },
  {
    key: "metrics.buffer.size",
    isGiven: ({ metrics }) => metrics.buffer.size !== 10_000,
    why: "measurements are added up at once and wait in no buffer",
  },
  {
    key: "profiler.read_timeout",
    isGiven: ({ profiler }) => profiler.enabled && profiler.read_timeout !== 15_000,
    why: "nothing is read of requests for profiles but their head",
  },
  {
    key: "network_service.state_dir",
    isGiven: ({ network_service }) => network_service.state_dir !== ".wippy/net",
    why: "no overlay network here keeps anything on disk",
  },
];

/** A line for each setting of `settings` that changes nothing, in the sections that are written in `values`. */
export function inertSettings(settings: Settings, values: ValueMap): string[] {
  const lines: string[] = [];
  for (const section in values) {
    for (const { isGiven, key, why } of INERT) {
      if (key.startsWith(`${section}.`) && isGiven(settings)) lines.push(`${key} has no effect: ${why}`);
    }
  }
  return lines;
}
