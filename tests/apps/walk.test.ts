/**
 * The walk of somebody who has just downloaded the program: an empty folder, a project, a change while it runs, the way back.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask, withFiles } from "./application.ts";

test("from an empty folder to a running application, changed while it runs and rolled back [j.cli] [j.load] [j.registry]", async () => {
  await withFiles({}, async (project) => {
    const init = await project.wippy("init");
    assert.deepEqual([init.code, init.stderr], [0, ""]);
    assert.match(init.stdout, /\n\nNext:\n {2}\S*wippy run /);
    for (const name of ["wippy.lock", ".wippy.yaml", ".gitignore", "src/_index.yaml", "src/greet.lua"]) {
      assert.ok(existsSync(join(project.folder, name)), name);
    }
    const greet = ["app:greet", "name=Ada"];
    const before = await project.wippy("call", ...greet);
    assert.deepEqual([before.code, JSON.parse(before.stdout)], [0, { message: "Hello, Ada!" }]);
    const tests = await project.wippy("test");
    assert.equal(tests.code, 0);
    assert.match(tests.stdout, /^ *PASSED {3}\d+ tests? /m);

    const application = await project.serveHttp("app:gateway");
    const hello = async () => (await ask(`${application.url}/hello?name=Ada`)).json.message;
    assert.equal(await hello(), "Hello, Ada!");
    assert.equal(
      (await project.wippy("call", "--connect", ...greet, "--json")).stdout,
      '{"message":"Hello, Ada!"}\n',
    );
    assert.match((await project.wippy("registry", "history")).stdout, /^\* v0 .* \d+ added$/m);

    const source = join(project.folder, "src/greet.lua");
    writeFileSync(source, readFileSync(source, "utf8").replace('"Hello, "', '"Welcome, "'));
    assert.equal(await hello(), "Hello, Ada!");
    const reload = await project.wippy("registry", "reload");
    assert.match(reload.stdout, /^went from v0 to v1\n~ app:greet {2}function\.lua\n {4}data\.source:\n/);
    assert.match(reload.stdout, /- +return \{message = "Hello, [^]*\+ +return \{message = "Welcome, /);
    assert.equal(await hello(), "Welcome, Ada!");
    assert.match((await project.wippy("registry", "history")).stdout, /^\* v1 +v0 .* 1 changed\n {2}v0 /m);

    const back = await project.wippy("registry", "rollback", "v0");
    assert.match(back.stdout, /^went from v1 to v0\n~ app:greet/);
    assert.equal(await hello(), "Hello, Ada!");
    await project.wippy("registry", "rollback", "v1");
    assert.equal(await hello(), "Welcome, Ada!");
    assert.equal((await application.stop()).code, 0);
  });
});

test("a command-line project: its command by name and by id, its test, its help [j.cli]", async () => {
  await withFiles({}, async (project) => {
    assert.equal((await project.wippy("init", "--template", "command")).code, 0);
    assert.match((await project.wippy("run", "list")).stdout, /^Available commands:\n\n {2}greet /);
    const byName = await project.wippy("run", "greet", "Ada");
    const byId = await project.wippy("run", "-x", "app:greet", "Ada");
    assert.deepEqual([byName.code, byName.stderr], [0, ""]);
    assert.match(byName.stdout, /Ada/);
    assert.equal(byId.stdout, byName.stdout);
    assert.match((await project.wippy("test")).stdout, /^ *PASSED/m);
  });
});

test("a service project: its process is seen, asked, configured and stopped [j.cli] [j.service]", async () => {
  await withFiles({}, async (project) => {
    assert.equal((await project.wippy("init", "--template", "service")).code, 0);
    const config = join(project.folder, ".wippy.yaml");
    writeFileSync(
      config,
      `${readFileSync(config, "utf8")}profiles:\n  loud:\n    logger: { encoding: json }\n`,
    );
    const application = await project.serve(["--set", "shutdown.timeout=5s"]);
    const ps = await project.wippy("ps");
    assert.match(
      ps.stdout,
      /^PID +ENTRY +STATE +MEMORY +MAILBOX +RESTARTS +NAMES\n\{app:\w+\|0x\w+\} +app:counter /,
    );
    assert.match((await project.wippy("call", "--connect", "app:count")).stdout, /^\d+\n$/);

    // A process goes on with the code it began with until its service is started again.
    const source = join(project.folder, "src/counter.lua");
    writeFileSync(source, readFileSync(source, "utf8").replace('"counted"', '"counted anew"'));
    const reload = await project.wippy("registry", "reload");
    assert.match(
      reload.stdout,
      /\nwith code from before: app:counter; wippy registry reload --restart starts /,
    );
    assert.match((await project.wippy("ps")).stdout, / app:counter +\w+, old code /);
    const restart = await project.wippy("registry", "reload", "--restart");
    assert.equal(
      restart.stdout,
      "the files say nothing new; v1 is the current version\nstarted again: app:counter.service\n",
    );
    await application.until(/\tcounted anew\t/);
    assert.doesNotMatch((await project.wippy("ps")).stdout, /old code/);
    assert.equal((await application.stop()).code, 0);
    const gone = await project.wippy("ps");
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /^error \(Unavailable\): no application runs in .*; start it with wippy run/);
    assert.match((await project.wippy("test", "--profile", "loud")).stdout, /^ *PASSED/m);
  });
});
