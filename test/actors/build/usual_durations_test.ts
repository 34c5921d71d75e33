// How long tasks took, and what is started first for it.
import { assertEquals } from "@std/assert";
import { UsualDurations } from "../../../actors/build/usual_durations.ts";
import { rigTest } from "../../rig.ts";

// S7.13
Deno.test("what was quick, or is no duration, counts as all that was never done", () => {
  const durations = new UsualDurations(Object.create(null));
  const tasks = ["a", "b", "c", "d"].map((name) => ({ name }));
  assertEquals(durations.weights(tasks), undefined);
  durations.note("a", 49.9);
  assertEquals(durations.weights(tasks), undefined);
  durations.note("a", 1234.5);
  durations.note("b", 70);
  Object.assign(durations.all, { c: "long" });
  assertEquals(durations.weights(tasks), Float64Array.of(1235, 70, 10, 10));
  durations.note("b", 3);
  durations.keepOnly((name) => name === "b");
  assertEquals(durations.all, Object.create(null));
});

// S7.13
rigTest("a build starts first what took longest when it was last done", async (rig) => {
  const task = (name: string, seconds: number) => ({
    name,
    output: name,
    command: `sleep ${seconds}; echo ${name} > $OUT`,
  });
  rig.write("build.json", { num_workers: 1, tasks: [task("a", 0), task("b", 0.07), task("c", 0), task("d", 0.3)] });
  const started = (stdout: string) => [...stdout.matchAll(/Started task '(\w)'/g)].map(([, name]) => name);
  const { stdout } = await rig.build();
  assertEquals(started(stdout), ["a", "b", "c", "d"]);
  // It is the last one, unless the machine had a pause just when another one was done.
  const took = [...stdout.matchAll(/Completed task '(\w)' in (\S+)s/g)].map(([, name, s]) =>
    [Number(s), name] as const
  );
  const [[, longest]] = took.sort(([one], [other]) => other - one);
  assertEquals(started((await rig.build(["--force"])).stdout)[0], longest);
});
