/** Processors of the machine, and which threads run on them, as everything but `src/platform` sees them. */
export interface Processors {
  /** Numbers of those that this thread may run on. */
  allowed(): readonly number[];
  /** Has all threads of this program, and those that they start, run on these alone; false when that is refused. */
  confineProgram(processors: readonly number[]): boolean;
  /** The same for this thread and those that it starts. */
  confineThread(processors: readonly number[]): boolean;
}
