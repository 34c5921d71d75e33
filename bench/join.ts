/**
 * Owns the workload of members that build a config together, as processes of their own, beside one build of the same
 * config with as many tasks at once as there are CPUs.
 *
 * @module
 */
import { contest, cpuOfProgram, denoArgs, timeProgram, timeTroupe } from "./contest.ts";
import { GIVEN, independentProject } from "./projects.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const JOIN_WORKLOADS: readonly Workload[] = [
  { name: "join", run: join },
  { name: "join-cpu", run: joinCpu },
];

const SIZE = 1000;
const MEMBERS = [1, 2, 4];

/** A crew in which starts and what every member looks at are the larger part. */
const MANY_MEMBERS = 16;
const MANY_SIZE = 2000;

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

/** Processor time of all members, starts included; how long they take is not of interest, so they may outnumber the CPUs. */
async function joinCpu(bench: Bench): Promise<Row[]> {
  const { folder } = independentProject(bench.space, MANY_SIZE);
  const prepare = () => bench.space.clear(folder, GIVEN);
  const cpuOf = async (members: number) =>
    (await membersOf(folder, { members, jobs: 1 }, cpuOfProgram)).reduce((sum, ms) => sum + ms);
  const taken = await contest(
    [1, MANY_MEMBERS].map((members) => ({
      name: `${members}`,
      prepare,
      turn: () => cpuOf(members),
    })),
    bench.turns,
  );
  const amounts = (members: number) => each(taken.get(`${members}`)!, MANY_SIZE);
  return [{
    workload: `processor time of one of ${MANY_SIZE} commands, ${MANY_MEMBERS} members joining at once`,
    unit: "ms",
    troupe: amounts(MANY_MEMBERS),
    peer: { name: "1 member", values: amounts(1) },
    goal: { kind: "ratio", most: 1.3 },
  }];
}

/** Until the last of them has ended. */
async function timeMembers(folder: string, members: number, jobs: number): Promise<number> {
  return Math.max(...await membersOf(folder, { members, jobs }, timeProgram));
}

/** What each of some members took, by a measure, that join a build at once. */
async function membersOf(
  folder: string,
  { members, jobs }: { readonly members: number; readonly jobs: number },
  measure: typeof timeProgram,
): Promise<number[]> {
  const args = [...denoArgs("main.ts"), "join", "build.json", "--jobs", `${jobs}`];
  return await Promise.all(Array.from({ length: members }, () => measure(Deno.execPath(), args, folder)));
}
