/**
 * Owns the workloads of the crew: what a task costs by the number of members and of tasks, all in, how long members
 * wait for each other, what one costs that has nothing to do and how soon it notices that it has, and how large the
 * database gets. The members are processes of their own; see test/faults/crew/member_program.ts. Beside that, this file
 * is the program of an idle member:
 *
 *     deno run -A bench/crew.ts DATABASE MILLISECONDS
 *
 * @module
 */
import process from "node:process";
import { CrewStore } from "../actors/crew/store/store.ts";
import { Member } from "../actors/crew/member.ts";
import type { CrewTaskEntry } from "../actors/crew/store/registration.ts";
import { query } from "../test/actors/storage/raw_database.ts";
import { type MemberPlan, MemberProcess, type MemberReport, reportsOf } from "../test/faults/crew/rig.ts";
import { denoArgs } from "./contest.ts";
import { type Bench, each, type Row, type Workload } from "./workload.ts";

export const CREW_WORKLOADS: readonly Workload[] = [{ name: "crew", run: crew }];

/** How many members work on how many tasks. */
const CASES: readonly (readonly [members: number, tasks: number, mostMs?: number])[] = [
  [1, 1000],
  [2, 1000],
  [4, 1000],
  [8, 1000],
  [1, 10_000],
  [2, 10_000],
  [4, 10_000],
  [8, 10_000],
  [16, 100, 50], // the start of 16 processes' connections and threads among so few
  [16, 1000, 5],
  [16, 5000, 5],
  [16, 10_000, 5],
];

/** Tasks of a layer. */
const WIDTH = 100;
const IDLE_MS = 4000;
const WARM_UP_MS = 1000;
const WAKE_UPS = 20;
const MEMBER = {
  maxFailedRetries: 0,
  maxKilledRetries: 0,
  labels: [],
  heartbeatIntervalMs: 30_000,
  heartbeatTimeoutMs: 60_000,
  enableFingerprints: false,
  isRegistering: true, // so that others wait
  heart: "timer",
  storeOptions: {},
} as const;

async function crew(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const turns = Math.min(bench.turns.most, 3);
  for (const [members, tasks, mostMs] of CASES) {
    const walls: number[] = [], waits: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const reports = await together(`${bench.space.folder("crew")}/crew.sqlite`, { members, tasks });
      walls.push(
        Math.max(...reports.map(({ endedMs }) => endedMs)) - Math.min(...reports.map(({ begunMs }) => begunMs)),
      );
      waits.push(reports.reduce((sum, { waitedMs }) => sum + waitedMs, 0) / members);
    }
    const of = `${tasks} tasks, ${members} ${members === 1 ? "member" : "members"}`;
    rows.push({
      workload: `${of}: each, all in`,
      unit: "ms",
      troupe: each(walls, tasks),
      goal: mostMs === undefined ? undefined : { kind: "amount", most: mostMs },
    });
    rows.push({ workload: `${of}: of that, waiting for each other`, unit: "ms", troupe: each(waits, tasks) });
  }
  for (const tasks of [1000, 100_000]) rows.push(...await questions(bench, tasks));
  rows.push(...await sizes(bench), ...await idling(bench, turns));
  return rows;
}

/** What single operations take, in this process, beside so many tasks. */
async function questions(bench: Bench, tasks: number): Promise<Row[]> {
  const store = await CrewStore.open(`${bench.space.folder("questions")}/crew.sqlite`);
  const member = await Member.join(store, MEMBER);
  const layered = layers(tasks, "1");
  const time = async (count: number, act: () => Promise<unknown>) => {
    const begun = performance.now();
    await act();
    return [(performance.now() - begun) / count];
  };
  const repeated = (count: number, act: () => Promise<unknown>) =>
    time(count, async () => {
      for (let turn = 0; turn < count; turn++) await act();
    });
  const of = (what: string) => `among ${tasks} tasks: ${what}`;
  const rows: Row[] = [
    { workload: of("register one"), unit: "ms", troupe: await time(tasks, () => store.register(layered)) },
    { workload: of("find one registered"), unit: "ms", troupe: await time(tasks, () => store.register(layered)) },
  ];
  let claims = (await member.turn({ limit: 1 })).claims;
  const turn = await repeated(500, async () => {
    ({ claims } = await member.turn({ limit: 1, endings: [{ claim: claims[0].claim, ending: "completed" }] }));
  });
  rows.push(
    { workload: of("complete one and claim the next"), unit: "ms", troupe: turn },
    {
      workload: of("is there more?"),
      unit: "ms",
      troupe: await repeated(500, () => store.hasMoreTasks(member.claimant)),
    },
    { workload: of("how does the workflow stand?"), unit: "ms", troupe: await repeated(5, () => store.workflow()) },
  );
  await member.leave();
  store.close();
  return rows;
}

function layers(tasks: number, fingerprint: string): CrewTaskEntry[] {
  return Array.from({ length: tasks }, (_, rank) => ({
    ...{ id: `task_${rank}`, rank, requirements: [], maxParallelWorkers: 1, fingerprint },
    dependencies: rank < WIDTH ? [] : [0, 1, 2].map((k) => `task_${rank - WIDTH + k}`),
  }));
}

async function together(db: string, { members, tasks }: { members: number; tasks: number }): Promise<MemberReport[]> {
  const plan = (i: number): MemberPlan => ({
    count: tasks,
    width: Math.min(WIDTH, tasks / 5),
    taskMs: 0,
    options: { db, identifier: `member ${i}` },
  });
  const reports = await reportsOf(await MemberProcess.together(Array.from({ length: members }, (_, i) => plan(i))));
  const done = new Set(reports.flatMap(({ ids }) => ids)).size;
  if (done !== tasks) throw new Error(`Only ${done} of ${tasks} tasks were done`);
  return reports;
}

/** After every task was done five times, before and after the history is pruned. */
async function sizes(bench: Bench): Promise<Row[]> {
  const tasks = 1000;
  const path = `${bench.space.folder("size")}/crew.sqlite`;
  const store = await CrewStore.open(path);
  const member = await Member.join(store, { ...MEMBER, enableFingerprints: true });
  for (let round = 0; round < 5; round++) {
    await store.register(layers(tasks, `${round}`), "invalidates");
    for (let turn = await member.turn({ limit: 1 }); turn.claims.length > 0;) {
      turn = await member.turn({ limit: 1, endings: [{ claim: turn.claims[0].claim, ending: "completed" }] });
    }
  }
  await member.leave();
  const before = sizeOf(path);
  await store.pruneStatusHistory(1);
  await store.pruneEvents(0);
  const after = sizeOf(path);
  store.close();
  const what = `database of ${tasks} tasks done 5 times each`;
  return [
    { workload: what, unit: "MB", troupe: [before] },
    { workload: `${what}, with 1 status each and no events left`, unit: "MB", troupe: [after] },
  ];
}

/** Of the pages in use; pruning leaves the others to what comes. */
function sizeOf(path: string): number {
  const pages = "select page_count - freelist_count pages from pragma_page_count, pragma_freelist_count";
  return query<{ pages: number }>(path, pages)[0].pages * 4096 / 1e6;
}

/** A member that has nothing to do while another is at work, and that then has. */
async function idling(bench: Bench, turns: number): Promise<Row[]> {
  const path = `${bench.space.folder("idle")}/crew.sqlite`;
  const cpu: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const args = [...denoArgs("bench/crew.ts"), path, `${IDLE_MS}`];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    cpu.push(1000 * JSON.parse(new TextDecoder().decode(stdout)) / IDLE_MS);
  }
  const wakes: number[] = [];
  const store = await CrewStore.open(path), other = await CrewStore.open(path);
  const idle = await Member.join(store, { ...MEMBER, identifier: "idle" });
  await idle.change();
  for (let round = 0; round < WAKE_UPS; round++) {
    const waiting = idle.change();
    await new Promise((resolve) => setTimeout(resolve, 80 + 80 * Math.random()));
    const begun = performance.now();
    await other.enterEvent("TASK_READY");
    await waiting;
    wakes.push(performance.now() - begun);
  }
  await idle.leave();
  store.close();
  other.close();
  return [{
    workload: "processor time of an idle member, each second",
    unit: "ms",
    troupe: cpu,
    goal: { kind: "amount", most: 10 },
  }, {
    workload: "until an idle member notices new work",
    unit: "ms",
    troupe: wakes,
    goal: { kind: "amount", most: 100 },
  }];
}

/** Waits for work that does not come; answers with the milliseconds of processor time. */
async function idle(path: string, ms: number): Promise<number> {
  using store = await CrewStore.open(path);
  await using member = await Member.join(store, MEMBER);
  await waitFor(WARM_UP_MS);
  const begun = process.cpuUsage();
  await waitFor(ms);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;

  async function waitFor(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) await member.change(AbortSignal.timeout(end - performance.now()));
  }
}

if (import.meta.main) console.log(await idle(Deno.args[0], Number(Deno.args[1])));
