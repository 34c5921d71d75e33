// Members that a real Slurm starts, ends, and starts again: docs/cluster.md.
import { assertEquals, assertMatch } from "@std/assert";
import { MAIN } from "../../e2e/crew/crew.ts";
import { trails } from "../../e2e/crew/members.ts";
import { executed } from "../../e2e/said.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { type JobRecord, LACKING, PATH, Slurm } from "../../slurm.ts";
import { until } from "../rig.ts";

if (LACKING !== "") console.log(LACKING);

/** A node's CPUs, and how many of them a member of the array has. */
const CPUS = 4, SHARE = 2;

const ARRAY = ["0", "1", "2", "3"];

const ALL = 200;

/** How long before its limit a job is told to end. */
const NOTICE_S = 30;

/** As many as all members together begin at once. */
const HELD = ARRAY.length * SHARE + SHARE + SHARE;

/** Each task says that it begins; the first ones then wait for ever, until their member has been ended. */
function writeProject(rig: Rig): void {
  rig.fifo("never");
  const name = (i: number) => `t${i}`;
  const tasks = Array.from({ length: ALL }, (_, i) => ({
    name: name(i),
    dependencies: i < HELD ? [] : [name(i - HELD), ...(i % 2 === 0 ? [name(i - 1)] : [])],
    output: `out/${name(i)}`,
    command: `echo ${name(i)} >> begun; ` +
      (i < HELD ? `[ $(grep -cx ${name(i)} begun) -gt 1 ] || read _ < never; ` : "") +
      `{ echo ${name(i)}; cat $DEPS /dev/null; } > $OUT`,
  }));
  rig.write("build.json", { tasks });
}

const contents = new Map<number, string>();

/** What a task's artifact must be. */
function contentOf(i: number): string {
  const content = contents.get(i) ??
    `t${i}\n${i < HELD ? "" : contentOf(i - HELD)}${i >= HELD && i % 2 === 0 ? contentOf(i - 1) : ""}`;
  contents.set(i, content);
  return content;
}

/** The job script on the page that has this in it. */
function scriptWith(part: string): string {
  const page = Deno.readTextFileSync(new URL("../../../docs/cluster.md", import.meta.url));
  return [...page.matchAll(/^```sh\n(#!\/bin\/sh\n[\s\S]*?)^```/gm)].map(([, script]) => script)
    .find((script) => script.includes(part))!;
}

function begun(rig: Rig): string[] {
  return rig.has("begun") ? rig.read("begun").split("\n").slice(0, -1) : [];
}

/** A job's limit is in whole minutes, and counts from when it began. */
async function endSoon(slurm: Slurm, job: string): Promise<void> {
  const { RunTime } = await slurm.job(job);
  const [seconds, minutes] = RunTime.split(/[:-]/).map(Number).reverse();
  const limit = Math.ceil((minutes * 60 + seconds + NOTICE_S + 5) / 60);
  await slurm.run("scontrol", "update", `jobid=${job}`, `TimeLimit=${limit}`);
}

const isRunning = ({ JobState }: JobRecord) => JobState === "RUNNING";
const isPending = ({ JobState }: JobRecord) => JobState === "PENDING";
const isOver = ({ JobState }: JobRecord) => /^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)$/.test(JobState);

// S9.1
rigTest(
  "a node dies, jobs are cancelled, requeued, or reach their limit: only what they had in hand is done again",
  async (rig) => {
    writeProject(rig);
    Deno.mkdirSync(`${rig.tmp}/slurm`);
    await using slurm = await Slurm.start(`${rig.tmp}/slurm`, { nodes: 3, cpus: CPUS });
    rig.write("bin/troupe", `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${MAIN}' "$@"\n`);
    Deno.chmodSync(rig.path("bin/troupe"), 0o755);
    rig.write("array.sh", scriptWith("--array"));
    rig.write("step.sh", scriptWith("srun"));
    const environment = [
      "TROUPE_HEARTBEAT_INTERVAL=1",
      "TROUPE_HEARTBEAT_TIMEOUT=10",
      `PATH=${rig.path("bin")}:${PATH}`,
    ];
    const submit = (script: string, name: string, ...args: string[]) =>
      slurm.submit(rig.path(script), `--export=ALL,${environment}`, "-D", rig.folder, "-o", `said-${name}`, ...args);
    // What is said here counts over what the scripts say
    const limited = await submit(
      "array.sh",
      "limited",
      "--array=9",
      "--time=60",
      `--signal=B:TERM@${NOTICE_S}`,
      `-c${SHARE}`,
    );
    const stepping = ["-N1", `--ntasks-per-node=${SHARE}`, "-c1"];
    const steps = await submit("step.sh", "steps", "--time=60", `--signal=TERM@${NOTICE_S}`, ...stepping);
    const array = await submit("array.sh", "%a", `--array=0-${ARRAY.length - 1}`, `-c${SHARE}`, "--time=60");
    const id = (task: string) => `${array}_${task}`;
    const said = (name: string) => rig.read(`said-${name}`);
    const inHand = (task: string) => executed({ stdout: said(task) });
    const nodeOf = async (job: string) => (await slurm.until(job, isRunning, "runs")).NodeList;
    try {
      await until(() => begun(rig).length === HELD, "all members are busy");
      // Not before: a member that is only about to start would hear nothing of it
      for (const job of [limited, steps]) await endSoon(slurm, job);
      const others = await Promise.all([limited, steps].map(nodeOf));
      const nodes = await Promise.all(ARRAY.map(async (task) => ({ task, node: await nodeOf(id(task)) })));
      const dying = nodes.find(({ node }) => !others.includes(node))!.node;
      const dead = nodes.filter(({ node }) => node === dying).map(({ task }) => task);
      const [cancelled, requeued] = ARRAY.filter((task) => !dead.includes(task));
      const killed = dead.flatMap(inHand), handedBack = [cancelled, requeued].flatMap(inHand);
      assertEquals([killed.length, handedBack.length], [dead.length * SHARE, 2 * SHARE]);

      await slurm.killNode(dying);
      await slurm.run("scancel", id(cancelled));
      await slurm.run("scontrol", "requeue", id(requeued));
      for (const task of [requeued, ...dead]) {
        await slurm.until(id(task), isPending, "is to start again");
        // it would be two minutes
        await slurm.run("scontrol", "update", `jobid=${id(task)}`, "StartTime=now");
      }
      // The last tasks are those that these have had in hand
      const ends = await Promise.all([limited, steps].map((job) => slurm.until(job, isOver, "has ended")));
      assertEquals(ends.map(({ JobState, ExitCode }) => [JobState, ExitCode]), Array(2).fill(["FAILED", "143:0"]));
      const last = await Promise.all([requeued, ...dead].map((task) => slurm.until(id(task), isOver, "has ended")));
      assertEquals(
        last.map(({ JobState, ExitCode }) => [JobState, ExitCode]),
        last.map(() => ["COMPLETED", "0:0"]),
        [requeued, ...dead].map(said).join("\n"),
      );

      assertMatch(
        said(cancelled),
        new RegExp(`^Member 'slurm-${array}_${cancelled}' of Slurm job ${array}, array task `),
      );
      assertMatch(said(cancelled), /^Stopped by SIGTERM$/m);
      for (const task of [requeued, ...dead]) {
        const who = `Member 'slurm-${array}_${task}-r1' of Slurm job ${array}, array task ${task}, restart 1, on `;
        assertMatch(said(task), new RegExp(`^${who}n\\d: ${SHARE} tasks at once$`, "m"));
      }
      for (let i = 0; i < SHARE; i++) {
        const who = `${i}: Member 'slurm-${steps}.0.${i}' of Slurm job ${steps}, step 0, process ${i}, on `;
        assertMatch(said("steps"), new RegExp(`^ *${who}n\\d: 1 task at once$`, "m"));
      }
      const times = Map.groupBy(begun(rig), (name) => name);
      const words = trails(rig);
      for (let i = 0; i < ALL; i++) {
        const name = `t${i}`;
        const before = i >= HELD ? "" : killed.includes(name) ? "running killed " : "running cancelled ";
        assertEquals(words[name], `${before}running completed`, name);
        assertEquals(times.get(name)?.length, i < HELD ? 2 : 1, name);
        assertEquals(rig.read(`out/${name}`), contentOf(i), name);
      }
      assertEquals([times.size, rig.files("out").length], [ALL, ALL], "and nothing half written");
      assertEquals(executed(await rig.build(["build.json"])), []);
    } catch (error) {
      for (const name of ["limited", "steps", ...ARRAY]) if (rig.has(`said-${name}`)) console.error(name, said(name));
      console.error(slurm.log());
      throw error;
    }
  },
  { ignore: LACKING !== "" },
);
