/**
 * Owns a model of projects whose tasks make all kinds of things: random tasks, random changes of them and of the files,
 * and a plain sequential build of the same tasks by a shell, which knows no cache, fingerprint or temporary file.
 *
 * @module
 */
import { ProjectFolder } from "../project_folder.ts";
import type { Random } from "../random.ts";

/** One task as it stands in the config. */
export interface ModelTask {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly after?: readonly string[];
  readonly source_files: readonly string[];
  readonly outputs: readonly string[];
  readonly command: string;
  readonly depfile?: string;
}

/** How a task came out, and by path what it has made. */
export interface Outcome {
  readonly status: "completed" | "failed" | "skipped";
  readonly made: Readonly<Record<string, string>>;
}

/** Shows all of some files and folders: names, kinds, modes, contents. */
const SHOW = `for p in "$@"; do find "$p" | LC_ALL=C sort | while IFS= read -r f; do
  if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; elif [ -d "$f" ]; then echo "$f/"
  else [ -x "$f" ] && echo "may be executed"; echo "$f:"; cat "$f"; fi
done; done
`;

/** Makes a folder of what it is given: files, a link, one that may be executed, an empty folder. */
const FOLD = `to=$1; shift; mkdir -p "$to/in/empty" || exit 1
for p in "$@"; do [ -f "$p" ] && cp "$p" "$to/in/$(basename "$p")"; done
sh show.sh "$@" > "$to/all"; ln -s "in/$(basename "$1")" "$to/link"
grep -q bravo "$to/all" && chmod +x "$to/all"; true
`;

/** Compiles a source that may use others. */
const UNIT = `cat "$1" $(sed -n 's/^use //p' "$1") || exit 1
echo "x: $1" $(sed -n 's/^use //p' "$1") > "$DEPFILE"
`;

const SOURCES = 5;
const TEXTS = [
  "alpha\n",
  "bravo\n",
  "charlie, and no newline",
  "",
  "use src/1\nalpha\n",
  "use src/2\nuse src/3\n",
  "FAIL\n",
];

/** What a task does, by what it makes. `$ALL` stands for all that it reads. */
const ALL = "$IN $DEPS";
const KINDS = [
  { outputs: [], command: `sh show.sh ${ALL} | cat > /dev/null` },
  { outputs: ["out/NAME"], command: `sh show.sh ${ALL} > "$OUT"` },
  { outputs: ["out/NAME"], command: `mkdir -p out; sh show.sh ${ALL} > out/NAME` },
  { outputs: ["out/NAME/"], command: `sh fold.sh "$OUT" ${ALL}` },
  { outputs: ["out/NAME/"], command: `sh fold.sh out/NAME ${ALL}` },
  { outputs: ["out/NAME"], command: `sh fold.sh "$OUT" ${ALL}` },
  { outputs: ["out/NAME.a", "out/NAME.b"], command: `sh show.sh ${ALL} | tee "$OUT_1" | wc -l > "$OUT_2"` },
  { outputs: ["out/NAME/", "out/NAME.c"], command: `sh fold.sh "$OUT" ${ALL}; sh show.sh ${ALL} > out/NAME.c` },
  { outputs: ["gen/NAME/*.g"], command: `mkdir -p gen/NAME; for f in $IN; do cp $f gen/NAME/$(basename $f).g; done` },
  { outputs: ["out/NAME"], command: 'sh unit.sh SOURCE > "$OUT"', depfile: "$DEPFILE" },
] as const;

/** One random project. */
export class OutputsModel {
  readonly tasks: ModelTask[] = [];

  constructor(readonly random: Random, readonly project: ProjectFolder) {
    project.write("show.sh", SHOW);
    project.write("fold.sh", FOLD);
    project.write("unit.sh", UNIT);
    for (let i = 0; i < SOURCES; i++) project.write(`src/${i}`, random.pick(TEXTS.slice(0, -1)));
    const size = 3 + random.below(5);
    while (this.tasks.length < size) this.tasks.push(this.#taskAt(this.tasks.length));
    this.#write();
  }

  /** Changes something at random, and says what. */
  change(): string {
    const { random, project } = this;
    switch (random.below(9)) {
      case 0:
      case 1:
      case 2: {
        const path = `src/${random.below(SOURCES)}`, text = random.pick(TEXTS);
        project.write(path, text);
        return `${path} is ${JSON.stringify(text)}`;
      }
      case 3:
      case 4: {
        const at = random.below(this.tasks.length);
        this.tasks[at] = this.#taskAt(at);
        this.#write();
        return `another task ${JSON.stringify(this.tasks[at])}`;
      }
      case 5:
        project.remove(".troupe/store");
        return "no store";
      default:
        return this.#spoil();
    }
  }

  /** What a plain build makes, in a folder of its own: every task once, one after another. */
  build(folder: string): Map<string, Outcome> {
    const there = new ProjectFolder(folder);
    for (const name of this.project.files()) {
      if (/^(src\/|[a-z]+\.sh$)/.test(name)) there.write(name, this.project.read(name));
    }
    const outcomes = new Map<string, Outcome>();
    for (const task of this.tasks) {
      const awaited = [...task.dependencies, ...task.after ?? []];
      const isReady = awaited.every((name) => outcomes.get(name)!.status === "completed");
      outcomes.set(task.name, isReady ? this.#run(task, there, outcomes) : { status: "skipped", made: {} });
    }
    return outcomes;
  }

  /** All that lies at the outputs of a task. */
  made({ outputs }: ModelTask, { folder }: ProjectFolder): Record<string, string> {
    const found: Record<string, string> = {};
    for (const output of outputs) {
      for (const path of output.includes("*") ? matches(folder, output) : [output.replace(/\/$/, "")]) {
        walk(folder, path, found);
      }
    }
    return found;
  }

  #run(task: ModelTask, there: ProjectFolder, outcomes: ReadonlyMap<string, Outcome>): Outcome {
    const paths = task.outputs.filter((output) => !output.includes("*"));
    for (const path of paths) {
      Deno.mkdirSync(there.path(path.endsWith("/") ? path : `${path}/..`), { recursive: true });
    }
    const deps = task.dependencies.flatMap((name) => {
      const { outputs } = this.tasks.find((other) => other.name === name)!;
      if (outputs.some((output) => output.includes("*"))) return Object.keys(outcomes.get(name)!.made);
      return outputs.map((output) => output.replace(/\/$/, ""));
    });
    const told = paths.map((path) => there.path(path.replace(/\/$/, "")));
    const { success } = new Deno.Command("sh", {
      args: ["-c", task.command],
      cwd: there.folder,
      env: {
        OUT: told[0] ?? "",
        ...Object.fromEntries(told.map((path, at) => [`OUT_${at + 1}`, path])),
        IN: task.source_files.join(" "),
        DEPS: deps.join(" "),
        DEPFILE: there.path("depfile"),
      },
      stdout: "null",
      stderr: "null",
    }).outputSync();
    return success ? { status: "completed", made: this.made(task, there) } : { status: "failed", made: {} };
  }

  #taskAt(at: number): ModelTask {
    const { random } = this, name = `t${at}`, before = this.tasks.slice(0, at).map((task) => task.name);
    const kind = random.pick(KINDS);
    const sources = random.shuffled(Array.from({ length: SOURCES }, (_, i) => `src/${i}`)).slice(
      0,
      1 + random.below(2),
    );
    const others = random.shuffled(before);
    const dependencies = others.splice(0, random.below(3)), after = others.splice(0, random.chance(0.3) ? 1 : 0);
    const command = kind.command.replaceAll("NAME", name).replaceAll("SOURCE", sources[0]);
    return {
      name,
      dependencies,
      ...(after.length > 0 ? { after } : {}),
      source_files: sources,
      outputs: kind.outputs.map((output) => output.replace("NAME", name)),
      command: `! grep -qs FAIL ${sources[0]} || exit 1; ${command}`,
      ...("depfile" in kind ? { depfile: kind.depfile } : {}),
    };
  }

  /** Edits, deletes or adds something where tasks have put their outputs. */
  #spoil(): string {
    const { random, project } = this;
    const made = ["out", "gen"].filter((name) => project.has(name)).flatMap((name) => project.files(name));
    if (made.length === 0) return "nothing";
    const path = random.pick(made), folder = path.split("/").slice(0, -1).join("/");
    switch (random.below(5)) {
      case 0:
        project.remove(path);
        return `no ${path}`;
      case 1:
        project.remove(path);
        project.write(path, "spoilt\n");
        return `${path} is spoilt`;
      case 2:
        if (Deno.lstatSync(project.path(path)).isFile) Deno.chmodSync(project.path(path), 0o755);
        return `${path} may be executed`;
      case 3:
        if (folder === "out" || path.startsWith("gen/")) return "nothing";
        project.write(`${folder}/stray`, "stray\n");
        return `a stray in ${folder}`;
      default:
        if (folder === "out" || folder === "gen") return "nothing";
        project.remove(folder);
        return `no ${folder}`;
    }
  }

  #write(): void {
    this.project.write("build.json", { num_workers: 3, tasks: this.random.shuffled(this.tasks) });
  }
}

function matches(folder: string, glob: string): string[] {
  const inner = glob.slice(0, glob.lastIndexOf("/"));
  try {
    return [...Deno.readDirSync(`${folder}/${inner}`)].map(({ name }) => `${inner}/${name}`)
      .filter((path) => path.endsWith(".g")).sort();
  } catch {
    return [];
  }
}

function walk(folder: string, path: string, found: Record<string, string>): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(`${folder}/${path}`);
  } catch {
    found[path] = "nothing";
    return;
  }
  if (info.isSymlink) found[path] = `-> ${Deno.readLinkSync(`${folder}/${path}`)}`;
  else if (info.isFile) {
    const mark = (info.mode! & 0o100) === 0 ? "" : "x ";
    found[path] = mark + Deno.readTextFileSync(`${folder}/${path}`).replaceAll(folder, "FOLDER");
  } else {
    found[path] = "folder";
    for (const { name } of [...Deno.readDirSync(`${folder}/${path}`)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      walk(folder, `${path}/${name}`, found);
    }
  }
}
