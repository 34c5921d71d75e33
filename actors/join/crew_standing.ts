/**
 * Owns how far a crew is, as a member's display counts it: what the member itself does is in its status table, what the
 * others have done the database says, which is asked no more than once a second and only while somebody looks.
 *
 * @module
 */
import type { WorkflowRecord } from "../crew/store/records.ts";
import type { LiveState } from "../terminal/live_view.ts";
import type { StatusTable } from "../worker/status_table.ts";

/** Between two questions. */
const PAUSE_MS = 1000;

/** The status table of a member, but with the counts of its crew. */
export class CrewStanding {
  readonly #own: StatusTable;
  readonly #ask: () => Promise<Pick<WorkflowRecord, "counts" | "discoveredTasks">>;
  #workflow: Pick<WorkflowRecord, "counts" | "discoveredTasks"> | undefined;
  #askedMs = -Infinity;

  constructor(own: StatusTable, ask: () => Promise<Pick<WorkflowRecord, "counts" | "discoveredTasks">>) {
    this.#own = own;
    this.#ask = ask;
  }

  get size(): number {
    return this.#workflow?.discoveredTasks ?? this.#own.size;
  }

  read(task: number): ReturnType<StatusTable["read"]> {
    return this.#own.read(task);
  }

  counts(): ReturnType<LiveState["table"]["counts"]> {
    if (performance.now() - this.#askedMs >= PAUSE_MS) this.#look();
    if (this.#workflow === undefined) return this.#own.counts();
    const { completed, failed, killed, abandoned, blocked, running, ready, waiting } = this.#workflow.counts;
    // What is blocked may yet be done: somebody may join who has the labels.
    return { completed, failed: failed + killed + abandoned, skipped: 0, running, pending: ready + waiting + blocked };
  }

  async #look(): Promise<void> {
    this.#askedMs = performance.now();
    try {
      this.#workflow = await this.#ask();
    } catch {
      // What is wrong with the database the member's next turn tells; at its end it is closed.
    }
  }
}
