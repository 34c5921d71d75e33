// Random projects of checks, files, folders, several outputs, globs, dependency files and order-only edges, through
// random edits, deletions and kills, against a plain sequential build. Set TROUPE_SEED to see a run again.
import { assertEquals } from "@std/assert";
import { build } from "../../mod.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { Rig, rigTest } from "../rig.ts";
import { OutputsModel } from "./outputs_model.ts";

const PROJECTS = rounds(20);
const STEPS = 6;

/** Starts a build and kills it when so many tasks have been started. */
async function kill(rig: Rig, tasks: number): Promise<void> {
  const going = rig.start(["build.json"]);
  await Promise.race([going.says(new RegExp(`(?:Started task[^]*){${tasks}}`)).catch(() => {}), going.ended]);
  going.kill("SIGKILL");
  await going.ended;
}

async function play(rig: Rig, seed: number): Promise<void> {
  const random = randomFrom(seed), model = new OutputsModel(random, rig);
  const story = [JSON.stringify(model.tasks, null, 1)];
  for (let step = 0; step < STEPS; step++) {
    for (let changes = step === 0 ? 0 : 1 + random.below(3); changes > 0; changes--) story.push(model.change());
    if (random.chance(0.25)) {
      const tasks = 1 + random.below(3);
      story.push(`killed after ${tasks}`);
      await kill(rig, tasks);
    }
    const expected = model.build(`${rig.tmp}/plain-${step}`);
    const { results } = await build(rig.path("build.json"));
    story.push("built");
    const told = story.join("\n");
    for (const task of model.tasks) {
      const { status, made } = expected.get(task.name)!, result = results[task.name];
      assertEquals(result.status, status, `${task.name} (${result.error_message})\n${told}`);
      if (status === "completed") assertEquals(model.made(task, rig), made, `${task.name}\n${told}`);
    }
    const again = await build(rig.path("build.json"));
    const ran = Object.values(again.results).filter(({ status, cache_hit }) => status === "completed" && !cache_hit);
    assertEquals(ran.map(({ task_name, reason }) => `${task_name}: ${reason}`), [], `done in vain\n${told}`);
    assertEquals(rig.files().filter((path) => path.includes(".tmp.")), [], told);
  }
}

// S5.14, S5.1, S5.2, S5.4, S5.5, S5.7, S5.8
rigTest("whatever tasks make, and whatever happens, a build makes what a plain sequential build makes", async () => {
  const seed = seedFor("outputs");
  for (let project = 0; project < PROJECTS; project++) {
    await using rig = new Rig();
    try {
      await play(rig, seed + project);
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + project} shows it\n${rig.log()}`);
      throw error;
    }
  }
});
