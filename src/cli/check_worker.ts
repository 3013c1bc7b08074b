/**
 * Where a thread begins that checks Lua sources for another one: the first message says for what, each later one is a job.
 */
import { type LintBoot, type LintJob, lintWork, type ThreadAnswer } from "../lint/mod.ts";
import type { IndexBoot, IndexJob } from "../lsp/mod.ts";
import { threadInlet } from "../platform/mod.ts";
import { declarations } from "../../std/declarations.gen.ts";

type Work = (job: unknown) => unknown;

async function workFor(boot: IndexBoot | LintBoot): Promise<Work> {
  if (boot.kind === "lint") {
    const work = lintWork(boot, declarations);
    return (job) => work(job as LintJob);
  }
  const { loadIndexWork } = await import("../lsp/mod.ts");
  const work = (await loadIndexWork())(boot, declarations);
  return (job) => work(job as IndexJob);
}

function begin(): void {
  const inlet = threadInlet();
  let work: Promise<Work> | undefined;
  inlet.receive((message) => {
    if (work === undefined) {
      work = workFor(message as IndexBoot | LintBoot);
      return;
    }
    work.then((run): ThreadAnswer<unknown> => ({ answer: run(message) }))
      .catch((error): ThreadAnswer<unknown> => ({ failed: String(error) }))
      .then((answer) => inlet.post(answer));
  });
}

begin();
