import { assertEquals } from "@std/assert";
import { Pace } from "../../../actors/engine/pace.ts";

function setUp() {
  let gate: PromiseWithResolvers<void> | undefined;
  const passed: number[] = [];
  const pace = new Pace<number>((report) => passed.push(report), () => gate?.promise);
  const shut = () => gate = Promise.withResolvers<void>();
  const open = async () => {
    const was = gate;
    gate = undefined;
    was?.resolve();
    await was?.promise;
    await Promise.resolve();
  };
  return { pace, passed, shut, open };
}

// K21
Deno.test("Pace passes reports on in order, and holds them while there is no room", async () => {
  const { pace, passed, shut, open } = setUp();
  pace.post(1);
  assertEquals(passed, [1]);
  shut();
  pace.post(2);
  pace.post(3);
  assertEquals(passed, [1]);
  await open();
  assertEquals(passed, [1, 2, 3]);
  shut();
  pace.post(4);
  await open();
  pace.post(5);
  assertEquals(passed, [1, 2, 3, 4, 5]);
});

Deno.test("Pace holds nothing back once it is hurried", async () => {
  const { pace, passed, shut, open } = setUp();
  shut();
  pace.post(1);
  pace.hurry();
  pace.post(2);
  assertEquals(passed, [1, 2]);
  await open();
  assertEquals(passed, [1, 2]);
});
