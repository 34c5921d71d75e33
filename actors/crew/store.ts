/**
 * Owns a crew's database as its members use it: every operation is one transaction, whole or not at all, and waits its
 * turn. What the operations do is its neighbours'.
 *
 * @module
 */
import type { RetryLimits } from "../../graph/crew/status.ts";
import { type Access, type Database, openDatabase } from "../database.ts";
import { DatabaseError } from "../database_error.ts";
import { type Books, type CrewEvent, type CrewEventKind, enterEvent, eventsSince, latestEvent } from "./books.ts";
import {
  type Claim,
  type Claimant,
  type ClaimEnd,
  claimNext,
  endClaim,
  failedTasks,
  hasClaimable,
  heldClaims,
  reopen,
} from "./claims.ts";
import { beat, declareDead, isAtWork, join, leave, type NewMember, noteRegistered, noteTurn } from "./members.ts";
import { othersAtWork, type Sighting } from "./members.ts";
import { KEPT_EVENTS, KEPT_STATUSES, pruneEvents, pruneStatuses } from "./prune.ts";
import {
  hasMoreTasks,
  type Outlook,
  outlook,
  type StatusRecord,
  statusTrail,
  type TaskFilter,
  type TaskRecord,
  taskRecord,
  taskRecords,
  usedDependencies,
  type WorkerRecord,
  workerRecords,
  type WorkflowRecord,
  workflowRecord,
} from "./queries.ts";
import {
  type CrewTaskEntry,
  type FingerprintUse,
  incomplete,
  register,
  type Registered,
  unregistered,
} from "./registration.ts";
import { CREW_SCHEMA } from "./schema.ts";

/** The workflow that is meant when none is named. */
export const DEFAULT_WORKFLOW = "main";

/** How long members queue for the database before that is an error. */
const CREW_PATIENCE_MS = 60_000;

/** Tasks registered by one transaction, so that the others get their turn. */
const BATCH = 300;

/** How a crew's database is opened. */
export interface StoreOptions {
  /** Which of the workflows in the database; default `main`. */
  readonly workflow?: string;
  /** `look` never makes a database; default `write`. */
  readonly access?: Access;
}

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
export class CrewStore implements Disposable {
  readonly #database: Database;
  readonly #books: Books;
  #waitedMs = 0;

  private constructor(database: Database, workflow: number) {
    this.#database = database;
    this.#books = { database, workflow };
  }

  /**
   * Opens a crew's database, making it and the workflow if they are not there.
   *
   * @throws {DatabaseError} When it cannot be used as asked.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<CrewStore> {
    const { workflow = DEFAULT_WORKFLOW, access = "write" } = options;
    const patienceMs = access === "write" ? CREW_PATIENCE_MS : undefined;
    const database = await openDatabase(path, { schema: CREW_SCHEMA, access, patienceMs });
    try {
      return new CrewStore(database, await workflowRow(database, workflow, access));
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get path(): string {
    return this.#database.path;
  }

  /** How long this member has waited for others to let go of the database, in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Enters tasks, a few hundred at a time; doing it again, or by several members, changes nothing. */
  async register(
    entries: readonly CrewTaskEntry[],
    use: FingerprintUse = "only recorded",
  ): Promise<Registered> {
    let added = 0, invalidated = 0;
    for (let at = 0; at < entries.length; at += BATCH) {
      const batch = entries.slice(at, at + BATCH);
      const missing = await this.#read((books) => unregistered(books, batch, use));
      if (missing.length === 0) continue;
      const registered = await this.#write((books) => register(books, missing, use));
      added += registered.added;
      invalidated += registered.invalidated;
    }
    return { added, invalidated };
  }

  /** Notes how many tasks there are in all; null when nobody knows. */
  setTotal(total: number | null): Promise<void> {
    const update = "update workflows set total_tasks = ?1 where id = ?2 and total_tasks is not ?1";
    return this.#write(({ database, workflow }) => void database.run(update, total, workflow));
  }

  /** Which of these tasks are not completed; one query. */
  incomplete(ids: readonly string[]): Promise<string[]> {
    return this.#read((books) => incomplete(books, ids));
  }

  /**
   * Enters a member and answers with its row and its identifier.
   *
   * @throws {CrewError} When a living member has the identifier.
   */
  join(member: NewMember, limits: RetryLimits): Promise<{ worker: number; identifier: string }> {
    return this.#write((books) => join(books, member, limits));
  }

  /** Notes that a member has told all tasks it knows. */
  noteRegistered(worker: number): Promise<void> {
    return this.#write((books) => noteRegistered(books, worker));
  }

  /** Ends claims and makes new ones, all in one transaction. */
  async turn(
    member: Claimant,
    { endings = [], limit, except = [], stopsOnFailure = false }: TurnRequest,
  ): Promise<Turn> {
    if (endings.length === 0) {
      const nothing = await this.#read((books): Turn | undefined => {
        if (!isAtWork(books, member.worker)) return { isMember: false, counted: [], claims: [], failed: [] };
        const failed = stopsOnFailure ? failedTasks(books) : [];
        if (failed.length > 0) return { isMember: true, counted: [], claims: [], failed };
        const isWorthIt = limit > 0 && hasClaimable(books, member, { except });
        return isWorthIt ? undefined : { isMember: true, counted: [], claims: [], failed };
      });
      if (nothing !== undefined) return nothing;
    }
    return await this.#write((books) => {
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

  /** Shows that a member lives; false when it was declared dead. */
  beat(worker: number): Promise<boolean> {
    return this.#write((books) => beat(books, worker));
  }

  /** All other members at work; one query. */
  othersAtWork(worker: number): Promise<Sighting[]> {
    return this.#read((books) => othersAtWork(books, worker));
  }

  /** Declares a member dead and gives its tasks to others; false when somebody else was first. */
  declareDead(worker: number, limits: RetryLimits): Promise<boolean> {
    return this.#write((books) => declareDead(books, worker, limits));
  }

  /** Ends a membership in good order; what the member still has is given back as cancelled. */
  leave(worker: number, limits: RetryLimits): Promise<void> {
    return this.#write((books) => leave(books, worker, limits));
  }

  /** Lets tasks go on that were given up by members with fewer retries; answers their ids. */
  async reopen(limits: RetryLimits): Promise<string[]> {
    return await this.#write((books) => reopen(books, limits));
  }

  /** Names of the tasks that did not make it, sorted. */
  failedTasks(): Promise<string[]> {
    return this.#read(failedTasks);
  }

  /** Whether a member that finds nothing to take shall wait. */
  outlook(member: Claimant): Promise<Outlook> {
    return this.#read((books) => outlook(books, member));
  }

  /** Whether a member with these labels and retries could ever take a task again. */
  hasMoreTasks(member: RetryLimits & Pick<Claimant, "labels">): Promise<boolean> {
    return this.#read((books) => hasMoreTasks(books, member));
  }

  /** A number that the writing of others changes; to ask for it costs next to nothing. */
  dataVersion(): Promise<number> {
    return this.#read(({ database }) => database.dataVersion());
  }

  /** What happened after an event, oldest first. */
  eventsSince(sequence: number, limit = 1000): Promise<CrewEvent[]> {
    return this.#read((books) => eventsSince(books, sequence, limit));
  }

  /** The number of the newest event. */
  latestEvent(): Promise<number> {
    return this.#read(latestEvent);
  }

  /** Enters an event of its own. */
  enterEvent(kind: CrewEventKind, about: { task?: number; worker?: number } = {}): Promise<void> {
    return this.#write((books) => enterEvent(books, kind, about));
  }

  /** Deletes the older lines of each task's audit trail, and answers how many; the current status always stays. */
  pruneStatusHistory(keepLatest = KEPT_STATUSES): Promise<number> {
    return this.#write((books) => pruneStatuses(books, keepLatest));
  }

  /** Deletes the older events, and answers how many. */
  pruneEvents(keepLatest = KEPT_EVENTS): Promise<number> {
    return this.#write((books) => pruneEvents(books, keepLatest));
  }

  /** All members there ever were, the oldest first. */
  workers(): Promise<WorkerRecord[]> {
    return this.#read(workerRecords);
  }

  /** Tasks by rank. */
  tasks(filter: TaskFilter = {}): Promise<TaskRecord[]> {
    return this.#read((books) => taskRecords(books, filter));
  }

  /** One task; undefined when nobody has registered it. */
  task(id: string): Promise<TaskRecord | undefined> {
    return this.#read((books) => taskRecord(books, id));
  }

  /** What happened to a task, oldest first. */
  statusTrail(id: string): Promise<StatusRecord[]> {
    return this.#read((books) => statusTrail(books, id));
  }

  /** The dependencies that the last completion of a task went by, sorted. */
  usedDependencies(id: string): Promise<string[]> {
    return this.#read((books) => usedDependencies(books, id));
  }

  workflow(): Promise<WorkflowRecord> {
    return this.#read(workflowRecord);
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // deno-lint-ignore require-await -- a shared file system makes it wait
  async #read<Result>(work: (books: Books) => Result): Promise<Result> {
    return work(this.#books);
  }

  async #write<Result>(work: (books: Books) => Result): Promise<Result> {
    const askedMs = performance.now();
    return await this.#database.write(() => {
      this.#waitedMs += performance.now() - askedMs;
      return work(this.#books);
    }, CREW_PATIENCE_MS);
  }
}

async function workflowRow(database: Database, name: string, access: Access): Promise<number> {
  const find = () => database.get<{ id: number }>("select id from workflows where name = ?", name)?.id;
  const found = find();
  if (found !== undefined) return found;
  if (access === "look") {
    throw new DatabaseError("missing", `Database '${database.path}' has no workflow '${name}'`);
  }
  const insert = "insert or ignore into workflows (name, created_at) values (?, ?)";
  return await database.write(() => {
    database.run(insert, name, Date.now());
    return find()!;
  }, CREW_PATIENCE_MS);
}
