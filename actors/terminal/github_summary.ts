/**
 * Owns the page that GitHub shows for a job: written once a run is over, behind what others have written there.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { jobSummary, MOST_SUMMARY_BYTES } from "../../graph/report/job_summary.ts";
import { openRegular, writeWhole } from "../machine/regular_file.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RunBegun, RunOver, RunReader } from "./run_reader.ts";
import { systemDetail } from "../machine/system_error.ts";

/** More than this GitHub does not take. */
const MOST_BYTES = 1024 * 1024;

/** The page. */
export class GithubSummary implements RunReader {
  readonly #path: string;
  readonly #onFault: (sentence: string) => void;
  #run: RunBegun | undefined;
  #durations: (number | undefined)[] = [];

  /** `onFault` is told when it cannot be written, which is no failure: nobody asked for it. */
  constructor(path: string, onFault: (sentence: string) => void) {
    this.#path = path;
    this.#onFault = onFault;
  }

  begun(run: RunBegun): void {
    this.#run = run;
    this.#durations = new Array(run.tasks.length);
  }

  note(event: RunEvent): void {
    if (event.kind === "executed" || event.kind === "failed" || event.kind === "cancelled") {
      this.#durations[event.task] = event.durationMs;
    }
  }

  ended({ outcomes, warned, durationMs, signal }: RunOver): void {
    const { tasks, file, kind } = this.#run!;
    const done = kind === "build" ? "built" : "passed";
    const closed = { tasks, outcomes, warned, durationMs, signal, done } as const;
    const run = { name: basename(file), closed, durations: this.#durations };
    try {
      using page = openRegular(this.#path, { append: true });
      const room = Math.min(MOST_SUMMARY_BYTES, MOST_BYTES - page.statSync().size);
      writeWhole(page, new TextEncoder().encode(jobSummary(run, room)));
    } catch (error) {
      this.#onFault(`Cannot write the summary of the job: ${systemDetail(error)}`);
    }
  }

  close(): boolean {
    return true;
  }
}
