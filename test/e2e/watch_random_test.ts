// Whatever is edited whenever it is, a watch ends up with what a build of the files as they are then would make.
import { rigTest } from "../rig.ts";
import { type Random, randomFrom, rounds, seedFor } from "../random.ts";
import type { Rig } from "../rig.ts";
import { Watch } from "./watching.ts";

const TASKS = 8;
const FOLDERS = ["src/g0", "src/g1", "src/g1/deep"];

/** What one task tells that it has read, there or not. */
const HEADERS = ["inc/h0", "inc/h1", "inc/deep/h2"];

/** For each of these there is a task. */
const EACH = "src/g1/**/*.txt";

interface Shape {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly glob: string;
}

function shapesOf(random: Random): Shape[] {
  return Array.from({ length: TASKS }, (_, i) => ({
    name: `t${i}`,
    dependencies: Array.from({ length: i }, (_, at) => `t${at}`).filter(() => random.chance(1.5 / (i + 1))),
    glob: random.pick(["src/g0/*.txt", "src/g1/**/*.txt", "src/{g0,g1}/*.txt"]),
  }));
}

/** Commands take a while now and then, so that edits come in the middle of them. */
function writeConfig(rig: Rig, shapes: readonly Shape[], mark: number): void {
  rig.write("build.json", {
    tasks: [
      ...shapes.map(({ name, dependencies, glob }, i) => ({
        name,
        dependencies,
        source_files: [`src/${name}.txt`, glob],
        output_artifact: `out/${name}`,
        command:
          `: ${i === mark % TASKS ? mark : 0}; cat $IN /dev/null > part-${name}; ${i % 3 === 0 ? "sleep 0.05;" : ""} ` +
          `cat part-${name} $DEPS > "$OUT"; rm part-${name}`,
      })),
      {
        name: "headers",
        source_files: ["src/headers"],
        output_artifact: "out/headers",
        command: `used=$(cat src/headers); for used in $used; do cat $used; done 2>/dev/null > part-headers; ` +
          `sleep 0.02; mv part-headers "$OUT"; echo "x: $(tr '\\n' ' ' < src/headers)" > "$DEPFILE"`,
        depfile: "$DEPFILE",
      },
      { name: "e:{path}", for_each: EACH, source_files: ["{path}"], output_artifact: "each/{path}" },
      { name: "each", dependencies: ["e:*"], output_artifact: "out/each", command: 'cat $DEPS /dev/null > "$OUT"' },
    ],
  });
}

/** One edit of any kind; each file's content is unlike what it was. */
function edit(rig: Rig, random: Random, count: number, shapes: readonly Shape[]): void {
  const folder = random.pick(FOLDERS), file = `${folder}/f${random.below(3)}.txt`;
  const header = random.pick(HEADERS);
  switch (random.below(12)) {
    case 0:
      if (rig.has(folder)) rig.remove(folder);
      break;
    case 1:
      if (rig.has(file)) rig.remove(file);
      break;
    case 2:
      if (rig.has("src/g0")) {
        if (rig.has("src/away")) rig.remove("src/away");
        Deno.renameSync(rig.path("src/g0"), rig.path("src/away"));
      } else if (rig.has("src/away")) Deno.renameSync(rig.path("src/away"), rig.path("src/g0"));
      break;
    case 3:
      writeConfig(rig, shapes, count);
      break;
    case 4:
      rig.write("src/new~", `renamed ${count}\n`);
      Deno.renameSync(rig.path("src/new~"), rig.path(`src/t${random.below(TASKS)}.txt`));
      break;
    case 5:
      if (rig.has(header)) rig.remove(header);
      break;
    case 6:
    case 7:
      rig.write(header, `${count}\n`);
      break;
    case 8:
      rig.write("src/headers", HEADERS.filter(() => random.chance(0.6)).map((path) => `${path}\n`).join(""));
      break;
    case 9:
    case 10:
      rig.write(file, `${count}\n`);
      break;
    default:
      rig.write(`src/t${random.below(TASKS)}.txt`, `${count}\n`);
  }
}

function expected(rig: Rig, shapes: readonly Shape[]): Map<string, string> {
  const all = rig.has("src") ? rig.files("src") : [];
  const made = new Map<string, string>();
  for (const { name, dependencies, glob } of shapes) {
    const pattern = new RegExp(
      `^${glob.replace("/**/", "/(?:.*/)?").replace("{g0,g1}", "(?:g0|g1)").replace("*.txt", "[^/]*\\.txt")}$`,
    );
    const own = [`src/${name}.txt`, ...all.filter((path) => pattern.test(path))];
    made.set(name, [...own.map((path) => rig.read(path)), ...dependencies.map((other) => made.get(other)!)].join(""));
  }
  const each = all.filter((path) => path.startsWith("src/g1/"));
  const headers = rig.read("src/headers").split("\n").filter((path) => path !== "" && rig.has(path));
  made.set("headers", headers.map((path) => rig.read(path)).join(""));
  return made.set("each", each.map((path) => rig.read(path)).join(""));
}

function isRight(rig: Rig, wanted: Map<string, string>): boolean {
  return [...wanted].every(([name, content]) => rig.has(`out/${name}`) && rig.read(`out/${name}`) === content);
}

// S6.14, S5.7, S5.13
for (let round = 0; round < rounds(5); round++) {
  rigTest(`watch ends up with what the files are made into, whatever was edited when (${round})`, async (rig) => {
    const seed = seedFor("watch") + round;
    console.log(`TROUPE_SEED=${seed}`);
    const random = randomFrom(seed);
    const shapes = shapesOf(random);
    for (const { name } of shapes) rig.write(`src/${name}.txt`, `${name}\n`);
    for (const folder of FOLDERS) rig.write(`${folder}/f0.txt`, `${folder}\n`);
    rig.write("src/headers", `${HEADERS.join("\n")}\n`);
    for (const path of HEADERS) rig.write(path, `${path}\n`);
    writeConfig(rig, shapes, 0);
    const watch = new Watch(rig, ["--grace", "0", "--debounce", `${random.pick([0, 5, 30])}`]);
    for (let count = 1; count <= 40; count++) {
      const said = watch.running.stdout.length;
      edit(rig, random, count, shapes);
      rig.write(`src/t${random.below(TASKS)}.txt`, `${count} and more\n`);
      // until something comes of this, or of an edit before it: then the next one is in the middle of a build
      if (random.chance(0.5)) await watch.saysMore(said);
      if (!random.chance(0.3)) continue;
      edit(rig, random, count, shapes);
      for (const wanted = expected(rig, shapes); !isRight(rig, wanted);) {
        await watch.saysMore(watch.running.stdout.length);
      }
    }
    await watch.end();
  });
}
