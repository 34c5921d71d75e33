/**
 * Owns a crew's database as its members use it: every operation is one transaction, whole or not at all, and waits its
 * turn. What the operations do is its neighbours'.
 *
 * @module
 */
import type { RetryLimits } from "../../graph/crew/status.ts";
import { type CrewEvent, type CrewEventKind, enterEvent, eventsSince, latestEvent } from "./books.ts";
import {
  canReopen,
  type Claim,
  type Claimant,
  type ClaimEnd,
  claimNext,
  endClaim,
  failedTasks,
  hasClaimable,
  heldClaims,
  isHeld,
  reopen,
  startOver,
} from "./claims.ts";
import {
  beat,
  buryDead,
  declareDead,
  isAtWork,
  join,
  leave,
  type NewMember,
  noteRegistered,
  noteTurn,
} from "./members.ts";
import { othersAtWork, type Sighting } from "./members.ts";
import { freeLock, type LockAsker, type LockRow, renewLocks, tryLock } from "./lock_rows.ts";
import { isFinished, KEPT_EVENTS, KEPT_STATUSES, prune, pruneEvents, pruneStatuses } from "./prune.ts";
import { hasMoreTasks, type Outlook, outlook } from "./queries.ts";
import {
  type CrewTaskEntry,
  type FingerprintUse,
  incomplete,
  invalidateNamed,
  register,
  type Registered,
  unregistered,
} from "./registration.ts";
import { CrewView, openBooks, type StoreOptions } from "./view.ts";

/** Tasks registered by one transaction, so that the others get their turn. */
const BATCH = 300;

/** What a member asks for at once. */
export interface TurnRequest {
  /** Claims of its own that are over. */
  readonly endings?: readonly ClaimEnd[];
  /** How many further tasks it wants. */
  readonly limit: number;
  /** Ids of tasks it does not want. */
  readonly except?: readonly string[];
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
  /** Tasks that failed, when it asked to stop then. */
  readonly failed: readonly string[];
}

/** The database of a crew, seen from one workflow. */
export class CrewStore extends CrewView {
  /**
   * Opens a crew's database, making it and the workflow if they are not there.
   *
   * @throws {DatabaseError} When it cannot be used as asked.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<CrewStore> {
    return new CrewStore(await openBooks(path, "write", options));
  }

  /** Enters tasks, a few hundred at a time; doing it again, or by several members, changes nothing. */
  async register(
    entries: readonly CrewTaskEntry[],
    use: FingerprintUse = "only recorded",
  ): Promise<Registered> {
    let added = 0, invalidated = 0;
    for (let at = 0; at < entries.length; at += BATCH) {
      const batch = entries.slice(at, at + BATCH);
      const missing = await this.read((books) => unregistered(books, batch, use));
      if (missing.length === 0) continue;
      const registered = await this.write((books) => register(books, missing, use));
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
    return this.write((books) => invalidateNamed(books, ids));
  }

  /** Which of these tasks are not completed; one query. */
  incomplete(ids: readonly string[]): Promise<string[]> {
    return this.read((books) => incomplete(books, ids));
  }

  /**
   * Enters a member and answers with its row and its identifier.
   *
   * @throws {CrewError} When a living member has the identifier.
   */
  join(member: NewMember, limits: RetryLimits): Promise<{ worker: number; identifier: string }> {
    return this.write((books) => join(books, member, limits));
  }

  /** Notes that a member has told all tasks it knows. */
  noteRegistered(worker: number): Promise<void> {
    return this.write((books) => noteRegistered(books, worker));
  }

  /** Ends claims and makes new ones, all in one transaction. */
  async turn(
    member: Claimant,
    { endings = [], limit, except = [], stopsOnFailure = false }: TurnRequest,
  ): Promise<Turn> {
    if (endings.length === 0) {
      const nothing = await this.read((books): Turn | undefined => {
        if (!isAtWork(books, member.worker)) return { isMember: false, counted: [], claims: [], failed: [] };
        const failed = stopsOnFailure ? failedTasks(books) : [];
        if (failed.length > 0) return { isMember: true, counted: [], claims: [], failed };
        const isWorthIt = limit > 0 && hasClaimable(books, member, { except });
        return isWorthIt ? undefined : { isMember: true, counted: [], claims: [], failed };
      });
      if (nothing !== undefined) return nothing;
    }
    return await this.write((books) => {
      if (!isAtWork(books, member.worker)) {
        return { isMember: false, counted: endings.map(() => false), claims: [], failed: [] };
      }
      const counted = endings.map((end) => endClaim(books, member, end));
      const failed = stopsOnFailure ? failedTasks(books) : [];
      const claims = failed.length > 0 ? [] : claimNext(books, member, { limit, except });
      const processed = endings.filter(({ ending }, i) => counted[i] && ending !== "cancelled").length;
      const isBusy = claims.length > 0 || heldClaims(books, member.worker) > 0;
      noteTurn(books, member.worker, { status: isBusy ? "busy" : "idle", processed });
      return { isMember: true, counted, claims, failed };
    });
  }

  /** Whether a claim is still a member's, who may then publish its result. */
  isHeld(worker: number, claim: number): Promise<boolean> {
    return this.read((books) => isAtWork(books, worker) && isHeld(books, worker, claim));
  }

  /** Shows that a member lives, with the locks of its owner; false when it was declared dead. */
  beat(worker: number, owner = ""): Promise<boolean> {
    return this.write((books) => {
      renewLocks(books, owner);
      pruneEvents(books, KEPT_EVENTS);
      return beat(books, worker);
    });
  }

  /** All other members at work; one query. */
  othersAtWork(worker: number): Promise<Sighting[]> {
    return this.read((books) => othersAtWork(books, worker));
  }

  /** Declares a member dead and gives its tasks to others; false when somebody else was first. */
  declareDead(worker: number, limits: RetryLimits): Promise<boolean> {
    return this.write((books) => declareDead(books, worker, limits));
  }

  /** Ends a membership in good order; what the member still has is given back as cancelled. */
  leave(worker: number, limits: RetryLimits): Promise<void> {
    return this.write((books) => leave(books, worker, limits));
  }

  /** Lets tasks go on that were given up by members with fewer retries; answers their ids. */
  async reopen(limits: RetryLimits): Promise<string[]> {
    if (!await this.read((books) => canReopen(books, limits))) return [];
    return await this.write((books) => reopen(books, limits));
  }

  /**
   * Unless another member is at work, begins a new run of these tasks: what failed in an earlier one may be tried as if for
   * the first time, and what else is left of it is forgotten.
   */
  startOver(worker: number, names: readonly string[], limits: RetryLimits): Promise<void> {
    return this.write((books) => {
      buryDead(books, worker, limits);
      startOver(books, worker, names);
    });
  }

  /** Names of the tasks that did not make it, sorted. */
  failedTasks(): Promise<string[]> {
    return this.read(failedTasks);
  }

  /** Whether a member that finds nothing to take shall wait. */
  outlook(member: Claimant, except: readonly string[] = []): Promise<Outlook> {
    return this.read((books) => outlook(books, member, except));
  }

  /** Whether a member with these labels and retries could ever take a task again. */
  hasMoreTasks(member: RetryLimits & Pick<Claimant, "labels">): Promise<boolean> {
    return this.read((books) => hasMoreTasks(books, member));
  }

  /** What happened after an event, oldest first. */
  eventsSince(sequence: number, limit = 1000): Promise<CrewEvent[]> {
    return this.read((books) => eventsSince(books, sequence, limit));
  }

  /** The number of the newest event. */
  latestEvent(): Promise<number> {
    return this.read(latestEvent);
  }

  /** Enters an event of its own. */
  enterEvent(kind: CrewEventKind, about: { task?: number; worker?: number } = {}): Promise<void> {
    return this.write((books) => enterEvent(books, kind, about));
  }

  /** Deletes the older lines of each task's audit trail, and answers how many; the current status always stays. */
  pruneStatusHistory(keepLatest = KEPT_STATUSES): Promise<number> {
    return this.write((books) => pruneStatuses(books, keepLatest));
  }

  /** Prunes both when nothing is left to do, as the members that end last find. */
  async tidy(): Promise<void> {
    if (await this.read(isFinished)) await this.write((books) => prune(books));
  }

  /** Deletes the older events, and answers how many. */
  pruneEvents(keepLatest = KEPT_EVENTS): Promise<number> {
    return this.write((books) => pruneEvents(books, keepLatest));
  }

  /** Takes a lock for a user; else the answer is who has it. */
  tryLock(name: string, asker: LockAsker): Promise<LockRow | undefined> {
    return this.write((books) => tryLock(books, name, asker));
  }

  /** Frees a lock if it is still this holding's; false when it was taken away. */
  freeLock(name: string, token: string): Promise<boolean> {
    return this.write((books) => freeLock(books, name, token));
  }

  /** Shows that the owner of locks lives. */
  renewLocks(owner: string): Promise<void> {
    return this.write((books) => renewLocks(books, owner));
  }
}
