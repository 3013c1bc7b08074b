/** What becomes of programs when their script ends. Commands themselves are shown by `tests/lua/std/exec`. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { withApplication } from "../../application.ts";

const PROJECT = `version: "1.0"
namespace: t
entries:
  - name: shell
    kind: exec.native
    default_env: {PATH: "/usr/bin:/bin"}
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: leave
    kind: function.lua
    method: main
    modules: [exec]
    source: |
      return { main = function()
        local proc = assert(exec.get("t:shell"):exec([[sh -c 'trap "" TERM; sleep 1000 & echo $!; wait']]))
        local out = proc:stdout_stream()
        assert(proc:start())
        return (tonumber(out:read()))
      end }
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process.
    return false;
  }
}

test(
  "a program, and what it started, ends by force with the script that started it [exec.native] [kind.exec.native]",
  { timeout: 60_000 },
  async () => {
    await withApplication(PROJECT, async ({ call, until }) => {
      const pid = await call("t:leave");
      assert.equal(typeof pid, "number");
      await until(() => !isAlive(pid as number), "the program to end");
    });
  },
);
