// How busy the CPUs are, as far as the system tells.
import { assert, assertEquals } from "@std/assert";
import { allowedCpus, CpuMeter } from "../../actors/cpu_meter.ts";

// S1.8
Deno.test({
  name: "CpuMeter.share() sees this process at work",
  ignore: Deno.build.os !== "linux",
  fn() {
    const meter = new CpuMeter();
    const deadline = performance.now() + 10_000;
    let share: number | undefined = 0;
    // Until the system's clock has counted some of it
    while (share === undefined || share === 0) {
      assert(performance.now() < deadline, "no work is seen");
      for (const until = performance.now() + 30; performance.now() < until;);
      share = meter.share();
    }
    assert(share > 0 && share <= 1, String(share));
  },
});

Deno.test({
  name: "CpuMeter.share() is unknown to who may not look",
  permissions: { read: false },
  fn() {
    assertEquals(new CpuMeter().share(), undefined);
  },
});

Deno.test("allowedCpus() reads the list of CPUs that a process may run on", () => {
  const mayUse = allowedCpus("Name:\tdeno\nCpus_allowed_list:\t0-2,5,8-9\n");
  assertEquals(Array.from({ length: 11 }, (_, cpu) => cpu).filter(mayUse), [0, 1, 2, 5, 8, 9]);
  assert(allowedCpus("")(77));
});
