/** Runs again whenever a file of the project changes, until the user ends it. */
import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { onStopSignal } from "../../platform/running.ts";
import type { Clock, TimerHandle } from "../../ports/mod.ts";
import { printProgress, styleOf } from "../output.ts";

/** Changes that follow each other within this time are one. */
const QUIET_MS = 100;
/** Folders whose changes mean nothing. */
const IGNORED = /(^|[\\/])(\.wippy|\.git|node_modules)([\\/]|$)/;

/** What is watched. */
export interface Watched {
  /** Absolute. */
  readonly folders: readonly string[];
  /** Files that the runs themselves write; absolute. */
  readonly written: readonly string[];
  /** What the user is told. */
  readonly shown: string;
  readonly clock: Clock;
}

/** Runs `body` now and after every change; resolves with the last exit code when the user ends it. */
export async function rerunOnChange(watched: Watched, body: () => Promise<number>): Promise<number> {
  const { clock, folders, shown, written } = watched;
  let isDirty = false;
  let isEnding = false;
  let wake: (() => void) | undefined;
  let timer: TimerHandle | undefined;
  const settle = (): void => {
    timer?.cancel();
    timer = clock.timer(QUIET_MS, () => wake?.());
  };
  const watchers: FSWatcher[] = folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, name) => {
      const path = String(name ?? "");
      if (IGNORED.test(path) || written.includes(join(folder, path))) return;
      isDirty = true;
      settle();
    })
  );
  const stopListening = onStopSignal(() => {
    isEnding = true;
    wake?.();
  });
  try {
    for (;;) {
      isDirty = false;
      const code = await body();
      if (isEnding) return code;
      printProgress(styleOf("progress").dim(`watching ${shown}; Ctrl+C ends`));
      await new Promise<void>((resolve) => {
        wake = resolve;
        // What changed while the tests ran is not lost.
        if (isDirty) settle();
      });
      wake = undefined;
      if (isEnding) return code;
    }
  } finally {
    stopListening();
    timer?.cancel();
    for (const watcher of watchers) watcher.close();
  }
}
