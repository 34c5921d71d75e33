// What the machine bears now, as far as it can be told.
import { assert } from "@std/assert";
import { hostLoad } from "../../actors/host_load.ts";

// S1.8
Deno.test("hostLoad() finds shares of CPU and memory, and the file handles of this process", () => {
  const { cpu, memory, fileHandles } = hostLoad();
  assert(cpu !== undefined && cpu >= 0, String(cpu));
  assert(memory !== undefined && memory > 0 && memory <= 1.1, String(memory));
  assert(fileHandles === undefined || (fileHandles.used > 2 && fileHandles.used < fileHandles.limit));
});

Deno.test({
  name: "hostLoad() leaves out what it may not look at",
  permissions: { read: false, sys: false },
  fn() {
    const { cpu, memory, fileHandles } = hostLoad();
    assert(cpu === undefined && memory === undefined && fileHandles === undefined);
  },
});
