/**
 * Owns the workloads of the loop that a person is in all day: a build in which one source was edited, one with nothing to
 * do, a question that needs no build, and one large source. It takes no time itself.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { type Contender, contest, denoArgs, isInstalled, timeProgram, timeTroupe } from "./contest.ts";
import { denoProject, turboProject } from "./peer_projects.ts";
import { independentProject, type Project } from "./projects.ts";
import type { Bench, Goal, Row, Workload } from "./workload.ts";

export const LOOP_WORKLOADS: readonly Workload[] = [
  { name: "edit", run: edit },
  { name: "edit-turbo", run: editTurbo },
  { name: "version", run: version },
  { name: "hash", run: hash },
];

const TASKS = 200;

/** What was written so shortly ago could be written again with the same time, and is looked at closely by every tool. */
const SETTLED_MS = 3500;

/** One that builds a project, perhaps after it was edited. */
interface Builder {
  readonly name: string;
  readonly project: Project;
  readonly build: () => Promise<number>;
}

/** Of each peer what troupe may take at most, as a part of what it takes. */
type Goals = Readonly<Record<string, { readonly edited?: Goal; readonly nothing?: Goal }>>;

const atMost = (most: number): Goal => ({ kind: "ratio", most });

function edit(bench: Bench): Promise<Row[]> {
  const own = independentProject(bench.space, TASKS);
  const peers: Builder[] = [denoTask(denoProject(bench.space, TASKS))];
  if (bench.peers.has("ninja")) {
    const project = independentProject(bench.space, TASKS);
    peers.push({ name: "ninja", project, build: () => timeProgram("ninja", [], project.folder) });
  }
  return loop(bench, own, peers, { "deno task": { edited: atMost(2.5), nothing: atMost(1.5) } });
}

function denoTask(project: Project): Builder {
  return { name: "deno task", project, build: () => timeProgram(Deno.execPath(), ["task", "all"], project.folder) };
}

/** Its first build alone takes a minute, since npm runs each command. */
async function editTurbo(bench: Bench): Promise<Row[]> {
  const found = await turboProject(bench.space, TASKS);
  if (found === undefined) {
    console.error("edit-turbo: turbo cannot be had from npm, and is left out");
    return [];
  }
  const { project, program } = found;
  const build = () => timeProgram(program, ["run", "build", "--no-daemon"], project.folder);
  const own = independentProject(bench.space, TASKS);
  return await loop(bench, own, [{ name: "turbo", project, build }], { turbo: { edited: atMost(0.4) } });
}

async function loop(bench: Bench, own: Project, peers: readonly Builder[], goals: Goals): Promise<Row[]> {
  const troupe = { name: "troupe", project: own, build: () => timeTroupe(own.folder) };
  const all = [troupe, ...peers];
  for (const { build } of all) await build();
  await delay(SETTLED_MS);
  for (const { build } of all) await build();
  const nothing = await contest(all.map(({ name, build }) => ({ name, turn: build })), bench.turns);
  const edited = await contest(all.map(afterEdit), bench.turns);
  const rows = (workload: string, taken: ReadonlyMap<string, number[]>, part: "edited" | "nothing") =>
    peers.map(({ name }): Row => ({
      workload,
      unit: "ms",
      troupe: taken.get("troupe")!,
      peer: { name, values: taken.get(name) },
      goal: goals[name]?.[part],
    }));
  return [
    ...rows(`nothing to do, ${TASKS} tasks`, nothing, "nothing"),
    ...rows(`one source of ${TASKS} edited`, edited, "edited"),
  ];
}

function afterEdit({ name, project, build }: Builder): Contender {
  return {
    name,
    prepare: () => Deno.writeTextFileSync(project.source, "One more line.\n", { append: true }),
    turn: build,
    check() {
      if (Deno.readTextFileSync(project.artifact) !== Deno.readTextFileSync(project.source)) {
        throw new Error(`${name} missed an edit`);
      }
    },
  };
}

async function version({ turns }: Bench): Promise<Row[]> {
  const EMPTY = "empty Deno program";
  const taken = await contest([
    { name: "troupe", turn: () => timeProgram(Deno.execPath(), [...denoArgs("main.ts"), "--version"]) },
    { name: EMPTY, turn: () => timeProgram(Deno.execPath(), denoArgs("bench/empty.ts")) },
  ], turns);
  return [{
    workload: "--version",
    unit: "ms",
    troupe: taken.get("troupe")!,
    peer: { name: EMPTY, values: taken.get(EMPTY) },
    goal: atMost(1.3),
  }];
}

const GIGABYTE = 1e9;

/** Two large sources at once, so that what takes one thread a file shows. */
async function hash({ space, turns }: Bench): Promise<Row[]> {
  const folder = space.folder("hash"), sources = ["a", "b"];
  const block = crypto.getRandomValues(new Uint8Array(65536));
  for (const source of sources) {
    using file = Deno.openSync(`${folder}/${source}`, { write: true, create: true });
    for (let written = 0; written < GIGABYTE; written += block.length) file.writeSync(block);
  }
  const tasks = sources.map((name) => ({ name, outputs: [], source_files: [name], command: "true" }));
  Deno.writeTextFileSync(`${folder}/build.json`, JSON.stringify({ tasks }));
  const touch = () => sources.forEach((source) => Deno.utimeSync(`${folder}/${source}`, new Date(), new Date()));
  const programs = { one: ["dgst", "-sha256", "a"], two: ["dgst", "-sha256", ...sources] };
  const taken = await contest([
    { name: "troupe one", prepare: touch, turn: () => timeTroupe(folder, ["-t", "a"]) },
    { name: "troupe two", prepare: touch, turn: () => timeTroupe(folder) },
    ...Object.entries(programs).filter(() => isInstalled("openssl", "version")).map(([name, args]) => ({
      name,
      turn: () => timeProgram("openssl", args, folder),
    })),
  ], turns);
  return ["one", "two"].map((count): Row => ({
    workload: `${count} source${count === "one" ? "" : "s"} of 1 GB, start included`,
    unit: "ms",
    troupe: taken.get(`troupe ${count}`)!,
    peer: { name: "openssl dgst -sha256", values: taken.get(count) },
    goal: atMost(1.25),
  }));
}
