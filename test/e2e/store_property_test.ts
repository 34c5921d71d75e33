// Whatever a project is made of: what was built once is not built again, here or in another checkout of the same.
import { assertEquals } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { type Random, randomFrom, rounds, seedFor } from "../random.ts";
import { executed } from "./said.ts";

const SOURCES = 5;

type Task = Record<string, unknown> & { readonly name: string };

/** Tasks of all kinds, each needing some of those before it. */
function tasksOf(random: Random): Task[] {
  const size = 3 + random.below(7);
  return Array.from({ length: size }, (_, i): Task => {
    const name = `t${i}`;
    const dependencies = Array.from({ length: i }, (_, other) => `t${other}`).filter(() => random.chance(0.3));
    const source_files = Array.from({ length: SOURCES }, (_, at) => `src/${at}`).filter(() => random.chance(0.4));
    // All that it gets, be it files or folders
    const all = `cat $IN /dev/null; for one in $DEPS; do find $one -type f | sort | xargs cat; done; echo ${name}`;
    const kinds: Record<string, unknown>[] = [
      { output: `out/${name}`, command: `(${all}) > "$OUT"` },
      { output: `out/${name}`, command: `(${all}) > "$OUT"; chmod 755 "$OUT"; echo warns of ${name} >&2` },
      { output: `out/${name}`, command: `(${all}) > out/${name}` },
      {
        outputs: [`out/${name}/`],
        command: `mkdir $OUT/inner $OUT/empty; (${all}) > $OUT/inner/x; ln -s inner/x $OUT/l`,
      },
      { outputs: [`out/${name}/`], command: `mkdir -p out/${name}; (${all}) > out/${name}/x` },
      { outputs: [`out/${name}-1`, `out/${name}-2`], command: `(${all}) > $OUT_1; tac $OUT_1 > $OUT_2` },
      { outputs: [], command: `(${all}) | grep -q ${name}; echo checked ${name}` },
    ];
    return { name, dependencies, source_files, ...random.pick(kinds) };
  });
}

/** The sources of one state; some are alike in several. */
function sourcesOf(random: Random): string[] {
  return Array.from({ length: SOURCES }, (_, at) => `${at}: ${random.below(3)}\n`);
}

function tree(rig: Rig, folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    if (!rig.has(path)) return;
    for (const { name } of Deno.readDirSync(rig.path(path))) {
      const inner = `${path}/${name}`, info = Deno.lstatSync(rig.path(inner)), key = inner.slice(folder.length);
      if (info.isSymlink) found[key] = `-> ${Deno.readLinkSync(rig.path(inner))}`;
      else if (info.isDirectory) {
        found[key] = "folder";
        walk(inner);
      } else found[key] = `${(info.mode! & 0o100) === 0 ? "" : "x "}${rig.read(inner)}`;
    }
  };
  walk(`${folder}/out`);
  return found;
}

// S5.14, S5.21, S5.24
for (let round = 0; round < rounds(4); round++) {
  rigTest(`what was built once is not built again, whatever it is (${round})`, async (rig) => {
    const seed = seedFor("store") + round;
    console.log(`TROUPE_SEED=${seed}`);
    const random = randomFrom(seed),
      tasks = tasksOf(random),
      states = Array.from({ length: 3 }, () => sourcesOf(random));
    const build = async (folder: string, state: readonly string[]) => {
      rig.write(`${folder}/build.json`, { num_workers: 1 + random.below(4), tasks: random.shuffled(tasks) });
      for (const [at, text] of state.entries()) rig.write(`${folder}/src/${at}`, text);
      const ended = await rig.ask(["build", `${folder}/build.json`, "--store", "store", "--no-history"]);
      // Without its cache nobody knows whose an output folder is.
      const told = ended.stderr.replaceAll(/^(?:warns of|No build is known to have made) .*\n/gm, "");
      assertEquals([ended.code, told], [0, ""], ended.stdout);
      return executed(ended);
    };
    const made: Record<string, string>[] = [];
    for (const state of states) {
      await build("one", state);
      made.push(tree(rig, "one"));
    }
    for (let step = 0; step < 6; step++) {
      const at = random.below(states.length), folder = random.pick(["one", "two"]);
      const outputs = Object.keys(made[at]).filter(() => random.chance(0.3));
      for (const path of outputs) rig.remove(`${folder}${path}`);
      if (random.chance(0.2)) rig.remove(`${folder}/.build_cache.json`);
      if (random.chance(0.2)) rig.remove(`${folder}/out`);
      assertEquals(await build(folder, states[at]), [], `step ${step}, state ${at}, in ${folder}`);
      assertEquals(tree(rig, folder), made[at]);
    }
  });
}
