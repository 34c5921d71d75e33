// What is deleted by itself, and when: the audit trail at the end of a run, events at heartbeats.
import { assertEquals, assertRejects } from "@std/assert";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import type { CrewOptions } from "../../../actors/crew/options.ts";
import { KEPT_EVENTS } from "../../../actors/crew/store/prune.ts";
import { RawDatabase } from "../storage/raw_database.ts";
import { idsOf, libraryTest } from "./library.ts";
import { crewTest, entries, entry, trail } from "./rig.ts";

// S3.16, K89
libraryTest("the trail is made short when nothing is left to do, as the setting says", async ({ crew, place }) => {
  const rounds = async (workflow: string, options: CrewOptions) => {
    const store = await place.store({ workflow });
    const mate = await place.mate(store, { enableFingerprints: true });
    for (let round = 0; round < 39; round++) {
      await store.register([entry("a", { fingerprint: String(round) })], "invalidates");
      await mate.takesAll();
    }
    await mate.leaves();
    const last = { id: "a", fingerprint: "last" };
    assertEquals(await idsOf(crew([last], { workflow, enableFingerprints: true, ...options })), ["a"]);
    return (await trail(store, "a")).length;
  };
  assertEquals(await rounds("short", { keepStatuses: 4 }), 4);
  assertEquals(await rounds("long", { keepStatuses: 1000 }), 40 * 3 - 1);
  assertEquals(await rounds("default", {}), 100);
});

// S3.16
libraryTest("the trail stays as long as something is left to do", async ({ crew, place }) => {
  const items = [{ id: "a", fingerprint: "0" }, { id: "g", requirements: ["gpu"] }];
  for (let round = 0; round < 3; round++) {
    const changed = items.map((item) => ({ ...item, fingerprint: String(round) }));
    await idsOf(crew(changed, { enableFingerprints: true, keepStatuses: 1 }));
  }
  assertEquals((await trail(await place.store(), "a")).length, 3 * 3 - 1);
});

// S3.14, K89
libraryTest("pruneStatusHistory() tells how much it has deleted", async ({ crew, place }) => {
  const store = await place.store();
  await store.register([entry("a")]);
  const mate = await place.mate(store, { maxFailedRetries: 99 });
  for (let round = 0; round < 8; round++) await mate.ends(await mate.takes("a"), "failed");
  await mate.leaves();
  const one = crew([{ id: "a" }]);
  assertEquals([await one.pruneStatusHistory(), await one.pruneStatusHistory()], [6, 0], "10 stay");
  assertEquals(await one.pruneStatusHistory(3), 7);
  assertEquals((await trail(store, "a")).length, 3);
  await assertRejects(() => one.pruneStatusHistory(-1), CrewError, "keepLatest must be a whole number from 0, not -1");
  assertEquals(await crew([], { disabled: true }).pruneStatusHistory(), 0);
});

// S3.22
crewTest("old events are deleted at a heartbeat", async (place, store) => {
  const mate = await place.mate(store);
  using raw = new RawDatabase(place.path);
  raw.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${KEPT_EVENTS})
    insert into events (workflow_id, kind, timestamp) select 1, 'TASK_READY', 0 from n`);
  const count = () => place.rows<{ count: number }>("select count(*) count from events")[0].count;
  assertEquals(count(), KEPT_EVENTS + 1);
  await store.beat(mate.claimant.worker);
  assertEquals(count(), KEPT_EVENTS);
});

// S3.22
crewTest("eventsSince() tells of its own workflow alone", async (place, store) => {
  const other = await place.store({ workflow: "other" });
  const before = await store.latestEvent();
  await other.register(entries({ a: [] }));
  await store.register(entries({ b: [] }));
  await other.enterEvent("TASK_READY");
  const kinds = async (of: typeof store) => (await of.eventsSince(before)).map(({ kind }) => kind);
  assertEquals([await kinds(store), await kinds(other)], [["TASKS_REGISTERED"], ["TASKS_REGISTERED", "TASK_READY"]]);
});
