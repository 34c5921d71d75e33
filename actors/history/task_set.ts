/**
 * Owns a set of the tasks of one run, by their positions, as the history keeps it: a bit each. It knows nothing of tasks.
 *
 * @module
 */

/** Some of the tasks of a run. */
export class TaskSet {
  /** Position p is bit p % 8 of byte p / 8. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer> | number) {
    this.bytes = typeof bytes === "number" ? new Uint8Array(Math.ceil(bytes / 8)) : bytes;
  }

  has(position: number): boolean {
    return (this.bytes[position >> 3] & (1 << (position & 7))) !== 0;
  }

  add(position: number): void {
    this.bytes[position >> 3] |= 1 << (position & 7);
  }
}
