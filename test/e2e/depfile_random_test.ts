// Whatever is edited while builds run, whatever ends them: the build after is right, as if all had been made anew.
import { assertEquals } from "@std/assert";
import { type Random, randomFrom, rounds, seedFor } from "../random.ts";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const UNITS = 6, HEADERS = 6;

/** Takes in what a file uses, and what that uses, and names all of it. */
const COMPILER = `used=
take() {
  used="$used $1"
  while read -r word rest; do
    if [ "$word" = use ]; then take "$rest"; else echo "$word $rest"; fi
  done < "$1"
}
take "$1" > "$OUT"
sleep 0.05 # as compilers are busy after they have read: most edits come then
echo "$OUT: $used" > "$DEPFILE"
`;

/** What the files hold: each a text of its own and the numbers of headers that it uses, all higher than its own. */
class Project {
  readonly #random: Random;
  readonly #rig: Rig;
  #texts = 0;
  readonly #files = new Map<string, { text: number; uses: number[] }>();

  constructor(random: Random, rig: Rig) {
    this.#random = random;
    this.#rig = rig;
    for (let at = HEADERS - 1; at >= 0; at--) this.write(`inc/h${at}`, at + 1);
    for (let at = 0; at < UNITS; at++) this.write(`src/s${at}`, 0);
    const tasks = Array.from({ length: UNITS }, (_, at) => ({
      name: `s${at}`,
      source_files: [`src/s${at}`],
      output_artifact: `out/s${at}`,
      command: `sh cc.sh src/s${at}`,
      depfile: "$DEPFILE",
    }));
    const all = { name: "all", dependencies: tasks.map(({ name }) => name), output_artifact: "out/all" };
    rig.write("cc.sh", COMPILER);
    rig.write("build.json", { num_workers: 2, tasks: [...tasks, all] });
  }

  /** Writes a file anew, which may use headers from a number on. */
  write(path: string, from: number): void {
    const uses = Array.from({ length: HEADERS - from }, (_, at) => from + at).filter(() => this.#random.chance(0.3));
    const file = { text: ++this.#texts, uses };
    this.#files.set(path, file);
    this.#rig.write(path, [`text ${file.text}`, ...uses.map((at) => `use inc/h${at}`), ""].join("\n"));
  }

  edit(): void {
    if (this.#random.chance(0.3)) return this.write(`src/s${this.#random.below(UNITS)}`, 0);
    const at = this.#random.below(HEADERS);
    this.write(`inc/h${at}`, at + 1);
  }

  /** What the last artifact is to hold. */
  expected(): string {
    const textOf = (path: string): string => {
      const { text, uses } = this.#files.get(path)!;
      return [`text ${text}\n`, ...uses.map((at) => textOf(`inc/h${at}`))].join("");
    };
    return Array.from({ length: UNITS }, (_, at) => textOf(`src/s${at}`)).join("");
  }
}

// S5.7, S5.14
rigTest("a build is right after edits of headers while others ran, were killed, or were told to end", async (rig) => {
  const seed = seedFor("depfile edits");
  const random = randomFrom(seed);
  const project = new Project(random, rig);
  for (let round = 0; round < rounds(30); round++) {
    const running = rig.start(["build.json"]);
    // Edits fall where they may: before it looks, while commands run, after.
    for (let event = 1 + random.below(3); event > 0; event--) {
      const pattern = random.pick([
        /Started task|Build completed/,
        /Completed task|Build completed/,
        /Build completed/,
      ]);
      if (random.chance(0.7)) await running.says(pattern);
      for (let edits = random.below(4); edits > 0; edits--) project.edit();
    }
    const end = random.pick(["SIGKILL", "SIGTERM", undefined, undefined] as const);
    if (end !== undefined) running.kill(end);
    await running.ended;
    if (random.chance(0.3)) rig.remove(random.pick(["out", "out/s1", ".build_cache.json", ".troupe"]));
    const where = `seed ${seed}, round ${round}`;
    const { code, stdout } = await rig.ask(["build"]);
    assertEquals({ code, all: rig.read("out/all") }, { code: 0, all: project.expected() }, where + stdout);
    assertEquals(executed(await rig.ask(["build"])), [], where);
    assertEquals(rig.files("out").filter((path) => path.includes(".tmp.")), [], where);
  }
});
