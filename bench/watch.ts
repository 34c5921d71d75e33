/**
 * Owns the workload of `troupe watch`: from a file that is saved to the start of the command that reads it.
 *
 * Each command writes down when it was started; the watch is at rest before each edit, and the debounce is taken off.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { denoArgs } from "./contest.ts";
import type { Bench, Row, Workload } from "./workload.ts";

export const WATCH_WORKLOADS: readonly Workload[] = [{ name: "watch", run: restarts }];

const QUIET_MS = 30;
const EDITS = 15;
const GOAL_MS = 100;
/** Folders of one task's sources. */
const PACKAGES = 10;

interface Shape {
  readonly tasks: number;
  /** Sources of each task: one is named, more are globbed. */
  readonly files: number;
}

const SHAPES: readonly Shape[] = [
  { tasks: 200, files: 1 },
  { tasks: 2000, files: 1 },
  { tasks: 2000, files: 50 },
  { tasks: 10_000, files: 1 },
];

/** How an editor saves. */
const SAVES: Readonly<Record<string, (path: string, text: string) => void>> = {
  "in place": (path, text) => Deno.writeTextFileSync(path, text),
  "by rename": (path, text) => {
    Deno.writeTextFileSync(`${path}~`, text);
    Deno.renameSync(`${path}~`, path);
  },
};

async function restarts({ space, turns }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shape of SHAPES) {
    const folder = space.folder("watch");
    writeProject(folder, shape);
    const taken = await measure(folder, shape, Math.max(EDITS, turns.most));
    const files = shape.files > 1 ? ` and ${shape.tasks * shape.files} globbed files` : "";
    for (const [save, values] of taken) {
      rows.push({
        workload: `from a file saved ${save} to its command, ${shape.tasks} tasks${files}, beyond the debounce`,
        unit: "ms",
        troupe: values,
        goal: { kind: "amount", most: GOAL_MS },
      });
    }
  }
  return rows;
}

function sourceOf({ files }: Shape, task: number, file: number): string {
  return files === 1 ? `src/${task}.c` : `src/${task}/p${file % PACKAGES}/${file}.c`;
}

function writeProject(folder: string, shape: Shape): void {
  const lines = Array.from({ length: shape.tasks }, (_, task) =>
    JSON.stringify({
      name: `t${task}`,
      dependencies: task < PACKAGES ? [] : [`t${task - PACKAGES}`],
      source_files: [shape.files === 1 ? sourceOf(shape, task, 0) : `src/${task}/**/*.c`],
      output_artifact: `out/${task}`,
      command: 'date +%s%N > "$OUT"',
    }));
  Deno.writeTextFileSync(`${folder}/build.json`, `{"tasks":[\n${lines.join(",\n")}\n]}\n`);
  Deno.mkdirSync(`${folder}/src`);
  for (let task = 0; task < shape.tasks; task++) {
    if (shape.files > 1) {
      for (let at = 0; at < PACKAGES; at++) Deno.mkdirSync(`${folder}/src/${task}/p${at}`, { recursive: true });
    }
    for (let file = 0; file < shape.files; file++) {
      Deno.writeTextFileSync(`${folder}/${sourceOf(shape, task, file)}`, "");
    }
  }
}

async function measure(folder: string, shape: Shape, edits: number): Promise<Map<string, number[]>> {
  const args = [...denoArgs("main.ts"), "watch", "--debounce", `${QUIET_MS}`];
  const watch = new Deno.Command(Deno.execPath(), { args, cwd: folder, stdin: "null", stdout: "piped" }).spawn();
  const rests = restsOf(watch.stdout);
  const taken = new Map(Object.keys(SAVES).map((name): [string, number[]] => [name, []]));
  try {
    await rests.next();
    for (let edit = 0; edit < edits; edit++) {
      for (const [name, save] of Object.entries(SAVES)) {
        // the last ones: nobody waits for what they make
        const task = shape.tasks - 1 - (edit % PACKAGES);
        await delay(QUIET_MS);
        const begunMs = Date.now();
        save(`${folder}/${sourceOf(shape, task, edit % shape.files)}`, `${name} ${edit}\n`);
        await rests.next();
        const startedMs = Number(Deno.readTextFileSync(`${folder}/out/${task}`)) / 1e6;
        if (startedMs < begunMs) throw new Error(`Task t${task} was not started again`);
        taken.get(name)!.push(startedMs - begunMs - QUIET_MS);
      }
    }
  } finally {
    watch.kill("SIGINT");
    await rests.return(undefined);
    await watch.status;
  }
  return taken;
}

/** Comes to a value each time the watch is at rest. */
async function* restsOf(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<void> {
  let rest = "";
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith("Watching ")) yield;
  }
}
