/** A terminal client, a relay service, and a process per message. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { logLines, withProject } from "./application.ts";

test("messages go from a terminal through a named service to a process each, and back [j.process] [j.channel] [j.cli]", async () => {
  await withProject("shout", async (project) => {
    const { code, stdout, stderr } = await project.feed("hello world\nonce more\n\n", "run", "shout");
    assert.deepEqual([code, stderr], [0, ""]);
    const pids = [...stdout.matchAll(/by (\{app:processes\|0x[0-9a-f]{5}\})\n/g)].map(([, pid]) => pid);
    assert.equal(pids.length, 2);
    assert.notEqual(pids[0], pids[1]);
    assert.equal(
      stdout.replaceAll(/\{app:processes\|0x[0-9a-f]{5}\}/g, "PID"),
      "Shout! An empty line ends.\n" +
        "? ! HELLO WORLD\n  by PID\n? ! ONCE MORE\n  by PID\n? \n" +
        "unknown name: could not resolve 'nobody' as PID or registered name NotFound\n",
    );
  });
});

test("the end of input ends the client; with -v the service says what it did [j.process] [j.service]", async () => {
  await withProject("shout", async (project) => {
    const { code, stdout, stderr } = await project.feed("a\nb", "run", "-x", "app:client", "-v");
    assert.equal(code, 0);
    assert.match(stdout, /^\? ! A\n[^]*^\? ! B\n/m);
    const log = logLines(stderr).filter(({ logger }) => logger === "app:exchange");
    assert.deepEqual(
      log.filter(({ message }) => message === "shouter left").map(({ fields }) => fields.result),
      [
        "shouted 1",
        "shouted 1",
      ],
    );
    assert.deepEqual([log.at(-1)?.message, log.at(-1)?.fields.served], ["exchange closes", 2]);
  });
});
