// Random builds against a plain sequential build of the same config, through random edits: the same bytes, and exactly
// those tasks run that had to. Set TROUPE_SEED to see a run again.
import { assertEquals } from "@std/assert";
import { copySync } from "@std/fs";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { Rig, rigTest } from "../rig.ts";
import { Model } from "./model.ts";
import { executed, reportOf } from "./said.ts";

const GRAPHS = rounds(10);
const EDITS = 6;

/** Copies the sources of the project to a fresh folder. */
function copySources(rig: Rig, round: number): string {
  const reference = `${rig.tmp}/reference-${round}`;
  Deno.mkdirSync(reference);
  copySync(rig.path("src"), `${reference}/src`);
  return reference;
}

/** Builds one random project, edits it and builds it again, several times. */
async function playRandomProject(rig: Rig, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const model = new Model(random, (path, text) => rig.write(path, text));
  const read = (path: string) => rig.has(path) ? rig.read(path) : undefined;
  const story: string[] = [];
  for (let round = 0; round <= EDITS; round++) {
    for (let edits = round === 0 ? 0 : random.below(4); edits > 0; edits--) {
      story.push(model.edit(read, (path) => rig.remove(path)));
    }
    const wanted = random.chance(0.2) ? random.pick(model.tasks).name : undefined;
    const chosen = wanted === undefined ? new Set(model.tasks.map(({ name }) => name)) : model.closure(wanted);
    story.push(wanted === undefined ? "build" : `build ${wanted}`);
    const expected = model.expect(chosen, copySources(rig, round), read);

    rig.write("build.json", { num_workers: 1 + random.below(8), tasks: random.shuffled(model.tasks) });
    const ended = await rig.build([
      "--json",
      "--no-store",
      ...(wanted === undefined ? [] : [...chosen].flatMap((name) => ["--task", name])),
    ]);
    const { results } = reportOf(ended);
    const told = `${story.join("\n")}\n${ended.stderr}`;
    const withStatus = (status: string) =>
      new Set(Object.values(results).filter((result) => result.status === status).map((result) => result.task_name));
    assertEquals(withStatus("completed"), new Set(expected.completed), told);
    assertEquals(withStatus("failed"), new Set(expected.failed), told);
    assertEquals(withStatus("skipped"), new Set(expected.skipped), told);
    assertEquals(ended.code, expected.failed.size > 0 ? 1 : 0);
    for (const [path, text] of expected.artifacts) assertEquals(read(path), text, `${path}\n${told}`);

    const ran = executed({ stdout: ended.stderr });
    const mayRun = new Set(expected.runs.flatMap(({ group }) => group));
    assertEquals(ran.filter((name) => !mayRun.has(name)), [], `ran in vain\n${told}`);
    for (const { group, count } of expected.runs) {
      assertEquals(ran.filter((name) => group.includes(name)).length, count, `of ${group}\n${told}`);
    }
    assertEquals(rig.files().filter((path) => path.includes(".tmp.")), []);
  }
}

// S0.11, S0.14, S0.20, S0.32, S0.45, S0.46
rigTest(
  "build makes what a plain sequential build makes, and does exactly what it must, over random edits",
  async () => {
    const seed = seedFor("property");
    for (let graph = 0; graph < GRAPHS; graph++) {
      await using rig = new Rig();
      try {
        await playRandomProject(rig, seed + graph);
      } catch (error) {
        console.error(`TROUPE_SEED=${seed + graph} shows it`);
        throw error;
      }
    }
  },
);
