/**
 * Owns what tests of the crew's database share: a database in a folder of its own, and members that are no processes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Claim, Claimant } from "../../../actors/crew/store/claims.ts";
import type { ClaimEnd } from "../../../actors/crew/store/endings.ts";
import type { CrewTaskEntry } from "../../../actors/crew/store/registration.ts";
import { CrewStore } from "../../../actors/crew/store/store.ts";
import type { StoreOptions } from "../../../actors/crew/store/records.ts";
import { query } from "../storage/raw_database.ts";
import { type Allowed, Statements } from "../storage/statements.ts";
import { TempFolder } from "../temp_folder.ts";

export const NO_RETRIES = { maxFailedRetries: 0, maxKilledRetries: 0 };

/** Steps that go through a table, or through all rows of a workflow in it. */
const GOES_THROUGH_ALL = /^SCAN|^SEARCH \w+ USING .*\(workflow_id=\?\)$/;

/** What a statement was given or has found; statements that are for all there is of a workflow, or for few rows in order. */
const ALLOWED: readonly Allowed[] = [
  { sql: /./, step: /^SCAN (json_each|gone|downstream|lost|CONSTANT ROW|\d+ CONSTANT)/ },
  { sql: /^select 1 from sqlite_schema limit 1$/, step: /^SCAN sqlite_schema$/ },
  { sql: / guard /, step: /^SCAN guard$/ },
  { sql: /^select identifier, hostname host, .* from workers where status in /, step: /^SCAN workers$/ },
  {
    sql: /group by task_id having count\(\*\) > \?$/,
    step: /^SCAN task_statuses USING COVERING INDEX idx_task_status$/,
  },
  { sql: /^select id from claims$/, step: /^SCAN claims$/ },
  { sql: /^select requirements from requirement_sets /, step: /^SEARCH requirement_sets/ },
  { sql: /^update locks set beat = beat \+ 1 /, step: /^SEARCH locks/ },
  { sql: /^select state, requirements, count\(\*\) count from tasks /, step: /^SEARCH tasks/ },
  {
    sql: /^select name id, state, .* where workflow_id = \? and state <> 'announced' order by /,
    step: /^SEARCH tasks/,
  },
  {
    sql: /^select name id, state, .* from workers where workflow_id = \? and identifier = \?\)/,
    step: /^SEARCH workers/,
  },
  { sql: /^select id worker, identifier id, /, step: /^SEARCH workers/ },
  { sql: /^select distinct labels from workers where workflow_id = \?$/, step: /^SEARCH workers/ },
];

/** What of a task is not as with most. */
export type TaskChoices = Partial<Omit<CrewTaskEntry, "id">>;

export function entry(id: string, choices: TaskChoices = {}): CrewTaskEntry {
  return { id, rank: 0, dependencies: [], requirements: [], maxParallelWorkers: 1, ...choices };
}

/** Tasks by the ids of what they depend on, ranked in that order. */
export function entries(graph: Record<string, readonly string[]>): CrewTaskEntry[] {
  return Object.entries(graph).map(([id, dependencies], rank) => entry(id, { dependencies, rank }));
}

/** A member without a heart. */
export class Mate {
  constructor(readonly store: CrewStore, readonly claimant: Claimant, readonly identifier: string) {}

  /** Takes tasks and answers with their ids. */
  async take(limit = 1): Promise<Claim[]> {
    return [...(await this.store.turn(this.claimant, { limit })).claims];
  }

  /** Takes the next one, which must be this. */
  async takes(id: string): Promise<Claim> {
    const [claim] = await this.take();
    assertEquals(claim?.id, id);
    return claim;
  }

  async takesNothing(): Promise<void> {
    assertEquals(await this.take(), []);
  }

  /** Ends a claim and answers whether that counted. */
  async ends({ claim }: Claim, ending: ClaimEnd["ending"] = "completed", detail?: string): Promise<boolean> {
    const { counted } = await this.store.turn(this.claimant, { limit: 0, endings: [{ claim, ending, detail }] });
    return counted[0];
  }

  /** Takes and completes until there is nothing to take; the answer is their ids in order. */
  async takesAll(): Promise<string[]> {
    const ids: string[] = [];
    let endings: ClaimEnd[] = [];
    while (true) {
      const { claims, counted } = await this.store.turn(this.claimant, { limit: 1, endings });
      assert(counted.every(Boolean));
      if (claims.length === 0) return ids;
      ids.push(claims[0].id);
      endings = [{ claim: claims[0].claim, ending: "completed" }];
    }
  }

  leaves(): Promise<void> {
    return this.store.leave(this.claimant.worker, this.claimant);
  }

  /** What another member does that finds it dead. */
  dies(limits = this.claimant): Promise<boolean> {
    return this.store.declareDead(this.claimant.worker, limits);
  }
}

/** A database that goes with its folder. */
export class CrewPlace implements Disposable {
  readonly temp = new TempFolder();
  readonly path = this.temp.file("crew.sqlite");
  /** What was asked of it, and of every other database meanwhile. */
  readonly statements = new Statements();
  readonly #stores: CrewStore[] = [];
  #mates = 0;

  async store(options: StoreOptions = {}): Promise<CrewStore> {
    const store = await CrewStore.open(this.path, options);
    this.#stores.push(store);
    return store;
  }

  /** A member that has joined. */
  async mate(
    store: CrewStore,
    choices: Partial<Omit<Claimant, "labels">> & { labels?: string[]; identifier?: string; mayBegin?: boolean } = {},
  ): Promise<Mate> {
    const { labels = [], identifier = `mate ${++this.#mates}`, mayBegin, ...rest } = choices;
    const member = {
      identifier,
      labels,
      heartbeatIntervalMs: 1000,
      heartbeatTimeoutMs: 2000,
      isRegistering: false,
      mayBegin,
    };
    const limits = { ...NO_RETRIES, ...rest };
    const joined = await store.join(member, limits);
    assert("worker" in joined);
    const { worker } = joined;
    return new Mate(store, { enableFingerprints: false, ...limits, worker, labels: new Set(labels) }, identifier);
  }

  rows<Row = Record<string, unknown>>(sql: string): Row[] {
    return query<Row>(this.path, sql).map((row) => ({ ...row }));
  }

  /** What must hold at any time; also that every statement so far finds what it needs by an index. */
  assertSound(): void {
    assertEquals(this.statements.stepsLike(GOES_THROUGH_ALL, ALLOWED), []);
    assertEquals(this.rows("pragma integrity_check"), [{ integrity_check: "ok" }]);
    assertEquals(this.rows("pragma foreign_key_check"), []);
    const wrong = (what: string, where: string) =>
      assertEquals(this.rows(`select * from tasks where ${where}`), [], what);
    wrong(
      "unmet counts the dependencies that are not completed",
      `unmet <> (select count(*) from task_dependencies d join tasks t on t.id = d.dependency_id
        where d.task_id = tasks.id and t.state <> 'completed')`,
    );
    wrong("ready means that nothing is missing", "state = 'ready' and (unmet > 0 or is_claimable = 0)");
    wrong("waiting means that something is missing", "state = 'waiting' and unmet = 0");
    wrong("only what is ready or running is given out", "is_claimable = 1 and state not in ('ready', 'running')");
    wrong("active workers hold claims", "active_workers <> (select count(*) from claims where task_id = tasks.id)");
    wrong("running means that somebody is at it", "(state = 'running') <> (active_workers > 0)");
    wrong("at most so many at once", "active_workers > max_parallel_workers");
    wrong(
      "the current status is the last in the trail",
      `status is not (select status from task_statuses where task_id = tasks.id order by id desc limit 1)
        and state not in ('running', 'waiting', 'ready', 'completed')`,
    );
    const ghosts = "select * from claims c join workers w on w.id = c.worker_id where w.status not in ('idle', 'busy')";
    assertEquals(this.rows(ghosts), [], "only members at work hold claims");
  }

  [Symbol.dispose](): void {
    this.statements[Symbol.dispose]();
    for (const store of this.#stores) store.close();
    this.temp[Symbol.dispose]();
  }
}

/** A test with a database, which must be sound at its end. */
export function crewTest(name: string, body: (place: CrewPlace, store: CrewStore) => Promise<void>): void {
  Deno.test(name, async () => {
    using place = new CrewPlace();
    await body(place, await place.store());
    place.assertSound();
  });
}

/** The words of a task's audit trail. */
export async function trail(store: CrewStore, id: string): Promise<string[]> {
  return (await store.statusTrail(id)).map(({ status }) => status);
}
