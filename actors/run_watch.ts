/**
 * Owns the line by which a run that is watched says now and then what it does and what the machine bears.
 *
 * @module
 */
import { describeLoad } from "../graph/headroom.ts";
import { escapeControls } from "../graph/mistakes.ts";
import { CpuMeter } from "./cpu_meter.ts";
import { memoryShare } from "./host_load.ts";
import type { Reporter } from "./reporter.ts";

/** How often a watched run says it. */
const WATCH_MS = 5000;

/** So many tasks are named. */
const NAMED = 10;

/** One run's watch. */
export class RunWatch {
  /** How often it is to tell. */
  readonly everyMs = WATCH_MS;
  readonly #log: { readonly busy: ReadonlyMap<number, { readonly task: string }> };
  readonly #reporter: Reporter;
  readonly #meter = new CpuMeter();

  /** A log knows what each worker does. */
  constructor(log: { readonly busy: ReadonlyMap<number, { readonly task: string }> }, reporter: Reporter) {
    this.#log = log;
    this.#reporter = reporter;
  }

  /** Says it. */
  tell(): void {
    const busy = [...this.#log.busy.values()].map(({ task }) => escapeControls(task));
    const more = busy.length > NAMED ? ` and ${busy.length - NAMED} more` : "";
    const bears = describeLoad({ cpu: this.#meter.share(), memory: memoryShare() });
    const what = busy.length === 0 ? "nothing" : busy.slice(0, NAMED).join(", ") + more;
    this.#reporter.line(`Running: ${what}${bears && `; ${bears}`}`, "dim");
  }
}
