/**
 * The profiling server: profiles of Lua under `/debug/pprof/`, for a browser and for the tools of pprof.
 *
 * P1. Nothing that is asked of it changes the application. P2. A profile takes no longer than the write timeout.
 */
import type { HttpListener, Ports } from "../../ports/mod.ts";
import type { LuaRuntime } from "../../lua/mod.ts";
import type { Component } from "../components.ts";
import { parseAddress } from "../listen_address.ts";
import { COMPONENTS, INFRASTRUCTURE } from "../standard_components.ts";
import { encodeProfile, type Profile } from "./pprof.ts";
import { heapProfile, linesProfile, printProfile, processesProfile } from "./profiles.ts";

/** Where and how the server listens. Times in milliseconds. */
export interface ProfilerOptions {
  readonly address: string;
  readonly writeTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const ROOT = "/debug/pprof/";
const SECONDS_DEFAULT = 30;
const PROFILES: Readonly<Record<string, string>> = {
  profile: "how often each line of Lua ran within ?seconds=N",
  heap: "live processes and their memory, by entry",
  goroutine: "live processes by entry and state",
};

interface Served {
  readonly runtime: LuaRuntime;
  readonly ports: Ports;
  readonly options: ProfilerOptions;
}

/** Serves profiles while the application runs. */
export function profilerComponent(options: ProfilerOptions): Component {
  let listener: HttpListener | undefined;
  return {
    name: "profiler",
    requires: [COMPONENTS.runtime.name],
    async start(context) {
      const ports = context.get(INFRASTRUCTURE.ports);
      const served = { runtime: context.get(COMPONENTS.runtime), ports, options };
      listener = await ports.http.listen(
        {
          ...parseAddress(options.address, "profiler.address"),
          idleTimeoutMs: options.idleTimeoutMs,
          bodyBytesMax: 0,
        },
        (request) => answer(request, served),
      );
      context.get(INFRASTRUCTURE.log).named("profiler").info("serving profiles", {
        address: options.address,
        path: ROOT,
      });
    },
    async stop(_context, signal) {
      await listener?.close(signal);
    },
  };
}

async function answer(request: Request, served: Served): Promise<Response> {
  const url = new URL(request.url);
  if (!url.pathname.startsWith(ROOT)) return text("Not Found\n", 404);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const { runtime, ports } = served;
  switch (url.pathname.slice(ROOT.length)) {
    case "":
      return new Response(indexPage(), { headers: { "content-type": "text/html; charset=utf-8" } });
    case "heap":
      return profile("heap", heapProfile(await runtime.observedProcesses(), ports.clock), url, ports);
    case "goroutine":
      return profile(
        "goroutine",
        processesProfile(await runtime.observedProcesses(), ports.clock),
        url,
        ports,
      );
    case "profile":
      return await lines(request, url, served);
    default:
      return text(`Unknown profile; there are: ${Object.keys(PROFILES).join(", ")}\n`, 404);
  }
}

async function lines(request: Request, url: URL, { runtime, ports, options }: Served): Promise<Response> {
  const most = options.writeTimeoutMs / 1000;
  const written = url.searchParams.get("seconds");
  const seconds = written === null ? Math.min(SECONDS_DEFAULT, most || SECONDS_DEFAULT) : Number(written);
  if (!(seconds > 0)) return text("seconds must be a number above 0\n", 400);
  if (most > 0 && seconds > most) {
    return text(`a profile takes at most ${most} s (profiler.write_timeout)\n`, 400);
  }
  return profile(
    "profile",
    await linesProfile(runtime, ports.clock, seconds * 1000, request.signal),
    url,
    ports,
  );
}

/** A profile as text with `?debug=1`, else compressed as pprof's tools want it. */
function profile(name: string, found: Profile, url: URL, { compression }: Ports): Response {
  if (Number(url.searchParams.get("debug") ?? 0) > 0) return text(printProfile(found));
  return new Response(compression.gzip(encodeProfile(found), "default"), {
    headers: {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${name}.pb.gz"`,
    },
  });
}

function indexPage(): string {
  const rows = Object.entries(PROFILES).map(([name, about]) => {
    const query = name === "profile" ? "?seconds=5&amp;debug=1" : "?debug=1";
    return `<li><a href="${name}${query}">${name}</a>: ${about}</li>`;
  });
  return `<!doctype html><title>Profiles</title><h1>Profiles</h1><ul>${rows.join("")}</ul>` +
    `<p>For tools: <code>go tool pprof http://…${ROOT}heap</code></p>\n`;
}

function text(body: string, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
