/**
 * Owns the status table: one Int32 a task in shared memory, which any thread may read at any time.
 * It decides nothing: each change is a compare-exchange from the word the caller expects, and one that is not legal
 * throws where it is asked for.
 *
 * Ordering: Atomics are sequentially consistent, so whoever reads `completed` also sees every write made before it.
 *
 * @module
 */
import { type Status, STATUSES } from "../../graph/schedule/event.ts";

const PENDING = 0, RUNNING = 1, COMPLETED = 2, FAILED = 3, SKIPPED = 4;

/** Every legal change as a mark at `from * 5 + to`. `running → pending` is a retry. */
const LEGAL = new Uint8Array(25);
for (
  const [from, to] of [
    [PENDING, RUNNING],
    [PENDING, COMPLETED], // the build cache answered
    [PENDING, FAILED], // a source cannot be read
    [PENDING, SKIPPED],
    [RUNNING, COMPLETED],
    [RUNNING, FAILED],
    [RUNNING, SKIPPED], // cancelled
    [RUNNING, PENDING],
  ]
) LEGAL[from * 5 + to] = 1;

/** A view of the shared words; every thread makes its own over the same buffer. */
export class StatusTable {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** Takes the buffer of another thread's table, or the number of tasks for a new one, all `pending`. */
  constructor(source: SharedArrayBuffer | number) {
    this.buffer = typeof source === "number" ? new SharedArrayBuffer(4 * source) : source;
    this.#words = new Int32Array(this.buffer);
  }

  get size(): number {
    return this.#words.length;
  }

  read(task: number): Status {
    return STATUSES[Atomics.load(this.#words, task)];
  }

  /** Whether the task is completed, failed or skipped. */
  hasSettled(task: number): boolean {
    return Atomics.load(this.#words, task) >= COMPLETED;
  }

  /** How many tasks have each word. */
  counts(): Record<Status, number> {
    const counts = new Array<number>(STATUSES.length).fill(0);
    for (let task = 0; task < this.#words.length; task++) counts[Atomics.load(this.#words, task)]++;
    return Object.fromEntries(STATUSES.map((status, word) => [status, counts[word]])) as Record<Status, number>;
  }

  /**
   * Changes the word if it is `from`, and answers whether it was.
   *
   * @throws {Error} When the change is not legal whatever the word is.
   */
  change(task: number, from: Status, to: Status): boolean {
    const a = STATUSES.indexOf(from), b = STATUSES.indexOf(to);
    if (LEGAL[a * 5 + b] === 0) throw new Error(`Bug: task ${task} cannot go from ${from} to ${to}`);
    if (Atomics.compareExchange(this.#words, task, a, b) !== a) return false;
    Atomics.notify(this.#words, task);
    return true;
  }

  /** Makes a task that is completed or failed `pending`, as in a crew it is to be done once more. */
  reopen(task: number): void {
    Atomics.store(this.#words, task, PENDING);
    Atomics.notify(this.#words, task);
  }

  /**
   * Resolves with the task's last word once it is completed, failed or skipped. Works on any thread, without polling.
   * Waiting for it alone does not keep a thread's event loop alive.
   */
  async settled(task: number): Promise<Status> {
    while (true) {
      const word = Atomics.load(this.#words, task);
      if (word >= COMPLETED) return STATUSES[word];
      const wait = Atomics.waitAsync(this.#words, task, word);
      if (wait.async) await wait.value;
    }
  }
}
