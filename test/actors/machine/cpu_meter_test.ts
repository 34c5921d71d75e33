// How busy the CPUs are, as far as the system tells.
import { assert, assertEquals } from "@std/assert";
import { allowedCpus, CpuMeter, cpuReading } from "../../../actors/machine/cpu_meter.ts";

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

// K54
Deno.test("cpuReading() counts the CPUs that a process may run on, guests once and waiting for disks as idle", () => {
  const stat = "cpu  99 9 9 99 9 9 9 9 9 9\n" +
    "cpu0 10 1 4 70 10 2 1 2 8 1\ncpu1 50 0 0 50 0 0 0 0 0 0\ncpu12 1 0 0 0 0 0 0 0\nintr 1 2\n";
  const allowed = (list: string) => cpuReading(stat, `Cpus_allowed_list:\t${list}\n`);
  assertEquals(allowed("0"), { used: 20, had: 100 });
  assertEquals(allowed("1-2"), { used: 50, had: 100 });
  assertEquals(allowed("0-1,12"), { used: 71, had: 201 });
  assertEquals(cpuReading(stat, ""), { used: 71, had: 201 });
  assertEquals([allowed("3"), cpuReading("", "")], [undefined, undefined]);
});
