/**
 * Owns the words between a member's run and what it is about. It holds no code.
 *
 * @module
 */
import type { Needs } from "../../graph/admission.ts";
import type { RunEvent } from "../run_event.ts";
import type { Work } from "../work.ts";
import type { PoolOptions, WorkerPool } from "../worker_pool.ts";
import type { Member } from "./member.ts";

/** What a member's run is about. */
export interface CrewWork extends Work {
  /** What other members, and later runs, are to know of a task that is completed. */
  result(task: number): string | undefined;
}

/** The parts of one member's run. Tasks by index. */
export interface CrewRunParts {
  readonly names: readonly string[];
  /** Further attempts this member makes before it tells of a failure. */
  readonly retries: ArrayLike<number>;
  /** What this member's tasks need of things that are limited, and never hold together; absent when none needs any. */
  readonly needs?: Needs;
  readonly work: CrewWork;
  /** At least 1. */
  readonly workers: number;
  /** Joins the crew; once more after this member was declared dead. */
  readonly join: () => Promise<Member>;
  /** Whether a claim is still a member's. */
  readonly isHeld: (worker: number, claim: number) => Promise<boolean>;
  readonly createPool: (
    options: Pick<PoolOptions, "size" | "table" | "onReport" | "mayPublish">,
  ) => WorkerPool;
  readonly stopsOnFailure: boolean;
  readonly onEvent: (event: RunEvent) => void;
  /** Told when others had declared this member dead, and it joins again. */
  readonly onLost: () => void;
}

/** What one member did. */
export interface CrewCounts {
  executed: number;
  /** Found to be right, or copied. */
  hits: number;
  failed: number;
}
