/**
 * Owns the line by which a run that is watched says now and then what it does and what the machine bears.
 *
 * @module
 */
import { describeLoad } from "../../graph/schedule/headroom.ts";
import { CpuMeter } from "../machine/cpu_meter.ts";
import { memoryShare } from "../machine/host_load.ts";
import type { BusyWorkers } from "../engine/busy_workers.ts";
import type { Reporter } from "./reporter.ts";
import { listed } from "../../graph/text.ts";

/** How often a watched run says it. */
const WATCH_MS = 5000;

/** So many tasks are named. */
const NAMED = 10;

/** One run's watch. */
export class RunWatch {
  /** How often it is to tell. */
  readonly everyMs = WATCH_MS;
  readonly #workers: Pick<BusyWorkers, "values">;
  readonly #reporter: Reporter;
  readonly #meter = new CpuMeter();

  constructor(workers: Pick<BusyWorkers, "values">, reporter: Reporter) {
    this.#workers = workers;
    this.#reporter = reporter;
  }

  /** Says it. */
  tell(): void {
    const busy = [...this.#workers.values()].map(({ task }) => task);
    const bears = describeLoad({ cpu: this.#meter.share(), memory: memoryShare() });
    const what = busy.length === 0 ? "nothing" : listed(busy, NAMED);
    this.#reporter.line(`Running: ${what}${bears && `; ${bears}`}`, "dim");
  }
}
