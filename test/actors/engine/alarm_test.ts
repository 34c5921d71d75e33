// One timer for many: each is woken once, and not before its time.
import { assert, assertEquals } from "@std/assert";
import { Alarm } from "../../../actors/engine/alarm.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { until } from "../../faults/rig.ts";

Deno.test("Alarm wakes each id once, not before the time it was given last, and none that was cancelled", async () => {
  const random = randomFrom(seedFor("alarm"));
  const due = new Map<number, number>();
  const woken: number[] = [];
  const alarm = new Alarm((id) => {
    assert(performance.now() >= due.get(id)!, `${id} is woken too early`);
    woken.push(id);
  });
  const set = (id: number, inMs: number) => {
    due.set(id, performance.now() + inMs);
    alarm.set(id, due.get(id)!);
  };
  for (let turn = 0; turn < rounds(1000); turn++) {
    const id = random.below(200);
    if (random.chance(0.8)) set(id, random.below(50) + random.below(2) / 2);
    else {
      alarm.cancel(id);
      due.delete(id);
    }
  }
  set(1000, 60);
  await until(() => woken.includes(1000), "the last one is woken");
  alarm.close();
  assertEquals(woken.toSorted((a, b) => a - b), [...due.keys()].sort((a, b) => a - b));
});

Deno.test("Alarm wakes nobody once it is closed, and leaves no timer behind", async () => {
  const alarm = new Alarm(() => assert(false));
  alarm.set(1, performance.now() + 1e12);
  await null;
  alarm.set(2, performance.now() + 1);
  await null;
  alarm.close();
});
