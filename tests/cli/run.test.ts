/** `wippy run`: commands, single processes, applications that stay. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COUNTER, TOOLS } from "./applications.ts";
import { inFolder, start, wippy } from "./wippy.ts";

test("commands are listed with their text and entry, tests are not [cli.run.list] [cli.command.short] [cli.command.use-case]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run", "list"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(
      stdout,
      "Available commands:\n\n" +
        "  echo    Prints its arguments  (app:echo)\n" +
        "  fails                         (app:fails)\n" +
        "  leaves  Ends the program      (app:leaves)\n\n" +
        "Run with: wippy run <command>\n",
    );
    const json = JSON.parse((await wippy(["run", "list", "--json"], { cwd })).stdout);
    assert.deepEqual(json[2], { name: "leaves", short: "Ends the program", entry: "app:leaves", main: true });
  });
  await inFolder({ "src/_index.yaml": "namespace: app\nentries: []" }, async (cwd) => {
    assert.match((await wippy(["run", "list"], { cwd })).stdout, /^No commands found\.\n\nA command is /);
  });
});

test("a command gets its words as texts and gives the exit code [cli.run.command] [cli.command.meta] [cli.command.name] [cli.run.exitcode] [kind.meta.command]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run", "echo", "a", "3", "--", "--b"], { cwd });
    assert.deepEqual([code, stdout, stderr], [3, "1\ta\n2\t3\n3\t--b\n", ""]);
    assert.equal((await wippy(["run", "echo"], { cwd })).code, 0);
  });
});

test("a command that fails says why and ends with 1 [cli.run.exitcode] [terminal.exit]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run", "fails"], { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /app:fails:1: out of luck/);
  });
});

test("system.exit ends the program with its code [cli.run.exitcode]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    assert.equal((await wippy(["run", "leaves"], { cwd })).code, 7);
  });
});

test("an unknown command is misuse [cli.run.unknown]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run", "ehco"], { cwd });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(
      stderr,
      "error: command \"ehco\" not found. Use 'wippy run list' to see available commands\nDid you mean wippy run echo?\n",
    );
    assert.equal((await wippy(["run", "suite"], { cwd })).code, 2);
  });
});

test("names of commands are unique [cli.command.name]", async () => {
  const twice = TOOLS["src/_index.yaml"].replace("{name: fails}", "{name: echo}");
  await inFolder({ "src/_index.yaml": twice }, async (cwd) => {
    const { code, stderr } = await wippy(["run", "list"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /src\/_index\.yaml:\d+: app:fails: command "echo" is the name of app:echo already/);
  });
});

test("--exec runs one process with its words, quietly [cli.run.exec]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    for (const words of [["-x", "app:echo"], ["--exec", "app:echo"], ["-x", "echo"]]) {
      const { code, stdout, stderr } = await wippy(["run", ...words, "x y"], { cwd });
      assert.deepEqual([code, stdout, stderr], [1, "1\tx y\n", ""], words.join(" "));
    }
  });
});

test("--exec of a function prints its result [cli.run.exec]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout } = await wippy(["run", "-x", "app:tell", "1"], { cwd });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), { count: 1, first: "1" });
  });
});

test("--exec of what is not there or can't run is misuse [cli.run.exec]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const cases: [string, RegExp][] = [
      ["app:ecko", /^error: there is no entry app:ecko; did you mean app:echo\?\n$/],
      ["ecko", /^error: there is no process or function ecko; there are: app:echo, /],
      ["app:terminal", /^error: app:terminal is a terminal\.host, which can't be run\n$/],
    ];
    for (const [id, message] of cases) {
      const { code, stderr } = await wippy(["run", "-x", id], { cwd });
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});

test("the terminal host is found, chosen, or asked for [cli.run.host] [cli.run.host-ambiguous]", async () => {
  const two = `${TOOLS["src/_index.yaml"]}  - {name: other, kind: terminal.host}\n`;
  await inFolder({ "src/_index.yaml": two }, async (cwd) => {
    const refused = await wippy(["run", "-x", "app:echo"], { cwd });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /multiple terminal hosts found \(app:other, app:terminal\), use --host to specify/,
    );
    assert.equal((await wippy(["run", "echo", "--host", "app:other", "w"], { cwd })).stdout, "1\tw\n");
    assert.match(
      (await wippy(["run", "echo", "--host", "app:x"], { cwd })).stderr,
      /terminal host not found: app:x/,
    );
  });
  const none = TOOLS["src/_index.yaml"].replace("terminal.host", "process.host");
  await inFolder({ "src/_index.yaml": none }, async (cwd) => {
    const refused = await wippy(["run", "echo"], { cwd });
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /no terminal host found[^]*hint: add an entry: \{name: terminal, kind: terminal\.host/,
    );
  });
});

test("entries are overridden and disabled before they are loaded [cli.run.override] [config.override] [config.disable]", async () => {
  const config = 'override:\n  app:echo:meta.command.short: Other\ndisable: {entries: ["app:fails"]}\n';
  await inFolder({ ...TOOLS, ".wippy.yaml": config }, async (cwd) => {
    const { stdout } = await wippy(["run", "list", "-o", "app:leaves:meta.command.name=quits"], { cwd });
    assert.match(stdout, /^ {2}echo {3}Other /m);
    assert.match(stdout, /^ {2}quits /m);
    assert.doesNotMatch(stdout, /fails/);
    const strict = await wippy(["run", "list", "-o", "app:ecko:x=1"], { cwd });
    assert.equal(strict.code, 2);
    assert.match(
      strict.stderr,
      /^error: --override app:ecko:x=1: there is no entry app:ecko; did you mean app:echo\?\n$/,
    );
  });
  await inFolder({ ...TOOLS, ".wippy.yaml": "override:\n  app:ecko:x: 1\n" }, async (cwd) => {
    const { code, stderr } = await wippy(["run", "list"], { cwd });
    assert.equal(code, 0);
    assert.match(stderr, /warn\tconfig\t\.wippy\.yaml:2: there is no entry app:ecko/);
  });
});

test("wrong flags and files are told before anything starts [cli.global.config] [cli.run.profile] [cli.run.set]", async () => {
  await inFolder({ ...TOOLS, "bad.yaml": "shutdown:\n  timeout: soon" }, async (cwd) => {
    const cases: [string[], number, RegExp][] = [
      [["--config", "no.yaml"], 2, /^error: --config no\.yaml: no such file\n$/],
      [["--profile", "x"], 2, /^error: --profile x: no such profile; the configuration declares none\n$/],
      [["--set", "x"], 2, /^error: --set x: expected section\.path=value/],
      [
        ["--set", "shutdown.timeout=x"],
        2,
        /^error: shutdown\.timeout: expected a duration .*\(--set shutdown\.timeout=x\)\n$/,
      ],
      [["-m", "x"], 2, /^error: --memory-limit: "x" is not an amount of memory/],
      [["-l", "x.lock"], 2, /^error: --lock-file x\.lock: no such file\n$/],
      [["--config", "bad.yaml"], 1, /^error \(Invalid\): shutdown\.timeout: .* \(bad\.yaml:2\)\n$/],
    ];
    for (const [flags, expected, message] of cases) {
      const { code, stdout, stderr } = await wippy(["run", ...flags], { cwd });
      assert.deepEqual([code, stdout], [expected, ""], stderr);
      assert.match(stderr, message);
    }
  });
});

test("a mistake in an entry is told with file and line [cli.run]", async () => {
  const source =
    "namespace: app\nentries:\n  - name: f\n    kind: function.lua\n    method: m\n    source: |\n      return (\n";
  await inFolder({ "src/_index.yaml": source }, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["run"], { cwd });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error \(Invalid\): src\/_index\.yaml:3: app:f:1:9: expected an expression/m);
    assert.match(stderr, /^ {2}at src\/_index\.yaml:7 {2}app:f$/m);
  });
});

test("an application runs until it is told to stop, then ends in order [cli.run] [cli.global.shutdown]", async () => {
  await inFolder({ ...COUNTER, "wippy.lock": "directories:\n  src: ./src\n" }, async (cwd) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const running = start(["run"], { cwd });
      await running.until(/runtime ready/);
      assert.ok(existsSync(join(cwd, ".wippy/control.sock")));
      running.signal(signal);
      const { code, stdout, stderr } = await running.ended;
      assert.deepEqual([code, stdout], [0, ""]);
      const at = (text: string): number => stderr.indexOf(text);
      assert.ok(
        at("service app:counter.service is running") > at("service app:processes is running"),
        stderr,
      );
      assert.ok(
        at("service app:processes is stopped") > at("service app:counter.service is stopped"),
        stderr,
      );
      assert.ok(at("service app:counter.service is stopped") > at("runtime ready"), stderr);
      assert.equal(existsSync(join(cwd, ".wippy/control.sock")), false);
    }
  });
});

test("a second signal ends the program at once with 1 [cli.signal]", async () => {
  const stubborn = COUNTER["src/_index.yaml"].replace(
    "then return 0 end",
    "then require('logger'):info('ignoring') end",
  )
    .replace("auto_start: true\n      restart", "auto_start: true\n      stop_timeout: 1m\n      restart");
  await inFolder({ "src/_index.yaml": stubborn }, async (cwd) => {
    const running = start(["run"], { cwd });
    await running.until(/counting/);
    running.signal("SIGINT");
    await running.until(/ignoring/);
    running.signal("SIGINT");
    assert.equal((await running.ended).code, 1);
  });
});

async function stderrOfRun(flags: string[], files: Record<string, string> = {}): Promise<string> {
  let text = "";
  await inFolder({ ...COUNTER, ...files }, async (cwd) => {
    const running = start(["run", ...flags], { cwd });
    // The control socket is there only while the application runs; silence says nothing to wait for.
    const isSilent = flags.includes("-s") || flags.includes("--silent") || ".wippy.yaml" in files;
    if (isSilent) {
      for (let answered = false; !answered;) answered = (await wippy(["ps"], { cwd })).code === 0;
    } else await running.until(/counting/);
    running.signal("SIGINT");
    text = (await running.ended).stderr;
  });
  return text;
}

test("log lines are plain, for people, JSON or absent [cli.global.console] [cli.global.silent] [config.logger] [cli.console]", async () => {
  assert.match(
    await stderrOfRun([]),
    /^\d{4}-\d\d-\d\dT[\d:.]+Z\tinfo\tcore\tservice app:counter\.service is running\t\{/m,
  );
  assert.match(
    await stderrOfRun(["-c"]),
    /^ {1,5}\d+\.\d\ds {2}INFO {2}core {9}service app:counter\.service is running {2}\{/m,
  );
  const json = (await stderrOfRun([], { ".wippy.yaml": "logger: {encoding: json}" })).trim().split("\n");
  for (const line of json) assert.equal(JSON.parse(line).level, "info");
  assert.equal(await stderrOfRun(["-s"]), "");
});

test("-c begins with name and version [cli.global.banner]", async () => {
  const text = await stderrOfRun(["-c"]);
  assert.match(text, /^\n.*wippy \d+\.\d+\.\d+\n/);
  assert.match(text, /INFO {2}run {10}runtime ready/);
});

test("verbosity and min_level decide which lines there are [cli.global.verbose] [cli.global.very-verbose] [config.logmanager]", async () => {
  assert.doesNotMatch(await stderrOfRun([]), /\tdebug\t/);
  assert.match(await stderrOfRun(["-v"]), /\tdebug\t/);
  assert.match(await stderrOfRun(["--very-verbose"]), /\tdebug\t/);
  assert.equal(await stderrOfRun([], { ".wippy.yaml": "logmanager: {min_level: 2}" }), "");
});

test("--very-verbose adds stack traces to errors, --verbose does not [cli.global.very-verbose]", async () => {
  const crashes = `namespace: app
entries:
  - {name: host, kind: process.host, lifecycle: {auto_start: true}}
  - name: crash
    kind: process.lua
    method: main
    source: 'return { main = function() error("kaput") end }'
  - name: service
    kind: process.service
    process: crash
    host: host
    lifecycle: {auto_start: true, startup: optional, restart: {max_attempts: 1, initial_delay: 1ms}}
`;
  await inFolder({ "src/_index.yaml": crashes }, async (cwd) => {
    for (const [flag, traced] of [["--very-verbose", true], ["-v", false]] as const) {
      const running = start(["run", flag], { cwd });
      await running.until(/service app:service is failed.*\n/);
      running.signal("SIGINT");
      const { stderr } = await running.ended;
      const line = stderr.split("\n").find((text) => /\terror\t.*app:service is failed/.test(text))!;
      assert.equal(/"stacktrace": "at [^"]+:\d+/.test(line), traced, line);
    }
  });
});

const LISTENER = `namespace: app
entries:
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: main
    kind: process.lua
    modules: [io, events, logger]
    method: main
    source: |
      return { main = function()
        local records = assert(events.subscribe("logs", "logs.entry"))
        require("logger"):info("seen", {n = 1})
        local channel = records:channel()
        while true do
          local event = channel:receive()
          if event.data.message == "seen" then
            io.print(event.kind, event.path, event.data.level, event.data.fields.n)
            return 0
          end
        end
      end }
`;

test("records reach the event bus with --event-streams or by configuration [cli.global.event-streams] [obs.log.events]", async () => {
  await inFolder(
    { "src/_index.yaml": LISTENER, "stream.yaml": "logmanager: {stream_to_events: true}" },
    async (cwd) => {
      for (const flags of [["-e"], ["--event-streams"], ["--config", "stream.yaml"]]) {
        const { code, stdout, stderr } = await wippy(["run", "-x", "app:main", ...flags], { cwd });
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^logs\.entry\t\S+\tinfo\t1\n$/);
      }
    },
  );
});
