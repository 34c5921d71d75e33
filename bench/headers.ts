/**
 * Owns the workloads of dependency files: what it takes to read one, and to find that nothing has changed of what they name.
 *
 * The compiler copies a list that was written beforehand, so that only the tools are measured. A build that found nothing to
 * do is answered at once when it is asked for again; a dry run looks at the tasks themselves.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { contest, denoArgs, measureCold, timeProgram, timeTroupe } from "./contest.ts";
import type { Bench, Row, Workload } from "./workload.ts";

export const HEADER_WORKLOADS: readonly Workload[] = [
  { name: "depfile", run: parse },
  { name: "headers", run: oneTask },
  { name: "headers-large", run: manyTasks },
];

/** Headers of a project in all, and of one task in a project with many. */
const HEADERS = 2000, HEADERS_EACH = 200;

/** What has changed more recently may change again without being told from what it was. */
const SETTLED_MS = 2500;

async function parse(bench: Bench): Promise<Row[]> {
  const found = [];
  for (let turn = 0; turn < bench.turns.most; turn++) found.push(await measureCold("depfile", `${HEADERS}`));
  return [{
    workload: `parse a dependency file of ${HEADERS} headers, the first in its process`,
    unit: "ms",
    troupe: found.map(({ ms }) => ms),
    goal: { kind: "amount", most: 10 },
  }];
}

async function oneTask(bench: Bench): Promise<Row[]> {
  const plain = writeProject(bench, { tasks: 1, headers: 0 }),
    one = writeProject(bench, { tasks: 1, headers: HEADERS });
  await settle([plain, one]);
  const found = await contest([
    { name: "build, plain", turn: () => build(plain) },
    { name: "build", turn: () => build(one) },
    { name: "look, plain", turn: () => build(plain, ["--dry-run"]) },
    { name: "look", turn: () => build(one, ["--dry-run"]) },
  ], bench.turns);
  const more = (name: string) => found.get(name)!.map((ms, turn) => ms - found.get(`${name}, plain`)![turn]);
  const workload = `nothing to do, one task of ${HEADERS} headers, less the same without a dependency file`;
  return [
    { workload, unit: "ms", troupe: more("build"), goal: { kind: "amount", most: 10 } },
    { workload: `${workload}: a look at the task`, unit: "ms", troupe: more("look") },
  ];
}

async function manyTasks(bench: Bench): Promise<Row[]> {
  const tasks = 1000, workload = `nothing to do, ${tasks} tasks of ${HEADERS_EACH} headers each, of ${HEADERS}`;
  const troupe = writeProject(bench, { tasks, headers: HEADERS_EACH });
  const ninja = bench.peers.has("ninja") ? writeProject(bench, { tasks, headers: HEADERS_EACH }) : undefined;
  if (ninja !== undefined) await timeProgram("ninja", [], ninja);
  await settle([troupe]);
  const found = await contest([
    { name: "build", turn: () => build(troupe) },
    { name: "look", turn: () => build(troupe, ["--dry-run"]) },
    ...(ninja === undefined ? [] : [{ name: "ninja", turn: () => timeProgram("ninja", [], ninja) }]),
  ], bench.turns);
  const peer = { name: "ninja", values: found.get("ninja") };
  return [
    { workload, unit: "ms", troupe: found.get("build")!, peer },
    { workload: `${workload}: a look at each task`, unit: "ms", troupe: found.get("look")!, peer },
  ];
}

/** Builds projects, and again once their files are so old that what is found of them is remembered. */
async function settle(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await timeTroupe(folder);
  await delay(SETTLED_MS);
  for (const folder of folders) for (let times = 0; times < 2; times++) await build(folder);
}

function build(folder: string, args: readonly string[] = []): Promise<number> {
  return timeProgram(Deno.execPath(), [...denoArgs("main.ts"), "build", "build.json", "--quiet", ...args], folder);
}

/** Writes the same project for troupe and for ninja; without headers no task has a dependency file. */
function writeProject(bench: Bench, { tasks, headers }: { tasks: number; headers: number }): string {
  const folder = bench.space.folder("headers");
  for (const inner of ["src", "include/some/folder", "lists", "out"]) {
    Deno.mkdirSync(`${folder}/${inner}`, { recursive: true });
  }
  const header = (at: number) => `include/some/folder/header-${at % HEADERS}.h`;
  for (let at = 0; at < HEADERS; at++) Deno.writeTextFileSync(`${folder}/${header(at)}`, `#define H${at} ${at}\n`);
  const rules = [
    "rule cc",
    "  command = cat $in > $out && cp lists/$name $out.d",
    "  depfile = $out.d",
    "  deps = gcc",
  ];
  const config = Array.from({ length: tasks }, (_, task) => {
    const named = Array.from({ length: headers }, (_, at) => header(7 * task + at));
    Deno.writeTextFileSync(`${folder}/src/${task}.c`, `${task}\n`);
    Deno.writeTextFileSync(`${folder}/lists/${task}`, `out/${task}.o: src/${task}.c \\\n  ${named.join(" \\\n  ")}\n`);
    rules.push(`build out/${task}.o: cc src/${task}.c`, `  name = ${task}`);
    const source = `src/${task}.c`, base = { name: `t${task}`, source_files: [source], output: `out/${task}.o` };
    return headers === 0
      ? { ...base, command: `cat ${source} > "$OUT"` }
      : { ...base, command: `cat ${source} > "$OUT" && cp lists/${task} "$DEPFILE"`, depfile: "$DEPFILE" };
  });
  Deno.writeTextFileSync(`${folder}/build.json`, JSON.stringify({ tasks: config }));
  Deno.writeTextFileSync(`${folder}/build.ninja`, [...rules, ""].join("\n"));
  return folder;
}
