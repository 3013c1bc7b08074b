/** The profiling server: profiles of Lua, in text and in pprof's format. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Value } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { inFolder, start } from "../cli/wippy.ts";
import { entry, HEAD, main } from "../lua_entries.ts";
import { fieldsOf } from "../protobuf.ts";

const PROJECT = HEAD +
  entry(
    "busy",
    "function.lua",
    `return { main = function(count)\n  local n = 0\n  for i = 1, count do\n    n = n + i\n  end\n  return n\nend }`,
    "method: main",
  ) +
  entry("idle", "process.lua", main("process.inbox():receive()"), "method: main") +
  entry(
    "many",
    "function.lua",
    main(`for _ = 1, 5 do process.spawn("app:idle", "app:host") end`),
    "method: main",
  );

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function withProfiler(
  more: Record<string, Value>,
  body: (get: (path: string, init?: RequestInit) => Promise<Response>, app: TestApplication) => Promise<void>,
): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  await withApplication(
    PROJECT,
    (app) => body((path, init) => fetch(`http://${address}/debug/pprof/${path}`, init), app),
    { config: { profiler: { enabled: true, address, ...more } } },
  );
}

/** Samples of a profile: `entry:line` and its values. */
function samplesOf(profile: Uint8Array): [place: string, values: number[]][] {
  const fields = fieldsOf(profile);
  const inner = (number: number) =>
    fields.filter(([field]) => field === number).map(([, value]) => value as Uint8Array);
  const strings = inner(6).map((bytes) => new TextDecoder().decode(bytes));
  const one = (bytes: Uint8Array, field: number): number =>
    Number(fieldsOf(bytes).find(([found]) => found === field)?.[1] ?? 0);
  const packed = (bytes: Uint8Array): number[] =>
    // A packed list is varints alone; each is given a tag so that the reader above can read it.
    fieldsOf(
      Uint8Array.from([...bytes].flatMap((byte, i) => i === 0 || bytes[i - 1]! < 128 ? [8, byte] : [byte])),
    )
      .map(([, value]) => Number(value));
  const names = new Map(inner(5).map((fn) => [one(fn, 1), strings[one(fn, 2)]!]));
  const places = new Map(
    inner(4).map((location) => {
      const line = fieldsOf(location).find(([field]) => field === 4)![1] as Uint8Array;
      return [one(location, 1), `${names.get(one(line, 1))}:${one(line, 2)}`];
    }),
  );
  return inner(2).map((sample) => {
    const parts = new Map(fieldsOf(sample));
    return [places.get(packed(parts.get(1) as Uint8Array)[0]!)!, packed(parts.get(2) as Uint8Array)];
  });
}

async function samples(response: Response): Promise<Map<string, number[]>> {
  assert.equal(response.status, 200);
  return new Map(samplesOf(gunzipSync(new Uint8Array(await response.arrayBuffer()))));
}

test("profiles are listed and read, as text or for pprof [config.profiler]", () =>
  withProfiler({}, async (get, app) => {
    const index = await get("");
    assert.match(index.headers.get("content-type") ?? "", /text\/html/);
    assert.match(await index.text(), /href="heap\?debug=1"/);
    await app.call("app:many");
    const heap = await samples(await get("heap"));
    const [count, bytes] = heap.get("app:idle:0")!;
    assert.ok(count === 5 && bytes! > 0 && bytes! < 100_000, `${count} ${bytes}`);
    assert.match(
      await (await get("heap?debug=1")).text(),
      /^# inuse_objects\/count\tinuse_space\/bytes\tplace\n5\t\d+\tapp:idle\n$/,
    );
    assert.deepEqual((await samples(await get("goroutine"))).get("app:idle:0"), [5]);
    assert.match(await (await get("goroutine?debug=1")).text(), /^5\tapp:idle\tidle$/m);
  }));

test("a profile tells how often each line ran meanwhile [config.profiler]", () =>
  withProfiler({}, async (get, app) => {
    await app.call("app:busy", 1_000);
    let isDone = false;
    const profile = get("profile?seconds=0.3").finally(() => isDone = true);
    while (!isDone) {
      await app.call("app:busy", 70_000);
      await app.application.ports.clock.sleep(1);
    }
    const found = await samples(await profile);
    const runs = (line: number): number => found.get(`app:busy:${line}`)?.[0] ?? 0;
    assert.ok(runs(2) >= 1, "calls");
    // A call may be under way when the profile begins and when it ends.
    assert.ok(
      Math.abs(runs(4) - 70_000 * runs(2)) <= 70_000,
      `${runs(4)} times the line of the loop, ${runs(2)} calls`,
    );
    assert.equal(found.get("app:many:1"), undefined);
  }));

test("what is asked wrongly is told, and a profile ends before the write timeout [config.profiler]", () =>
  withProfiler({ write_timeout: "200ms" }, async (get) => {
    const cases: [string, number, RegExp][] = [
      ["profile?seconds=5", 400, /at most 0\.2 s \(profiler\.write_timeout\)/],
      ["profile?seconds=x", 400, /must be a number above 0/],
      ["profile?seconds=-1", 400, /must be a number above 0/],
      ["block", 404, /there are: profile, heap, goroutine/],
      ["../../etc", 404, /Not Found/],
    ];
    for (const [path, status, message] of cases) {
      const response = await get(path);
      assert.equal(response.status, status, path);
      assert.match(await response.text(), message);
    }
    assert.equal((await get("profile?debug=1")).status, 200, "the default fits");
    const posted = await get("heap", { method: "POST", body: "x" });
    assert.ok(posted.status === 405 || posted.status === 413, `${posted.status}`);
    await posted.body?.cancel();
  }));

test("it is off by default, and an address that is none is refused [config.profiler]", async () => {
  await withApplication(PROJECT, (app) => {
    assert.equal(app.application.runtime.universe.code.lineCounts("app:busy"), undefined);
    return Promise.resolve();
  });
  const bad = { profiler: { enabled: true, address: "nowhere" } };
  await assert.rejects(withApplication(PROJECT, () => Promise.resolve(), { config: bad }), {
    kind: "Invalid",
    message: /profiler\.address: "nowhere" is no address/,
  });
});

test("--profiler and -p start it [cli.global.profiler]", async () => {
  for (const flag of ["-p", "--profiler"]) {
    const address = `127.0.0.1:${await freePort()}`;
    await inFolder({ "src/_index.yaml": PROJECT }, async (cwd) => {
      const running = start(["run", flag, "--set", `profiler.address=${address}`], { cwd });
      await running.until(/serving profiles/);
      // A signal before the boot is over gives it up.
      await running.until(/runtime ready/);
      assert.equal((await fetch(`http://${address}/debug/pprof/heap`)).status, 200);
      running.signal("SIGINT");
      assert.equal((await running.ended).code, 0);
    });
  }
});
