// Items that come, or are thought of, while the loop runs.
import { assertEquals, assertFalse, assertRejects } from "@std/assert";
import { idsOf, libraryTest } from "./library.ts";
import { entry } from "./rig.ts";

/** A loop over what it adds to itself: two pages lead to further ones. */
const LINKS: Record<string, readonly string[]> = { a: ["b", "c"], b: ["d"], c: [], d: [] };

async function walked(crew: AsyncIterable<{ id: string; data: string }>, find: (page: string) => void) {
  const seen: string[] = [];
  for await (const { data } of crew) {
    seen.push(data);
    for (const link of LINKS[data]) find(link);
  }
  return seen;
}

// K75
libraryTest("what a loop finds while it runs is done in the same loop, whatever it is kept in", async ({ crew }) => {
  const ways: Record<string, (found: string[]) => Iterable<unknown> | AsyncIterable<unknown>> = {
    *generator(found) {
      for (const page of found) yield { id: page, data: page };
    },
    async *asynchronous(found) {
      for (const page of found) yield { id: page, data: await Promise.resolve(page) };
    },
    iterable: (found) => ({
      [Symbol.iterator]: function* () {
        for (const page of found) yield { id: page, data: page };
      },
    }),
  };
  for (const [workflow, items] of Object.entries(ways)) {
    const found = ["a"];
    const one = crew(items(found) as Iterable<{ id: string; data: string }>, { workflow });
    assertEquals((await walked(one, (page) => found.push(page))).sort(), ["a", "b", "c", "d"], workflow);
    assertFalse(await one.hasMoreJobs());
  }
  const list = ["a"];
  assertEquals((await walked(crew(list, { workflow: "list" }), (page) => list.push(page))).sort(), list);
  const set = new Set(["a"]);
  const changing = (page: string) => {
    set.delete("a"); // so that its size tells nothing
    set.add(page);
  };
  assertEquals((await walked(crew(set, { workflow: "set" }), changing)).sort(), ["a", "b", "c", "d"]);
  const map = new Map([["a", 0]]);
  const pages: string[] = [];
  for await (const { data: [page] } of crew(map, { workflow: "map" })) {
    pages.push(page);
    for (const link of LINKS[page]) map.set(link, 1);
  }
  assertEquals(pages.sort(), ["a", "b", "c", "d"]);
});

// K75
libraryTest("a list that has grown counts as long as it is by then", async ({ crew, place }) => {
  const list = [{ id: "a" }];
  for await (const { id } of crew(list)) if (id === "a") list.push({ id: "b" }, { id: "c" });
  const { totalTasks, counts } = await (await place.store()).workflow();
  assertEquals([totalTasks, counts.completed], [3, 3]);
});

// K75
libraryTest("an item is asked for when nothing else is to be had, and what is ready goes first", async ({ crew }) => {
  const log: string[] = [];
  function* told() {
    for (const id of ["a", "b", "c"]) {
      log.push(`asked ${id}`);
      yield { id, dependencies: id === "a" ? ["b"] : [] };
    }
    log.push("asked for more");
  }
  for await (const { id } of crew(told())) log.push(`did ${id}`);
  assertEquals(log, ["asked a", "asked b", "did b", "did a", "asked c", "did c", "asked for more"]);
});

// K75
libraryTest("what came before an error is done, and the error arrives once", async ({ crew }) => {
  function* failing() {
    yield { id: "late", dependencies: ["early"] };
    yield { id: "early" };
    throw new SyntaxError("theirs");
  }
  const one = crew(failing());
  const seen: string[] = [];
  await assertRejects(
    async () => {
      for await (const { id } of one) seen.push(id);
    },
    SyntaxError,
    "theirs",
  );
  assertEquals(seen, ["early", "late"]);

  function* wrong() {
    yield { id: "first", dependencies: ["last"] };
    yield { id: "second", dependencies: "last" };
    yield { id: "last" };
  }
  const two = crew(wrong(), { workflow: "wrong" });
  await assertRejects(() => idsOf(two), Error, "The dependencies of task 'second' must be a list, not 'last'");
  assertEquals(await idsOf(two), ["last", "first"], "what was taken is known, and the generator goes on");
});

// K75
libraryTest("an endless generator is not searched for a task that it never gives", async ({ crew, place }) => {
  const store = await place.store();
  await store.register([entry("theirs", { rank: -1 }), entry("further", { rank: 2 })]);
  let given = 0;
  function* endless() {
    while (true) yield { id: given++ === 2 ? "further" : `t${given}` };
  }
  const one = crew(endless());
  const seen: string[] = [];
  for await (const { id } of one) {
    seen.push(id);
    if (seen.length === 4) await one.close();
  }
  assertEquals(seen.includes("further"), true);
  assertEquals(given <= 5, true, `${given} were taken`);
});
