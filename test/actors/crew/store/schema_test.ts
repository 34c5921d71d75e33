// Databases of earlier versions, which are brought up to date by whoever opens them first.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CrewError } from "../../../../actors/crew/store/crew_error.ts";
import { CREW_SCHEMA } from "../../../../actors/crew/store/schema.ts";
import { RawDatabase } from "../../storage/raw_database.ts";
import { CrewPlace, crewTest, entries } from "../rig.ts";

/** A database as the schema's first steps make it, with a task that has run and one that has not. */
function makeOld(path: string, steps: number): void {
  using database = new RawDatabase(path);
  for (const step of CREW_SCHEMA.steps.slice(0, steps)) database.exec(step);
  database.exec(`pragma application_id=${CREW_SCHEMA.applicationId}; pragma user_version=${steps};
    insert into workflows (name, created_at) values ('main', 1);
    insert into requirement_sets values (1, '[]');
    insert into tasks (workflow_id, name, state, status, rank, definition) values
      (1, 'done', 'completed', 'completed', 0, '[0,[],"[]",1]');
    insert into tasks (workflow_id, name, state, is_claimable, rank, definition) values
      (1, 'open', 'ready', 1, 1, '[1,[],"[]",1]');
    insert into task_statuses (task_id, status, timestamp) values (1, 'running', 1), (1, 'completed', 2)`);
}

// S3.10, K71
for (const steps of [1, 3, 5]) {
  Deno.test(`a database of version ${steps} is upgraded, and what is in it goes on`, async () => {
    using place = new CrewPlace();
    makeOld(place.path, steps);
    const store = await place.store();
    const mate = await place.mate(store);
    assertEquals(await mate.takesAll(), ["open"]);
    const trail = (await store.statusTrail("done")).map(({ status }) => status);
    assertEquals([trail, (await store.workflow()).counts.completed], [["running", "completed"], 2]);
    place.assertSound();
  });
}

// K74
Deno.test("a workflow of an older version is of the project that comes first", async () => {
  using place = new CrewPlace();
  makeOld(place.path, 5);
  await place.store();
  await place.store({ project: "a/build.json" });
  await place.store({ project: "a/build.json" });
  const error = await assertRejects(() => place.store({ project: "b/build.json" }), CrewError);
  assertEquals(error.kind, "project");
  await place.store({ project: "b/build.json", workflow: "b" });
  await place.store({ workflow: "main" });
  assertEquals(place.rows("select name, project from workflows order by name"), [
    { name: "b", project: "b/build.json" },
    { name: "main", project: "a/build.json" },
  ]);
});

// K71
crewTest("the claims of two databases have different numbers, which grow", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  const claims = (await (await place.mate(store)).take(2)).map(({ claim }) => claim);
  assert(claims[0] < claims[1] && Number.isSafeInteger(claims[1]));
  using other = new CrewPlace();
  const otherStore = await other.store();
  await otherStore.register(entries({ a: [] }));
  const [{ claim }] = await (await other.mate(otherStore)).take();
  assert(!claims.includes(claim), `${claim} is also one of ${claims}`);
});
