/**
 * Owns the workload of members that build a config together, as processes of their own, beside one build of the same
 * config with as many tasks at once as there are CPUs.
 *
 * @module
 */
import { contest, denoArgs, timeProgram, timeTroupe } from "./contest.ts";
import { GIVEN, independentProject } from "./projects.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const JOIN_WORKLOADS: readonly Workload[] = [{ name: "join", run: join }];

const SIZE = 1000;
const MEMBERS = [1, 2, 4];

/** All starts included; members share the CPUs evenly. */
async function join(bench: Bench): Promise<Row[]> {
  const { folder } = independentProject(bench.space, SIZE);
  const prepare = () => bench.space.clear(folder, GIVEN);
  const check = () => {
    const made = [...Deno.readDirSync(`${folder}/out`)].length;
    if (made !== SIZE) throw new Error(`${made} of ${SIZE} artifacts were made`);
  };
  const nameOf = (members: number) => `${members} ${members === 1 ? "member" : "members"}`;
  const taken = await contest([
    { name: "build", prepare, check, turn: () => timeTroupe(folder, ["--jobs", `${bench.cpus}`]) },
    ...MEMBERS.map((members) => ({
      name: nameOf(members),
      prepare,
      check,
      turn: () => timeMembers(folder, members, Math.max(1, Math.floor(bench.cpus / members))),
    })),
  ], bench.turns);
  const peer = { name: `troupe build --jobs ${bench.cpus}`, values: each(taken.get("build")!, SIZE) };
  return MEMBERS.map((members) => ({
    workload: `one of ${SIZE} commands, ${nameOf(members)} joining at once`,
    unit: "ms",
    troupe: each(taken.get(nameOf(members))!, SIZE),
    peer,
  }));
}

/** Until the last of them has ended. */
async function timeMembers(folder: string, members: number, jobs: number): Promise<number> {
  const args = [...denoArgs("main.ts"), "join", "build.json", "--jobs", `${jobs}`];
  const all = Array.from({ length: members }, () => timeProgram(Deno.execPath(), args, folder));
  return Math.max(...await Promise.all(all));
}
