/**
 * Owns the workloads that build: the full command line, beside ninja and make with the same tasks.
 * It writes no project and takes no time itself. Each tool has a project of its own to build, so that none finds in memory or
 * in its way what another one wrote.
 *
 * @module
 */
import { type Contender, contest, denoArgs, measureCold, timeProgram, timeTroupe } from "./contest.ts";
import {
  CAT,
  chainProject,
  type CommandText,
  contentProject,
  GIVEN,
  independentProject,
  PIPE,
  type Project,
} from "./projects.ts";
import { type Bench, each, type Goal, type Row, type Workload } from "./workload.ts";

export const BUILD_WORKLOADS: readonly Workload[] = [
  { name: "content", run: content },
  { name: "full", run: (bench) => full(bench, { title: "2000 commands" }) },
  {
    name: "full-jobs",
    run: (bench) => full(bench, { title: `2000 commands, --jobs ${bench.cpus}`, jobs: bench.cpus }),
  },
  { name: "full-shell", run: (bench) => full(bench, { title: "2000 commands that take a shell", command: PIPE }) },
  { name: "again", run: (bench) => again(bench, 2000) },
  { name: "again-large", run: (bench) => again(bench, 10_000) },
  { name: "chain", run: chain },
];

/** Builds a project and answers with the milliseconds that took. */
type Build = (project: Project) => Promise<number>;

const FULL_GOAL: Goal = { kind: "ratio", most: 0.9 };
/** Both start a shell then. */
const SHELL_GOAL: Goal = { kind: "ratio", most: 1 };
const CHAIN_GOAL: Goal = { kind: "ratio", most: 1.2 };
const EDIT_GOAL: Goal = { kind: "ratio", most: 2 };

/** In a small project the start counts for more. */
function againGoal(name: string, size: number): Goal | undefined {
  if (name === "ninja") return { kind: "ratio", most: size < 10_000 ? 2.5 : 1.2 };
  return name === "make" ? { kind: "ratio", most: 1 } : undefined;
}

/** The tools that are installed, of those named; without `jobs` each decides itself how much it does at once. */
function tools(bench: Bench, names: readonly string[], jobs?: number): Map<string, Build> {
  const flag = jobs === undefined ? [] : [`-j${jobs}`];
  const all: [string, Build][] = [
    ["troupe", ({ folder }) => timeTroupe(folder, flag)],
    ["ninja", ({ folder }) => timeProgram("ninja", flag, folder)],
    ["make", ({ folder }) => timeProgram("make", ["-s", ...flag], folder)],
  ];
  return new Map(all.filter(([name]) => name === "troupe" || (names.includes(name) && bench.peers.has(name))));
}

async function content(bench: Bench): Promise<Row[]> {
  const many = contentProject(bench.space, 2000);
  const one = contentProject(bench.space, 1);
  let floorFolder = "";
  const FLOOR = "bare loop of write, fsync, rename, fsync folder";
  const built = await contest([
    fromNothing(bench, "troupe", many, ({ folder }) => timeTroupe(folder)),
    {
      name: FLOOR,
      prepare: () => floorFolder = bench.space.folder("floor"),
      turn: async () => (await measureCold("floor", floorFolder, `${many.size}`)).ms,
    },
  ], bench.turns);
  const row: Row = {
    workload: "one task without a command, of 2000 `content` tasks, all included",
    unit: "ms",
    troupe: each(built.get("troupe")!, many.size),
    peer: { name: FLOOR, values: each(built.get(FLOOR)!, many.size) },
    goal: { kind: "amount", most: 0.5 },
  };

  await timeTroupe(one.folder);
  const found = await contest([
    { name: "many", turn: () => timeTroupe(many.folder) },
    { name: "one", turn: () => timeTroupe(one.folder) },
  ], bench.turns);
  const ones = found.get("one")!;
  return [row, {
    workload: "reading, scheduling and cache, a task: 2000 `content` tasks up to date, less one",
    unit: "ms",
    troupe: each(found.get("many")!.map((ms, turn) => ms - ones[turn]), many.size - one.size),
    goal: { kind: "amount", most: 5 },
  }];
}

async function full(
  bench: Bench,
  { title, command = CAT, jobs }: { title: string; command?: CommandText; jobs?: number },
): Promise<Row[]> {
  const contenders = [...tools(bench, ["ninja"], jobs)].map(([name, build]) =>
    fromNothing(bench, name, independentProject(bench.space, 2000, command), build)
  );
  const taken = await contest(contenders, bench.turns);
  return [{
    workload: title,
    unit: "ms",
    troupe: taken.get("troupe")!,
    peer: { name: "ninja", values: taken.get("ninja") },
    goal: command === CAT ? FULL_GOAL : SHELL_GOAL,
  }];
}

async function chain(bench: Bench): Promise<Row[]> {
  const size = 500;
  const contenders = [...tools(bench, ["ninja"])].map(([name, build]) =>
    fromNothing(bench, name, chainProject(bench.space, size), build)
  );
  const taken = await contest(contenders, bench.turns);
  const ninja = taken.get("ninja");
  return [{
    workload: "one link of a chain of 500 commands",
    unit: "ms",
    troupe: each(taken.get("troupe")!, size),
    peer: { name: "ninja", values: ninja && each(ninja, size) },
    goal: CHAIN_GOAL,
  }];
}

/** Nothing to do and, in a large project, one source edited. */
async function again(bench: Bench, size: number): Promise<Row[]> {
  const peers = ["ninja", "make"];
  const projects = new Map<string, Project>();
  for (const [name, build] of tools(bench, peers)) {
    const project = independentProject(bench.space, size);
    projects.set(name, project);
    // Make keeps no record, so for make it is enough that the artifacts are there.
    if (name === "make") await timeProgram("make", ["-s", "-t"], project.folder);
    else await build(project);
    await build(project);
  }

  const EMPTY = "empty Deno program";
  const idle = await contest([
    ...[...tools(bench, peers)].map(([name, build]) => unchanged(name, projects.get(name)!, build)),
    { name: EMPTY, turn: () => timeProgram(Deno.execPath(), denoArgs("bench/empty.ts")) },
  ], bench.turns);
  const rows = [...peers, EMPTY].map((name): Row => ({
    workload: `nothing to do, ${size} tasks`,
    unit: "ms",
    troupe: idle.get("troupe")!,
    peer: { name, values: idle.get(name) },
    goal: againGoal(name, size),
  }));
  if (size < 10_000) return rows;

  const edited = await contest(
    [...tools(bench, peers)].map(([name, build]) => afterEdit(name, projects.get(name)!, build)),
    bench.turns,
  );
  for (const name of peers) {
    rows.push({
      workload: `one source of ${size} edited`,
      unit: "ms",
      troupe: edited.get("troupe")!,
      peer: { name, values: edited.get(name) },
      goal: name === "ninja" ? EDIT_GOAL : undefined,
    });
  }
  return rows;
}

/** Each turn builds everything, from the sources alone. */
function fromNothing(bench: Bench, name: string, project: Project, build: Build): Contender {
  return {
    name,
    prepare: () => bench.space.clear(project.folder, GIVEN),
    turn: () => build(project),
    check() {
      const made = [...Deno.readDirSync(`${project.folder}/out`)].length;
      if (made !== project.size) throw new Error(`${name} made ${made} of ${project.size} artifacts`);
    },
  };
}

/** Each turn finds everything done. */
function unchanged(name: string, project: Project, build: Build): Contender {
  const written = () => Deno.statSync(project.artifact).mtime?.getTime();
  let before: number | undefined;
  return {
    name,
    prepare: () => before = written(),
    turn: () => build(project),
    check() {
      if (written() !== before) throw new Error(`${name} did again what was done`);
    },
  };
}

/** Each turn finds a line more in one source. */
function afterEdit(name: string, project: Project, build: Build): Contender {
  return {
    name,
    prepare: () => Deno.writeTextFileSync(project.source, "One more line.\n", { append: true }),
    turn: () => build(project),
    check() {
      if (Deno.readTextFileSync(project.artifact) !== Deno.readTextFileSync(project.source)) {
        throw new Error(`${name} missed an edit`);
      }
    },
  };
}
