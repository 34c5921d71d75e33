// The statements that are carried out again and again find what they need by an index.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TRAIL_SQL } from "../../../actors/crew/books.ts";
import { CLAIM_SQL } from "../../../actors/crew/claims.ts";
import { GLANCE_SQL } from "../../../actors/crew/glance.ts";
import { LOCK_SQL } from "../../../actors/crew/lock_rows.ts";
import { MEMBER_SQL } from "../../../actors/crew/members.ts";
import { PRUNE_SQL } from "../../../actors/crew/prune.ts";
import { LOOK_SQL } from "../../../actors/crew/queries.ts";
import { REGISTRATION_SQL } from "../../../actors/crew/registration.ts";
import { SPREAD_SQL } from "../../../actors/crew/spread.ts";
import { RawDatabase } from "../raw_database.ts";
import { crewTest } from "./rig.ts";

const STATEMENTS = Object.entries({
  ...prefixed("trail", TRAIL_SQL),
  ...prefixed("claim", CLAIM_SQL),
  ...prefixed("lock", LOCK_SQL),
  ...prefixed("member", MEMBER_SQL),
  ...prefixed("prune", PRUNE_SQL),
  ...prefixed("look", LOOK_SQL),
  ...prefixed("glance", GLANCE_SQL),
  ...prefixed("registration", REGISTRATION_SQL),
  ...prefixed("spread", SPREAD_SQL),
});

/** What a plan may go through as a whole: what it was given, what it has found, and few rows in order. */
const HARMLESS =
  /^SCAN (json_each|gone|downstream|lost|CONSTANT ROW|\d+ CONSTANT|task_statuses USING COVERING INDEX idx_task_status)/;

function prefixed(prefix: string, statements: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(statements).map(([name, sql]) => [`${prefix}.${name}`, sql]));
}

// S3.12, S3.18, S3.22, S3.27
crewTest("no statement goes through a table", async (place) => {
  using database = new RawDatabase(place.path);
  const explain = (sql: string) => (database.prepare(`explain query plan ${sql}`).all() as { detail: string }[]);
  const scans = STATEMENTS.flatMap(([name, sql]) =>
    explain(sql).map(({ detail }) => detail).filter((detail) => /^SCAN/.test(detail) && !HARMLESS.test(detail))
      .map((detail) => `${name}: ${detail}`)
  );
  assertEquals(scans, []);
  assert(STATEMENTS.length > 50);
  await Promise.resolve();
});

// S3.12
crewTest("the hot statements go by the index that is meant for them", async (place) => {
  using database = new RawDatabase(place.path);
  const plan = (sql: string) =>
    (database.prepare(`explain query plan ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join(
      "; ",
    );
  for (
    const [sql, index] of [
      [CLAIM_SQL.next, /tasks USING INDEX idx_requirements \(workflow_id=\? AND requirements=\?\)/],
      [CLAIM_SQL.nextOf, /tasks USING INDEX tasks_by_name \(workflow_id=\? AND name=\?\)/],
      [MEMBER_SQL.others, /workers USING INDEX idx_workflow_status \(workflow_id=\? AND status=\?\)/],
      [LOOK_SQL.open, /tasks USING COVERING INDEX tasks_by_state \(workflow_id=\? AND state=\? AND requirements=\?\)/],
      [LOOK_SQL.used, /task_statuses USING COVERING INDEX idx_task_status/],
      [LOOK_SQL.tasksOfWorker, /task_statuses USING INDEX idx_worker_status/],
      [GLANCE_SQL.running, /^SEARCH w USING .*; SEARCH c USING INDEX claims_by_worker/],
      [
        GLANCE_SQL.failed,
        /tasks_by_state \(workflow_id=\? AND state=\?\).*idx_task_status \(task_id=\? AND status=\?\)/,
      ],
      [PRUNE_SQL.long, /USING COVERING INDEX idx_task_status/],
      [REGISTRATION_SQL.completed, /tasks USING INDEX tasks_by_name \(workflow_id=\? AND name=\?\)/],
      [SPREAD_SQL.lower, /task_dependencies USING COVERING INDEX task_dependents/],
      [TRAIL_SQL.since, /events USING INTEGER PRIMARY KEY \(rowid>\?\)/],
      ["select * from task_statuses where timestamp > ?", /idx_timestamp/],
    ] as const
  ) {
    assertMatch(plan(sql), index, sql);
  }
  // in the order of the index, not sorted
  assert(!/TEMP B-TREE/.test(plan(CLAIM_SQL.next)), plan(CLAIM_SQL.next));
  const names = database.prepare("select name from sqlite_schema where name like 'idx_%' order by name").all();
  assertEquals(names.map(({ name }) => name), [
    "idx_requirements",
    "idx_task_status",
    "idx_timestamp",
    "idx_worker_status",
    "idx_workflow_status",
  ]);
  await Promise.resolve();
});
