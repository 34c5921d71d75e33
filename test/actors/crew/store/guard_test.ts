// How all who use one database keep out of each other's way: who comes with another idea follows, or is told so.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CrewError } from "../../../../actors/crew/store/crew_error.ts";
import { checkFollowing } from "../../../../actors/crew/store/guard.ts";
import { CrewView } from "../../../../actors/crew/store/view.ts";
import { RawDatabase } from "../../storage/raw_database.ts";
import { CrewPlace, entries } from "../rig.ts";

const SHARED = { sharedFs: true };

function journal(place: CrewPlace): string {
  return place.rows<{ journal_mode: string }>("pragma journal_mode")[0].journal_mode;
}

/** Sets what a database says of its guard, as others would have. */
function plant(place: CrewPlace, guard: string): void {
  using raw = new RawDatabase(place.path);
  raw.exec(`update guard set guard = '${guard}'`);
}

// K79
Deno.test("who opens a shared database without saying so follows, and changes nothing", async () => {
  using place = new CrewPlace();
  const first = await place.store(SHARED);
  await first.register(entries({ a: [], b: [] }));
  const mate = await place.mate(first), other = await place.mate(await place.store());
  assertEquals([first.guard, other.store.guard, journal(place)], ["kernel", "kernel", "delete"]);
  await mate.ends(await mate.takes("a"));
  await other.ends(await other.takes("b"));
  using view = await CrewView.look(place.path);
  assertEquals([view.guard, (await view.workflow()).counts.completed], ["kernel", 2]);
  for (const one of [mate, other]) {
    await one.leaves();
    one.store.close();
  }
  assertEquals((await place.store()).guard, "kernel", "once shared, always shared");
  assertEquals(journal(place), "delete");
});

// K79
Deno.test("who opens a database as shared that others use otherwise is told so at once", async () => {
  using place = new CrewPlace();
  const first = await place.store();
  const mate = await place.mate(first, { identifier: "one" });
  const refused = async (sentence: string) => {
    const error = await assertRejects(() => place.store(SHARED), CrewError, sentence);
    assertEquals([error.kind, journal(place), place.temp.has("crew.sqlite.lock")], ["option", "wal", false]);
  };
  await refused("is used without --shared-fs by worker 'one' (process ");
  await mate.leaves();
  await refused("is open elsewhere without --shared-fs: join without it, or when nobody has it open");
  first.close();
  const second = await place.store(SHARED);
  assertEquals([second.guard, journal(place)], ["kernel", "delete"]);
  using view = await CrewView.look(place.path);
  assertEquals(view.guard, "kernel");
});

// K79
Deno.test("hosts that share a database follow whoever is at work, dead ones apart; who joins looks again", async () => {
  using place = new CrewPlace();
  const first = await place.store(SHARED);
  await place.mate(first);
  plant(place, "file");
  const second = await place.store(SHARED);
  assertEquals(second.guard, "file");
  await assertRejects(() => place.mate(first), CrewError, "has just been taken by others");
  using raw = new RawDatabase(place.path);
  raw.exec("update workers set pid = 999999999");
  const third = await place.store(SHARED);
  assertEquals([third.guard, place.rows("select guard from guard")], ["kernel", [{ guard: "kernel" }]]);
});

// K79, K81
Deno.test("locks that others would not see are not followed to", () => {
  const sentence = "is guarded by locks on files, which other hosts do not see as it is mounted here";
  assertThrows(() => checkFollowing("kernel", "db", "this host"), CrewError, sentence);
  checkFollowing("kernel", "db", "unknown");
  checkFollowing("file", "db", "this host");
});
