// What a process may use that is held to some of the CPUs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { allowedCpus } from "../../../actors/machine/cpu_meter.ts";
import { type Rig, rigTest } from "../../rig.ts";

/** Programs that only some systems have, and CPUs to choose from. */
const [cpu, lacking] = ((): [cpu: number, lacking: string] => {
  if (Deno.build.os !== "linux") return [-1, "not Linux"];
  const mayUse = allowedCpus(Deno.readTextFileSync("/proc/self/status"));
  const cpus = Array.from({ length: 1024 }, (_, cpu) => cpu).filter(mayUse);
  // With 1024 of them no list was found.
  if (cpus.length < 2 || cpus.length === 1024) return [-1, "this process has a single CPU"];
  const hasTaskset = (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/taskset`).isFile;
    } catch {
      return false;
    }
  });
  return hasTaskset ? [cpus[cpus.length - 1], ""] : [-1, "no taskset"];
})();

const why = lacking === "" ? "" : ` (skipped: ${lacking})`;
const MACHINE = new URL("../../../actors/machine/cpu_meter.ts", import.meta.url).href;

/** Runs a program on one CPU. */
function onOneCpu(rig: Rig, ...deno: string[]) {
  return rig.spawn("taskset", ["-c", String(cpu), Deno.execPath(), "run", "-A", ...deno]).ended;
}

// K54
rigTest(
  `CpuMeter.share() is of the CPUs that this process may use${why}`,
  async (rig) => {
    // The one CPU is at work without a pause, which of all of them is half or less on an idle machine.
    rig.write(
      "burn.ts",
      `import { CpuMeter } from ${JSON.stringify(MACHINE)};
      const meter = new CpuMeter();
      for (const until = performance.now() + 500; performance.now() < until;);
      console.log(navigator.hardwareConcurrency, meter.share());`,
    );
    const { stdout, stderr } = await onOneCpu(rig, rig.path("burn.ts"));
    assertEquals(stderr, "");
    const [cpus, share] = stdout.trim().split(" ").map(Number);
    assertEquals(cpus, 1);
    assert(share > 0.85, stdout);
  },
  { ignore: lacking !== "" },
);

// K54
rigTest(
  `a run has a worker for each CPU that it may use${why}`,
  async (rig) => {
    rig.write("tasks.txt", "a: true\nb: true\nc: true\n");
    const program = rig.program.replace(/build\.ts$/, "main.ts");
    const { stdout, code } = await onOneCpu(rig, program, "run", "tasks.txt", "--events", "events");
    assertEquals(code, 0, stdout);
    assertStringIncludes(rig.read("events").split("\n")[0], '"workers":1,');
  },
  { ignore: lacking !== "" },
);
