/**
 * Owns the words of what a command printed and what it took of the machine.
 * It holds no code.
 *
 * @module
 */

/** One captured stream: head and tail of what was printed, and how much between them was dropped. */
export interface Captured {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly dropped: number;
  /** Where in the bytes something was dropped; at their end if not given. */
  readonly gapAt?: number;
}

/** What an attempt took of the machine. */
export interface Usage {
  /** Time on processors, in microseconds. */
  readonly cpuUs: number;
  /** The most memory that was in use at a time, in KiB; absent where it is not known, or not more than troupe's own. */
  readonly maxRssKb?: number;
}

/** What a command printed. */
export interface Output {
  readonly stdout: Captured;
  readonly stderr: Captured;
}
