// What the machine bears now, as far as it can be told.
import { assert, assertEquals } from "@std/assert";
import { HostMeter } from "../../../actors/machine/host_load.ts";

// S1.8, K54: since a moment ago, and so never above all of the CPUs, as the load average of a minute is
Deno.test("HostMeter finds shares of CPU and memory, and the file handles of this process", async () => {
  const meter = new HostMeter();
  assertEquals(meter.load().cpu, undefined, "too early to tell");
  await meter.ready();
  const { cpu, memory, fileHandles } = meter.load();
  assert(cpu !== undefined && cpu >= 0 && cpu <= 1, String(cpu));
  assertEquals(meter.load().cpu, cpu, "nothing new to tell");
  assert(memory !== undefined && memory > 0 && memory <= 1.1, String(memory));
  assert(Deno.build.os !== "linux" || fileHandles !== undefined, "file handles are known where there is /proc");
  assert(fileHandles === undefined || (fileHandles.used > 2 && fileHandles.used < fileHandles.limit));
});

Deno.test({
  name: "HostMeter leaves out what it may not look at",
  permissions: { read: false, sys: false },
  async fn() {
    const meter = new HostMeter();
    await meter.ready();
    assertEquals(meter.load(), { cpu: undefined, memory: undefined, fileHandles: undefined });
  },
});
