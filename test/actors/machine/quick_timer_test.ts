// Timers that load nothing.
import { assert, assertEquals } from "@std/assert";
import { QuickTimer } from "../../../actors/machine/quick_timer.ts";

Deno.test("a QuickTimer rings once when its time has come, and not before", async () => {
  const begunMs = performance.now();
  let rings = 0;
  await new Promise<void>((resolve) => new QuickTimer(30, () => (rings++, resolve())));
  assert(performance.now() - begunMs >= 29);
  await new Promise<void>((resolve) => new QuickTimer(60, resolve));
  assertEquals(rings, 1);
});

Deno.test("QuickTimer.every() rings until it is stopped, from within as well", async () => {
  let rings = 0;
  await new Promise<void>((resolve) => {
    const timer: QuickTimer = QuickTimer.every(5, () => {
      if (++rings < 3) return;
      timer.stop();
      resolve();
    });
  });
  await new Promise<void>((resolve) => new QuickTimer(40, resolve));
  assertEquals(rings, 3);
});

Deno.test("a QuickTimer that was stopped rings no more, and keeps no program alive", async () => {
  const url = new URL("../../../actors/machine/quick_timer.ts", import.meta.url);
  const code = `import { QuickTimer } from "${url}";
    new QuickTimer(3_600_000, () => console.log("rang")).stop();
    QuickTimer.every(3_600_000, () => console.log("rang")).stop();
    new QuickTimer(10, () => console.log("alive until then"));`;
  const { code: exit, stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assertEquals([exit, new TextDecoder().decode(stdout)], [0, "alive until then\n"]);
});
