/**
 * Owns the arithmetic of admission by load: how many more tasks the machine bears. It measures nothing.
 *
 * @module
 */

/** Shares from 0 to 1, above which nothing more is started. */
export interface LoadLimits {
  /** Of the CPUs this process may use. */
  readonly cpu?: number;
  /** Of the memory this process may use. */
  readonly memory?: number;
}

/** Shares in use; what is not known is left out and limits nothing. */
export interface LoadSample {
  readonly cpu?: number;
  readonly memory?: number;
}

/**
 * How many tasks may run beside those that do: none above a limit, else as many as the CPUs below theirs could serve,
 * one each. What a task takes of the memory cannot be told before, so with room in it there may be one more a CPU, and
 * then it is looked at again. Room is never less than one task.
 */
export function headroom({ cpu, memory }: LoadSample, limits: LoadLimits, cpus: number): number {
  if (isOver(cpu, limits.cpu) || isOver(memory, limits.memory)) return 0;
  const idle = cpu === undefined || limits.cpu === undefined ? 1 : limits.cpu - cpu;
  return Math.max(1, Math.floor(idle * cpus + 1e-9));
}

function isOver(share: number | undefined, limit: number | undefined): boolean {
  return share !== undefined && limit !== undefined && share > limit;
}

/** The figures in words, of what is known: `CPU at 71 %, memory at 40 %`. */
export function describeLoad({ cpu, memory }: LoadSample): string {
  const known = [["CPU", cpu], ["memory", memory]] as const;
  return known.flatMap(([what, share]) => share === undefined ? [] : [`${what} at ${Math.round(share * 100)} %`]).join(
    ", ",
  );
}
