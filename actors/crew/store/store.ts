/**
 * Owns a crew's database as its members use it: every operation is one transaction, whole or not at all, and waits its
 * turn. What the operations do is its neighbours'.
 *
 * @module
 */
import type { RetryLimits } from "../../../graph/crew/status.ts";
import type { StuckReason } from "../../../graph/crew/stuck.ts";
import { type CrewEvent, type CrewEventKind, enterEvent, eventsSince, latestEvent } from "./trails.ts";
import {
  allClaims,
  type Claim,
  type Claimant,
  claimNext,
  hasClaimable,
  heldClaims,
  isHeld,
  type OtherTask,
  type Wishes,
} from "./claims.ts";
import { type ClaimEnd, endClaim, failAfterAll, type LateFailure } from "./endings.ts";
import { confirmGuard } from "./guard.ts";
import {
  beat,
  buryDead,
  declareDead,
  isAtWork,
  join,
  type Joined,
  leave,
  type NewMember,
  noteRegistered,
  noteRegistering,
  noteTurn,
} from "./members.ts";
import { othersAtWork, type Sighting } from "./members.ts";
import { freeLock, renewLocks, tryLock } from "./lock_rows.ts";
import type { LockAsker, LockRow, StoreOptions } from "./records.ts";
import { canReopen, type DeadlyTask, deadlyTasks, failedTasks, type NewRun, reopen, startOver } from "./new_run.ts";
import { FEW_STATUSES, isFinished, KEPT_EVENTS, KEPT_STATUSES, prune, pruneEvents, pruneStatuses } from "./prune.ts";
import { hasMoreTasks, type Outlook, outlook } from "./queries.ts";
import {
  type CrewTaskEntry,
  type FingerprintUse,
  invalidateNamed,
  register,
  type Registered,
  unregistered,
} from "./registration.ts";
import { canStartSome, stuckReasons, type StuckScope } from "./stuck.ts";
import { agree, type DuplicateAnswer, type OwnWork } from "./duplicates.ts";
import { CrewView, openBooks } from "./view.ts";

/** Tasks registered by one transaction, so that the others get their turn. */
const BATCH = 300;

/** What a member asks for at once; `limit` is how many further tasks it wants. */
export interface TurnRequest extends Wishes {
  /** Claims of its own that are over. */
  readonly endings?: readonly ClaimEnd[];
  /** Of tasks that were told to be completed. */
  readonly late?: readonly LateFailure[];
  /** Takes nothing when tasks have failed, and says which. */
  readonly stopsOnFailure?: boolean;
}

/** What it gets. */
export interface Turn {
  /** False when it was declared dead: then nothing was changed, and nothing given. */
  readonly isMember: boolean;
  /** For each of the endings whether it counted; false when the claim was not the member's any more. */
  readonly counted: readonly boolean[];
  readonly claims: readonly Claim[];
  /** The next that it would have been given, if it knew it as it is registered. */
  readonly other?: OtherTask;
  /** Tasks that failed, when it asked to stop then. */
  readonly failed: readonly string[];
}

/** The database of a crew, seen from one workflow. */
export class CrewStore extends CrewView {
  /**
   * Opens a crew's database, making it and the workflow if they are not there. Once `leaving` is aborted it waits no more
   * than seconds for others, whatever it is asked.
   *
   * @throws {DatabaseError} When it cannot be used as asked.
   */
  static async open(path: string, options: StoreOptions = {}, leaving?: AbortSignal): Promise<CrewStore> {
    return new CrewStore(await openBooks(path, "write", options, leaving));
  }

  /** Enters tasks, a few hundred at a time; doing it again, or by several members, changes nothing. */
  async register(
    entries: readonly CrewTaskEntry[],
    use: FingerprintUse = "only recorded",
  ): Promise<Registered> {
    let added = 0, invalidated = 0;
    for (let at = 0; at < entries.length; at += BATCH) {
      const batch = entries.slice(at, at + BATCH);
      const missing = await this.read((transaction) => unregistered(transaction, batch, use));
      if (missing.length === 0) continue;
      const registered = await this.write((transaction) => register(transaction, missing, use));
      added += registered.added;
      invalidated += registered.invalidated;
    }
    return { added, invalidated };
  }

  /** Notes how many tasks there are in all; null when nobody knows. */
  setTotal(total: number | null): Promise<void> {
    const update = "update workflows set total_tasks = ? where id = ? and total_tasks is not ?";
    return this.write(({ database, workflow }) => void database.run(update, total, workflow, total));
  }

  /** Has tasks that have ended done again, and all such that depend on them; answers how many in all. */
  invalidate(ids: readonly string[]): Promise<number> {
    return this.write((transaction) => invalidateNamed(transaction, ids));
  }

  /** Enters a member, unless another one at work has its identifier that is not known to be dead. */
  join(member: NewMember, limits: RetryLimits): Promise<Joined> {
    return this.write((transaction) => {
      confirmGuard(this.guard, transaction.database);
      return join(transaction, member, limits);
    });
  }

  /** Notes that a member has told all tasks it knows. */
  noteRegistered(worker: number): Promise<void> {
    return this.write((transaction) => noteRegistered(transaction, worker));
  }

  /** Notes that a member is about to tell of tasks again, for which the others wait. */
  noteRegistering(worker: number): Promise<void> {
    return this.write((transaction) => noteRegistering(transaction, worker));
  }

  /** Ends claims and makes new ones, all in one transaction. */
  async turn(
    member: Claimant,
    { endings = [], late = [], stopsOnFailure = false, ...wishes }: TurnRequest,
  ): Promise<Turn> {
    if (endings.length + late.length === 0) {
      const nothing = await this.read((transaction): Turn | undefined => {
        if (!isAtWork(transaction, member.worker)) return { isMember: false, counted: [], claims: [], failed: [] };
        const failed = stopsOnFailure ? failedTasks(transaction) : [];
        if (failed.length > 0) return { isMember: true, counted: [], claims: [], failed };
        const isWorthIt = wishes.limit > 0 && hasClaimable(transaction, member, wishes);
        return isWorthIt ? undefined : { isMember: true, counted: [], claims: [], failed };
      });
      if (nothing !== undefined) return nothing;
    }
    return await this.write((transaction) => {
      if (!isAtWork(transaction, member.worker)) {
        return { isMember: false, counted: endings.map(() => false), claims: [], failed: [] };
      }
      const counted = endings.map((end) => endClaim(transaction, member, end));
      for (const failure of late) failAfterAll(transaction, member, failure);
      const failed = stopsOnFailure ? failedTasks(transaction) : [];
      const { claims, other } = failed.length > 0 ? { claims: [] } : claimNext(transaction, member, wishes);
      const processed = endings.filter(({ ending }, i) => counted[i] && ending !== "cancelled").length;
      const isBusy = claims.length > 0 || heldClaims(transaction, member.worker) > 0;
      noteTurn(transaction, member.worker, { status: isBusy ? "busy" : "idle", processed });
      return { isMember: true, counted, claims, other, failed };
    });
  }

  /** Does something for a claim that is still a member's, and that nobody can take from it meanwhile; undefined for another. */
  whileHeld<Result>(worker: number, claim: number, act: () => Result): Promise<Result | undefined> {
    return this.write((transaction) =>
      isAtWork(transaction, worker) && isHeld(transaction, worker, claim) ? act() : undefined
    );
  }

  /** The numbers of all claims that anybody holds. */
  async claims(): Promise<ReadonlySet<number>> {
    return new Set(await this.read(allClaims));
  }

  /** Agrees with the others on who does some work. */
  agree(work: OwnWork): Promise<DuplicateAnswer> {
    return this.write((transaction) => agree(transaction, work));
  }

  /** Shows that a member lives, with the locks of its owner; false when it was declared dead. */
  beat(worker: number, owner = ""): Promise<boolean> {
    return this.write((transaction) => {
      renewLocks(transaction, owner);
      pruneEvents(transaction, KEPT_EVENTS);
      return beat(transaction, worker);
    });
  }

  /** All other members at work; one query. */
  othersAtWork(worker: number): Promise<Sighting[]> {
    return this.read((transaction) => othersAtWork(transaction, worker));
  }

  /** Declares a member dead and gives its tasks to others; false when somebody else was first. */
  declareDead(worker: number, limits: RetryLimits): Promise<boolean> {
    return this.write((transaction) => declareDead(transaction, worker, limits));
  }

  /** Ends a membership in good order; what the member still has is given back as cancelled. */
  leave(worker: number, limits: RetryLimits): Promise<void> {
    return this.write((transaction) => leave(transaction, worker, limits));
  }

  /** Lets tasks go on that were given up by members with fewer retries; answers their ids. */
  async reopen(limits: RetryLimits): Promise<string[]> {
    if (!await this.read((transaction) => canReopen(transaction, limits))) return [];
    return await this.write((transaction) => reopen(transaction, limits));
  }

  /**
   * Unless another member is at work, begins a new run of these tasks: what failed in an earlier one may be tried as if for
   * the first time, what is completed is done once more if that `redoes` it, and what else is left of it is forgotten; how
   * often members have died of a task is not.
   */
  startOver(
    worker: number,
    names: readonly string[],
    { redoes, ...limits }: RetryLimits & Pick<NewRun, "redoes">,
  ): Promise<void> {
    return this.write((transaction) => {
      buryDead(transaction, worker, limits);
      startOver(transaction, worker, { names, limits, redoes });
    });
  }

  /** Names of the tasks that did not make it, sorted. */
  failedTasks(): Promise<string[]> {
    return this.read(failedTasks);
  }

  /** The first of the tasks that nobody with these limits tries again because members died of them. */
  deadlyTasks(limits: RetryLimits, most: number): Promise<DeadlyTask[]> {
    return this.read((transaction) => deadlyTasks(transaction, limits, most));
  }

  /** Whether a member that finds nothing to take shall wait. */
  outlook(member: Claimant, except: readonly number[] = []): Promise<Outlook> {
    return this.read((transaction) => outlook(transaction, member, except));
  }

  /** Whether a member with these labels and retries could ever take a task again. */
  hasMoreTasks(member: RetryLimits & Pick<Claimant, "labels">): Promise<boolean> {
    return this.read((transaction) => hasMoreTasks(transaction, member));
  }

  /** Whether a member may yet have something to do, of the tasks in question; what can never start counts for nothing. */
  hasProspects(member: Claimant, except: readonly number[], scope: StuckScope): Promise<boolean> {
    return this.read((transaction) => {
      const { hasMore, isMoving } = outlook(transaction, member, except);
      return hasMore && (isMoving || canReopen(transaction, member) || canStartSome(transaction, member.labels, scope));
    });
  }

  /** Why tasks can never start, when nothing moves. */
  stuckReasons(scope: StuckScope): Promise<StuckReason[]> {
    return this.read((transaction) => stuckReasons(transaction, scope));
  }

  /** What happened after an event, oldest first. */
  eventsSince(sequence: number, limit = 1000): Promise<CrewEvent[]> {
    return this.read((transaction) => eventsSince(transaction, sequence, limit));
  }

  /** The number of the newest event. */
  latestEvent(): Promise<number> {
    return this.read(latestEvent);
  }

  /** Enters an event of its own. */
  enterEvent(kind: CrewEventKind, about: { task?: number; worker?: number } = {}): Promise<void> {
    return this.write((transaction) => enterEvent(transaction, kind, about));
  }

  /** Deletes the older lines of each task's audit trail, and answers how many; the current status always stays. */
  pruneStatusHistory(keepLatest = FEW_STATUSES): Promise<number> {
    return this.write((transaction) => pruneStatuses(transaction, keepLatest));
  }

  /** Prunes both when nothing is left to do, as the members that end last find. */
  async clean(keepStatuses = KEPT_STATUSES): Promise<void> {
    if (await this.read(isFinished)) await this.write((transaction) => prune(transaction, keepStatuses));
  }

  /** Deletes the older events, and answers how many. */
  pruneEvents(keepLatest = KEPT_EVENTS): Promise<number> {
    return this.write((transaction) => pruneEvents(transaction, keepLatest));
  }

  /** Takes a lock for a user; else the answer is who has it. */
  tryLock(name: string, asker: LockAsker): Promise<LockRow | undefined> {
    return this.write((transaction) => tryLock(transaction, name, asker));
  }

  /** Frees a lock if it is still this holding's; false when it was taken away. */
  freeLock(name: string, token: string): Promise<boolean> {
    return this.write((transaction) => freeLock(transaction, name, token));
  }

  /** Shows that the owner of locks lives. */
  renewLocks(owner: string): Promise<void> {
    return this.write((transaction) => renewLocks(transaction, owner));
  }
}
