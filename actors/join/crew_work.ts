/**
 * Owns the words between a member's share of a run and what it is about. It holds no code.
 *
 * @module
 */
import type { Work } from "../engine/work.ts";
import type { DuplicateAnswer, OwnWork } from "../crew/store/duplicates.ts";

/** The claims of a member, as far as its work needs them. */
export interface HeldClaims {
  /** The number of the claim by which a task is done. */
  numberOf(task: number): number;
  /** Agrees with the others on who does some work. */
  agree(work: Omit<OwnWork, "worker">): Promise<DuplicateAnswer>;
  /** What some tasks, by name, left to be remembered when they were last completed, by whomever. */
  results(names: readonly string[]): Promise<readonly { readonly id: string; readonly result: string }[]>;
}

/** What a member's share of a run is about. */
export interface CrewWork extends Work {
  /** Told before all else whose claims it works by. */
  attach(claims: HeldClaims): void;
  /** What other members, and later runs, are to know of a task that is completed. */
  result(task: number): string | undefined;
  /** By which fingerprint it does a task; not there where tasks have none. */
  fingerprint?(task: number): string;
  /** Whether a task is what it is registered as, when all that can change is looked at again. */
  isNow?(task: number, registered: string | null): Promise<boolean>;
  /** By which fingerprint a task was done that has just been completed, null when nobody can tell; default that of its claim. */
  doneBy?(task: number): string | null;
}

/** What one member did. */
export interface CrewCounts {
  executed: number;
  /** Found to be right, or copied. */
  hits: number;
  failed: number;
}
