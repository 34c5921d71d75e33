// What is kept from build to build, by what the system tells, is what somebody finds who looks at everything.
import { assertEquals } from "@std/assert";
import { expandSources } from "../../../actors/build/sources.ts";
import { WarmState } from "../../../actors/build/warm_state.ts";
import { FileIndex } from "../../../actors/storage/file_index.ts";
import { Watcher } from "../../../actors/watch/watcher.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { InputMap } from "../../../graph/input_map.ts";
import type { Task } from "../../../graph/task.ts";
import { type Random, randomFrom, rounds, seedFor } from "../../random.ts";
import { TempFolder } from "../temp_folder.ts";

const SOURCES = [["src/**/*.c"], ["src/a/*.c", "top.c"], ["lib/*/*.c"], ["top.c", "!src/a/x.c", "src/*/x.c"], [
  "out/0",
]];
const FOLDERS = ["src", "src/a", "src/b", "src/b/deep", "lib", "lib/a", "away"];
const FILES = ["x.c", "y.c", "y.h", ".lock"];

function tasksOf(): Task[] {
  return SOURCES.map((sourceFiles, i) => ({
    name: `t${i}`,
    action: { kind: "concatenate" },
    // Sources that are missing are no mistake
    dependencies: i === 0 ? [] : ["t0"],
    sourceFiles,
    outputs: [{ path: `out/${i}`, kind: "file" }],
    env: {},
    retries: 0,
  }));
}

/** Anything at all, and nothing where it cannot be done. */
function change(temp: TempFolder, random: Random, count: number): void {
  const folder = temp.file(random.pick(FOLDERS)), file = `${folder}/${random.pick(FILES)}`;
  const other = temp.file(random.pick(FOLDERS));
  const acts: (() => void)[] = [
    () => Deno.writeTextFileSync(file, `${count % 10}`),
    () => Deno.writeTextFileSync(file, `${count % 10}`),
    () => Deno.writeTextFileSync(temp.file("top.c"), `${count % 10}`),
    () => Deno.writeTextFileSync(temp.file("out/0"), `${count % 10}`),
    () => {
      Deno.writeTextFileSync(`${file}~`, `${count % 10}`);
      Deno.renameSync(`${file}~`, file);
    },
    () => Deno.removeSync(file),
    () => Deno.mkdirSync(folder),
    () => Deno.mkdirSync(file),
    () => Deno.removeSync(folder, { recursive: true }),
    () => Deno.renameSync(folder, other),
    () => Deno.symlinkSync(other, folder),
    () => Deno.symlinkSync(`${other}/${random.pick(FILES)}`, file),
    () => Deno.linkSync(`${other}/${random.pick(FILES)}`, file),
    () => Deno.chmodSync(file, random.pick([0o644, 0o755])),
  ];
  try {
    random.pick(acts)();
  } catch {
    // There is nothing to do it with.
  }
}

// S6.14
for (let round = 0; round < rounds(10); round++) {
  Deno.test({
    name: `WarmState and a watch know after any changes what a first look finds (${round})`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      const seed = seedFor("warm") + round, random = randomFrom(seed);
      console.log(`TROUPE_SEED=${seed}`);
      using temp = new TempFolder();
      const folder = temp.path, tasks = tasksOf(), config = temp.file("build.json");
      for (const name of ["src/a", "src/b/deep", "lib/a", "out"]) {
        Deno.writeTextFileSync(`${temp.folder(name)}/x.c`, "0");
      }
      const warm: WarmState = new WarmState({
        tells: (folder) => watcher.tells(folder),
        catchUp: () => watcher.catchUp(),
        startOver: () => watcher.startOver(),
      });
      using watcher = new Watcher({
        quietMs: 60_000,
        isPolling: false,
        home: folder,
        onChange: () => {},
        onWarning: (sentence) => console.log(sentence),
        known: warm,
      });
      const graph = buildGraph(tasks).graph;
      const build = { folder, source: config, tasks, declared: tasks, graph, explain: () => Promise.reject() };
      const digestsOf = (files: FileIndex, paths: readonly string[][]) =>
        new Map([...new Set(paths.flat())].map((path) => {
          files.begin();
          const digest = files.digest(path);
          return [path, typeof digest === "object" ? digest : files.marked(path)];
        }));
      for (let count = 0; count < 60; count++) {
        for (let more = random.below(4); more > 0; more--) change(temp, random, count);
        const { cache: { files } } = warm.begin(build);
        const own = [config];
        const sources = await expandSources(tasks, { index: files, own, memory: warm.sources });
        const index = new FileIndex(folder, Object.create(null));
        const fresh = await expandSources(tasks, { index, own });
        const found = { files: sources.files, warnings: sources.warnings.sort(), origins: sources.origins };
        assertEquals(found, { files: fresh.files, warnings: fresh.warnings.sort(), origins: fresh.origins });
        const paths = sources.files as string[][];
        assertEquals(digestsOf(files, paths), digestsOf(index, paths));
        watcher.follow(new InputMap({ folder, config, tasks, files: sources.files }), sources.folders);
        // What is changed while a build goes on is known by the next one.
        if (random.chance(0.3)) {
          change(temp, random, count);
          if (random.chance(0.5)) warm.refresh(build);
        }
        warm.end();
      }
      await warm[Symbol.asyncDispose]();
    },
  });
}
