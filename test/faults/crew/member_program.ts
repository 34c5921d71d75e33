/**
 * A member of a crew, for the tests of this folder and for the benchmark: says `ready`, begins at the first line of its
 * input, and prints a {@linkcode MemberReport} at the end, or `{"error": …}`. With `taskMs` below 0 it says `has ID`
 * for each task and goes on at the next line.
 */
import process from "node:process";
import { Crew } from "../../../actors/crew/crew.ts";
import { CrewTask } from "../../../actors/crew/crew_task.ts";
import type { MemberPlan, MemberReport } from "./rig.ts";

const plan: MemberPlan = JSON.parse(Deno.args[0]);
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();

/** Layers of tasks, each depending on three of the layer before. */
function* tasks(): Generator<CrewTask> {
  const { count, width } = plan;
  for (let i = 0; i < count; i++) {
    const before = i - i % width - width;
    const dependencies = before < 0 ? [] : [0, 1, 2].map((k) => `task_${before + (i + k) % width}`);
    yield new CrewTask({ id: `task_${i}`, dependencies });
  }
}

async function work(): Promise<MemberReport> {
  const begunMs = Date.now();
  const ids: string[] = [];
  await using crew = new Crew([...tasks()], plan.options);
  for await (const { id } of crew) {
    if (plan.taskMs > 0) await new Promise((resolve) => setTimeout(resolve, plan.taskMs));
    if (plan.taskMs < 0) {
      console.log(`has ${id}`);
      await lines.next();
    }
    ids.push(id);
  }
  const { user, system } = process.cpuUsage();
  return { ids, begunMs, endedMs: Date.now(), cpuMs: (user + system) / 1000, waitedMs: crew.waitedMs };
}

const { clockMs = 0 } = plan, now = Date.now.bind(Date);
if (clockMs !== 0) Date.now = () => now() + clockMs;
console.log("ready");
await lines.next();
try {
  console.log(JSON.stringify(await work()));
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }));
}
Deno.exit();
