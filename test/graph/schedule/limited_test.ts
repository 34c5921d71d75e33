// Runs whose number of tasks is limited by what the machine bears.
import { assert, assertEquals } from "@std/assert";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { planOf, World } from "./world.ts";

const FOUR = { a: [], b: [], c: [], d: [] };

// S1.8
Deno.test("step() starts nothing more without room, but for one task when none runs", () => {
  const world = new World(planOf(FOUR), 4);
  world.tell({ kind: "limited", room: 0 });
  world.begin();
  assertEquals([...world.running.keys()], ["a"]);
  world.complete("a");
  assertEquals([...world.running.keys()], ["b"]);
});

Deno.test("step() starts tasks again when there is room, and not more of them than there is room for", () => {
  const world = new World(planOf(FOUR), 4);
  world.tell({ kind: "limited", room: 0 });
  world.begin();
  world.tell({ kind: "limited", room: 2 });
  assertEquals([...world.running.keys()], ["a", "b", "c"]);
  world.complete("b");
  assertEquals([...world.running.keys()], ["a", "c", "d"]);
});

Deno.test("step() lets those that run go on when the room is gone", () => {
  const world = new World(planOf(FOUR), 3).begin();
  world.tell({ kind: "limited", room: 0 });
  assertEquals([...world.running.keys()], ["a", "b", "c"]);
  for (const name of "abc") {
    world.complete(name);
    assertEquals(world.running.has("d"), name === "c");
  }
});

Deno.test("step() keeps to the room over random graphs and looks, always has a task running, and always ends", () => {
  const seed = seedFor("limited");
  for (let run = 0; run < rounds(500); run++) {
    const random = randomFrom(seed + run);
    const names = Array.from({ length: 1 + random.below(25) }, (_, i) => `t${i}`);
    const shape = Object.fromEntries(
      names.map((name, i) => [name, names.slice(0, i).filter(() => random.chance(1 / (i + 1)))]),
    );
    const world = new World(planOf(shape, 1), 1 + random.below(6));
    try {
      world.begin();
      let most = Infinity;
      while (!world.finished) {
        if (random.chance(0.4)) {
          const room = random.below(4);
          most = room > 0 ? world.running.size + room : 0;
          world.tell({ kind: "limited", room });
        }
        const before = world.running.size;
        assert(before > 0, "nothing runs");
        const name = random.pick([...world.running.keys()]);
        if (random.chance(0.2)) world.fail(name);
        else world.complete(name);
        assert(world.running.size <= Math.max(before - 1, most, 1), `${world.running.size} run, ${most} may`);
      }
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + run} shows it`);
      throw error;
    }
  }
});
