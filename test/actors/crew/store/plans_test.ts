// The statements that are carried out again and again find what they need by the index that is meant for them; that none
// goes through more than it must holds at the end of every test with a crew, as the rig says.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { crewTest, entries, entry } from "../rig.ts";

const BY_STATE = /tasks USING INDEX tasks_by_state \(workflow_id=\? AND state=\?\)/;
const COVERED_BY_STATE = /tasks USING COVERING INDEX tasks_by_state \(workflow_id=\? AND state=\?\)/;

// S3.12, S3.18, S3.22, S3.27, K83
crewTest("the hot statements go by the index that is meant for them", async (place, store) => {
  await store.register([...entries({ a: [], b: ["a"], c: [], d: [] }), entry("late", { rank: 9 })]);
  const first = await place.mate(store), second = await place.mate(store);
  await first.ends(await first.takes("a"), "failed");
  await first.ends(await first.takes("c"));
  await second.store.turn({ ...second.claimant, only: `["d"]` }, { limit: 1 });
  await store.othersAtWork(first.claimant.worker);
  await store.failedTasks();
  await store.outlook(first.claimant);
  await store.tasks({ state: "failed" });
  await store.tasks({ worker: first.identifier });
  await store.snapshot(3);
  await store.usedDependencies("c");
  await store.eventsSince(0);
  await store.clean();
  await store.pruneStatusHistory();
  await first.leaves();
  await second.leaves();
  const third = await place.mate(store);
  await store.startOver(third.claimant.worker, ["a", "b", "c"], third.claimant);
  await store.reopen({ maxFailedRetries: 1, maxKilledRetries: 0 });

  const { statements } = place;
  for (
    const [sql, index] of [
      [
        /^select id, name, rank, .* and requirements = \? and is_claimable/,
        /tasks USING INDEX idx_requirements \(workflow_id=\? AND requirements=\?\)/,
      ],
      [
        /^select id, name, rank, .* and \+requirements = \?/,
        /tasks USING INDEX tasks_by_name \(workflow_id=\? AND name=\?\)/,
      ],
      [
        /^select id, identifier, beat, .* and id <> \?$/,
        /workers USING INDEX idx_workflow_status \(workflow_id=\? AND status=\?\)/,
      ],
      [/^select name from tasks .* order by \+name/, BY_STATE],
      [/^select id, name from tasks .* and killed_retries <= \?\)$/, BY_STATE],
      [/^update tasks set failed_retries = 0 where workflow_id/, BY_STATE],
      [/^update tasks set state = 'announced'/, BY_STATE],
      [/^select id from tasks .* state = 'blocked'$/, COVERED_BY_STATE],
      [/^select id from tasks .* state in \('failed', 'killed', 'abandoned'\)$/, COVERED_BY_STATE],
      [/^select 1 from tasks .* state in \('ready', 'waiting', 'running'\) limit 1$/, COVERED_BY_STATE],
      [/^select name id, state, .* workflow_id = \? and state = \? order by/, BY_STATE],
      [
        /^select 1 from tasks .* state = \? and requirements = \? limit 1$/,
        /tasks USING COVERING INDEX tasks_by_state \(workflow_id=\? AND state=\? AND requirements=\?\)/,
      ],
      [/^select t\.name from used_dependencies/, /task_statuses USING COVERING INDEX idx_task_status/],
      [/^select name id, state, .* from workers where/, /task_statuses USING INDEX idx_worker_status/],
      [/^select t\.name task, w\.identifier worker/, /^SEARCH w USING .*; SEARCH c USING INDEX claims_by_worker/],
      [
        /^select t\.name task, t\.state/,
        /tasks_by_state \(workflow_id=\? AND state=\?\).*idx_task_status \(task_id=\? AND status=\?\)/,
      ],
      [/^select task_id task from task_statuses group by/, /USING COVERING INDEX idx_task_status/],
      [/^update tasks set unmet = unmet - 1/, /task_dependencies USING COVERING INDEX task_dependents/],
      [/^select sequence, kind, /, /events USING INTEGER PRIMARY KEY \(rowid>\?\)/],
    ] as const
  ) {
    assertMatch(statements.plan(sql), index, String(sql));
  }
  // in the order of the index, not sorted
  const next = statements.plan(/^select id, name, rank, .* and requirements = \? and is_claimable/);
  assert(!/TEMP B-TREE/.test(next), next);
});

// S3.12
crewTest("the indexes that were promised are there", (place) => {
  const names = place.rows("select name from sqlite_schema where name like 'idx_%' order by name");
  assertEquals(names.map(({ name }) => name), [
    "idx_requirements",
    "idx_task_status",
    "idx_timestamp",
    "idx_worker_status",
    "idx_workflow_status",
  ]);
  const [{ detail }] = place.rows("explain query plan select * from task_statuses where timestamp > 0");
  assertMatch(String(detail), /idx_timestamp/);
  return Promise.resolve();
});
