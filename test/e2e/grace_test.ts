// How long a task has between being asked to end and SIGKILL: 5 s, or what its run or it itself says.
import { assertEquals } from "@std/assert";
import { until } from "../faults/rig.ts";
import { type Ended, type Rig, rigTest } from "../rig.ts";

/** Runs out of time, and has then to clean up, which takes so long. */
const cleaning = (name: string, seconds: number) =>
  `trap 'sleep ${seconds}; : > ${name}.cleaned; exit 1' TERM; while :; do sleep 0.05; done`;

/** More than the grace that it is given where it should be killed, with much to spare. */
const LONG_S = 4;

function troupe(rig: Rig, ...args: string[]): Promise<Ended> {
  return rig.build(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

/** The tasks that came to their end; forgets them. */
function cleaned(rig: Rig): string[] {
  const files = rig.files().filter((path) => path.endsWith(".cleaned"));
  for (const file of files) rig.remove(file);
  return files.map((file) => file.replace(".cleaned", ""));
}

// K29, S2.7
rigTest("a task has 5 s to end, or what stands in its brackets, also in a retry", async (rig) => {
  rig.write(
    "tasks.txt",
    `polite: ${cleaning("polite", 0.7)} [timeout:0.3]\nhasty: ${cleaning("hasty", LONG_S)} [timeout:0.3] [grace:0.1]\n`,
  );
  assertEquals((await troupe(rig, "run", "tasks.txt", "-j2")).code, 1);
  assertEquals(cleaned(rig), ["polite"]);
  assertEquals((await troupe(rig, "retry", "last", "-j2", "--grace", "60")).code, 1);
  assertEquals(cleaned(rig), ["polite"]);
});

// K29
rigTest("--grace is for tasks without a grace of their own, in builds and for members of a crew", async (rig) => {
  const task = (name: string, seconds: number, more = {}) => {
    return { name, output: name, timeout: 0.3, command: cleaning(name, seconds), ...more };
  };
  rig.write("build.json", { tasks: [task("other", LONG_S), task("patient", 0.7, { grace: 60 })] });
  for (const command of [["build"], ["join", "build.json"], ["crew", "1", "build.json"]]) {
    const { code } = await troupe(rig, ...command, "-j2", "--grace", "0.1");
    assertEquals([code, cleaned(rig)], [1, ["patient"]], command.join(" "));
  }
});

// K31, K29
rigTest("who signals all processes of a crew once is not in haste, and who signals the crew twice is", async (rig) => {
  const noting =
    `trap ': > heard; sleep 0.7; : > a.cleaned; exit 1' TERM; echo $PPID > member; while :; do sleep 0.02; done`;
  rig.write("tasks.txt", `a: ${noting}\n`);
  for (const isHasty of [false, true]) {
    const crew = rig.start(["crew", "1", "tasks.txt", "--grace", "3600"], {
      deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")],
    });
    await until(() => rig.has("member") && rig.read("member").endsWith("\n"), "the task runs");
    crew.kill("SIGTERM");
    await until(() => rig.has("heard"), "it is to end");
    if (isHasty) crew.kill("SIGTERM");
    else Deno.kill(Number(rig.read("member")), "SIGTERM");
    assertEquals([(await crew.ended).code, cleaned(rig)], [143, isHasty ? [] : ["a"]]);
    for (const file of ["member", "heard"]) rig.remove(file);
  }
});
