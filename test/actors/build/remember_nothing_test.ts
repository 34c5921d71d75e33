// What is remembered of a build with nothing to do, against what a build would find: whatever is changed, at random, the
// quick answer is none unless there is still nothing to do.
import { assert, assertEquals } from "@std/assert";
import { Transcript } from "../../../actors/terminal/reporter.ts";
import { Reporter } from "../../../actors/terminal/reporter.ts";
import { loadBuild } from "../../../actors/input/load.ts";
import { runBuild } from "../../../actors/build/build_run.ts";
import { rememberNothing } from "../../../actors/build/remember_nothing.ts";
import { quickAnswer } from "../../../actors/door/answer.ts";
import { STATE_FILE } from "../../../actors/door/state.ts";
import { InputError } from "../../../graph/input/input_error.ts";
import { Rig } from "../../rig.ts";
import { type Random, randomFrom, rounds, seedFor } from "../../random.ts";

/** Named by a command; no other test does. */
const VARIABLE = "TROUPE_TEST_REMEMBERED_NOTHING";

const CONFIG = {
  include: "inner/*/build.json",
  tasks: [
    { name: "gen", output_artifact: "gen/a.txt", command: `echo "${"$"}${VARIABLE}" > "$OUT"` },
    { name: "all", source_files: ["src/**/*.txt", "gen/*.txt"], dependencies: ["gen"], output_artifact: "out/all" },
    { name: "here", cwd: "sub", source_files: ["linked"], output_artifact: "out/here", command: 'pwd > "$OUT"' },
    { name: "last", dependencies: ["all", "here"], output_artifact: "out/last" },
    { name: "each:{stem}", for_each: "each/**/*.md", source_files: ["{path}"], output: "out/each/{stem}" },
  ],
};

function inner(content: number): string {
  return JSON.stringify({ tasks: [{ name: "in", output: "made", content: String(content) }] });
}

/** A project that is asked about from a folder of its own, in which nothing is to be done. */
class Place extends Rig {
  constructor(readonly isPortable = false) {
    super();
    this.write("build.json", CONFIG);
    this.write("inner/a/build.json", inner(0));
    this.write("each/a.md", "a");
    for (const name of ["src/a.txt", "src/deep/b.txt", "one", "two", "sub/file"]) this.write(name, name);
    Deno.symlinkSync("one", this.path("linked"));
  }

  /** Builds; answers what was said when nothing was to be done. */
  async settle(): Promise<string | undefined> {
    const transcript = new Transcript(), reporter = new Reporter({ lines: "none" });
    reporter.transcript = transcript;
    const options = { level: "normal", failFast: false, force: false, workers: 1, begunMs: 0, transcript } as const;
    const build = await loadBuild(this.path("build.json"));
    const { nothing, report } = await runBuild(build, options, reporter);
    assertEquals(report.failed, 0);
    if (nothing === undefined) return;
    assert(transcript.text !== undefined);
    // As if all that was changed until now had been so for long
    const sinceMs = Date.now() + 1e6;
    await rememberNothing(nothing, {
      ...this.question,
      isNamed: false,
      sinceMs,
      isPortable: this.isPortable,
      text: [transcript.text],
    });
    return transcript.text;
  }

  get question() {
    const environment = Deno.env.toObject();
    return { args: ["build"], versions: ["1"], cwd: this.path("sub"), isTerminal: false, environment };
  }

  answer(): string | undefined {
    return quickAnswer(this.question)?.text;
  }

  /** Puts a file in the place of what is there, as editors do. */
  replace(name: string, text: string): void {
    this.write(`${name}.new`, text);
    Deno.renameSync(this.path(`${name}.new`), this.path(name));
  }
}

/** Each changes something that a build may have to look at. */
const CHANGES: Readonly<Record<string, (place: Place, random: Random) => void>> = {
  "nothing": () => {},
  "a source, with its size and time": (place) => {
    const { mtime } = Deno.statSync(place.path("src/a.txt"));
    place.replace("src/a.txt", place.read("src/a.txt") === "src/a.txt" ? "src/b.txt" : "src/a.txt");
    Deno.utimeSync(place.path("src/a.txt"), mtime!, mtime!);
  },
  "a source in place": (place, random) => place.write("src/deep/b.txt", `${random.below(1e9)} in place`),
  "a new source": (place, random) => place.write(`src/deep/${random.below(1e9)}.txt`, "new"),
  "a source less": (place) => {
    const more = place.files("src/deep").filter((name) => !name.endsWith("/b.txt"));
    if (more.length > 0) place.remove(more[0]);
  },
  "a new folder with a source": (place, random) => place.write(`src/f${random.below(1e9)}/c.txt`, "new"),
  "a folder by another name": (place, random) => {
    const folder = place.path(`src/g${random.below(1e9)}`);
    Deno.renameSync(place.path("src/deep"), folder);
    Deno.mkdirSync(place.path("src/deep"));
    Deno.renameSync(`${folder}/b.txt`, place.path("src/deep/b.txt"));
  },
  "a file that a task is made for": (place, random) => place.write(`each/${random.below(1e9)}.md`, "new"),
  "such a file less": (place) => {
    const more = place.files("each").filter((name) => !name.endsWith("/a.md"));
    if (more.length > 0) place.remove(more[0]);
  },
  "an included config": (place, random) => place.replace("inner/a/build.json", inner(random.below(1e9))),
  "a config more": (place, random) => place.write(`inner/${random.below(1e9)}/build.json`, inner(1)),
  "a file that no glob means": (place, random) => place.write(`src/${random.below(1e9)}.md`, "new"),
  "an artifact": (place, random) => place.replace(random.pick(["out/all", "out/here", "gen/a.txt"]), "edited"),
  "an artifact gone": (place, random) => place.remove(random.pick(["out/last", "out/here", "gen/a.txt"])),
  "an artifact's mode": (place) => Deno.chmodSync(place.path("out/all"), 0o700),
  "the config": (place, random) => place.replace("build.json", JSON.stringify(CONFIG, null, random.below(8))),
  "a task less": (place, random) =>
    place.replace("build.json", JSON.stringify({ tasks: CONFIG.tasks.slice(0, 3) }) + " ".repeat(random.below(9))),
  "where a link leads": (place) => {
    const before = Deno.readLinkSync(place.path("linked"));
    place.remove("linked");
    Deno.symlinkSync(before === "one" ? "two" : "one", place.path("linked"));
  },
  "what a link leads to": (place, random) => {
    place.replace(Deno.readLinkSync(place.path("linked")), `${random.below(1e9)}`);
  },
  "a variable that a command names": (_place, random) => Deno.env.set(VARIABLE, `${random.below(1e9)}`),
  "a variable less": () => Deno.env.delete(VARIABLE),
  "the cache gone": (place) => place.remove(".build_cache.json"),
  "the folder of a command gone": (place) => {
    Deno.renameSync(place.path("sub"), place.path("was"));
    Deno.mkdirSync(place.path("sub"));
    place.remove("was");
  },
};

// S7.3, S7.4, S7.5b
for (const isPortable of [false, true]) {
  const how = isPortable ? "Deno's looks" : "the system's";
  Deno.test(`whatever changes, by ${how} there is a quick answer only while there is nothing to do`, async () => {
    await sweep(isPortable);
  });
}

async function sweep(isPortable: boolean): Promise<void> {
  await using place = new Place(isPortable);
  const random = randomFrom(seedFor("remembered nothing"));
  const names = Object.keys(CHANGES);
  assertEquals(place.answer(), undefined);
  let answered = 0;
  try {
    for (let round = 0; round < Math.max(names.length, rounds(100)); round++) {
      while (await place.settle() === undefined);
      const name = names[round] ?? random.pick(names);
      CHANGES[name](place, random);
      const answer = place.answer();
      place.remove(STATE_FILE);
      const truth = await place.settle().catch((error) => {
        if (!(error instanceof InputError)) throw error;
      });
      if (answer !== undefined) {
        answered++;
        assertEquals(answer, truth, `after a change of ${name}`);
      }
      if (name === "nothing") assert(answer !== undefined, "nothing has changed");
    }
  } finally {
    Deno.env.delete(VARIABLE);
  }
  assert(answered >= 1);
}

// S7.5b
Deno.test("what another build, a file that is a config too, or one's own words could mean ends the quick answer", async () => {
  await using place = new Place();
  const known = async (change: () => void, question: Partial<Place["question"]> = {}) => {
    while (await place.settle() === undefined);
    change();
    const known = quickAnswer({ ...place.question, ...question });
    for (const name of ["sub/build.json", "sub/build.jsonc", ".build_cache.lock", ".troupe-transaction"]) {
      place.remove(name);
    }
    return known === undefined ? "another question" : known.text === undefined ? "different" : "answered";
  };
  assertEquals(await known(() => {}), "answered");
  assertEquals(await known(() => place.write("sub/build.jsonc", "{}")), "different");
  assertEquals(await known(() => place.write("sub/build.json", "{}")), "different");
  assertEquals(await known(() => place.write(".build_cache.lock", "")), "different");
  assertEquals(await known(() => place.write(".troupe-transaction/x", "")), "different");
  assertEquals(await known(() => {}, { args: ["build", "all"] }), "another question");
  assertEquals(await known(() => {}, { versions: ["2"] }), "another question");
  assertEquals(await known(() => {}, { isTerminal: true }), "another question");
  assertEquals(await known(() => {}, { cwd: place.folder }), "another question");
  const environment = { ...Deno.env.toObject(), NO_COLOR: "2" };
  assertEquals(await known(() => {}, { environment }), "another question");
});

// S7.5b
Deno.test("nothing is remembered of a build beside which something was changed", async () => {
  await using place = new Place();
  while (await place.settle() === undefined);
  place.remove(STATE_FILE);
  const build = await loadBuild(place.path("build.json"));
  const reporter = new Reporter({ lines: "none" }), transcript = new Transcript();
  const options = { level: "normal", failFast: false, force: false, workers: 1, begunMs: 0, transcript } as const;
  const { nothing } = await runBuild(build, options, reporter);
  const asked = { ...place.question, isNamed: false, text: ["x"] };
  await rememberNothing(nothing!, asked);
  assertEquals(place.has(STATE_FILE), false, "all was made just now");
  place.write("src/new.txt", "what the build has not seen");
  await rememberNothing(nothing!, { ...asked, sinceMs: Date.now() + 1e6 });
  assertEquals(place.has(STATE_FILE), false, "a glob means one more");
  place.remove("src/new.txt");
  await rememberNothing(nothing!, { ...asked, sinceMs: Date.now() + 1e6 });
  assertEquals(place.has(STATE_FILE), true);
});
