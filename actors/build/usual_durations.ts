/**
 * Owns how long the tasks of a folder took when they were last done, which tells what is urgent: of tasks that may start,
 * the one with the longest time behind it goes first. What was quick is not remembered; order makes no difference there.
 *
 * @module
 */

/** In milliseconds: what took less counts as {@linkcode QUICK_MS}, and so does what was never done. */
const WORTH_MS = 50;
const QUICK_MS = 10;

/** The durations, a part of the build cache. */
export class UsualDurations {
  /** By task name, in whole milliseconds. */
  readonly all: Record<string, number>;

  /** `all` must have no prototype. */
  constructor(all: Record<string, number>) {
    this.all = all;
  }

  /** A task was done; answers whether that is news. */
  note(task: string, durationMs: number): boolean {
    const known = this.all[task], now = durationMs >= WORTH_MS ? Math.round(durationMs) : undefined;
    if (now === undefined) delete this.all[task];
    else this.all[task] = now;
    return now !== known;
  }

  /** Takes in what was not written down with all others, whatever it is. */
  recall(task: string, durationMs: unknown): void {
    if (typeof durationMs === "number") this.note(task, durationMs);
  }

  /** How long each of some tasks is expected to take, in milliseconds; undefined where all are alike. */
  weights(tasks: readonly { readonly name: string }[]): Float64Array | undefined {
    for (const _ in this.all) return Float64Array.from(tasks, ({ name }) => this.#expected(this.all[name]));
  }

  /** Forgets tasks. */
  keepOnly(isKept: (task: string) => boolean): void {
    for (const task in this.all) if (!isKept(task)) delete this.all[task];
  }

  #expected(known: unknown): number {
    return typeof known === "number" && known >= WORTH_MS && known < Infinity ? known : QUICK_MS;
  }
}
