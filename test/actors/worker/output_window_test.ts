import { assertEquals } from "@std/assert";
import { OutputWindow } from "../../../actors/worker/output_window.ts";

// K20
Deno.test("OutputWindow wakes all who wait for room, each time anew", async () => {
  const window = new OutputWindow(10);
  assertEquals(window.room(), undefined);
  for (let round = 0; round < 2; round++) {
    window.add(12);
    const woken: string[] = [];
    const waiting = ["stdout", "stderr"].map((name) => window.room()!.then(() => woken.push(name)));
    window.remove(2);
    await Promise.resolve();
    assertEquals(woken, []);
    window.remove(10);
    await Promise.all(waiting);
    assertEquals([woken, window.room()], [["stdout", "stderr"], undefined]);
  }
});
