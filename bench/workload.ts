/**
 * Owns the words between the workloads and the table: what a workload is, and what it answers with.
 *
 * @module
 */
import type { Turns } from "./contest.ts";
import type { Space } from "./space.ts";

/** What all workloads are given. */
export interface Bench {
  readonly space: Space;
  readonly turns: Turns;
  readonly cpus: number;
  /** Name → version of every peer that is installed. */
  readonly peers: ReadonlyMap<string, string>;
}

/** What is hoped for: at most so much of the unit, or at most so many times what the peer takes. */
export type Goal =
  /** Past the goal but within the bound is not good, and still permitted. */
  | { readonly kind: "amount"; readonly most: number; readonly bound?: number }
  | { readonly kind: "ratio"; readonly most: number };

/** One line of the table: every turn's amount, for troupe and for the one it is held against. */
export interface Row {
  readonly workload: string;
  readonly unit: "ms" | "MB";
  readonly troupe: readonly number[];
  readonly peer?: {
    readonly name: string;
    /** Absent when it is not installed. */
    readonly values?: readonly number[];
  };
  readonly goal?: Goal;
}

/** Something to measure, by the name it is asked for. */
export interface Workload {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<Row[]>;
}

/** The amounts divided: what whole turns took, by task. */
export function each(values: readonly number[], count: number): number[] {
  return values.map((value) => value / count);
}
