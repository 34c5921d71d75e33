// Real threads: started, given tasks, crashed, replaced and ended.
import { assert, assertEquals } from "@std/assert";
import type { FromWorker, RunTask } from "../../actors/messages.ts";
import { StatusTable } from "../../actors/status_table.ts";
import { type PoolReport, WorkerPool } from "../../actors/worker_pool.ts";

type Message<Kind extends FromWorker["kind"]> = Extract<FromWorker, { kind: Kind }>;

/** A pool over a temp folder, and what it reports. */
class Stage implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly table = new StatusTable(32);
  readonly reports: PoolReport[] = [];
  readonly warnings: string[] = [];
  readonly pool: WorkerPool;
  #waiting: (() => void)[] = [];

  constructor(readonly size: number) {
    this.pool = new WorkerPool({
      size,
      table: this.table.buffer,
      folder: this.folder,
      onReport: (report) => {
        this.reports.push(report);
        for (const wake of this.#waiting.splice(0)) wake();
      },
      onWarning: (sentence) => this.warnings.push(sentence),
    });
    this.pool.start();
  }

  /** Messages of one kind so far, with their workers. */
  heard<Kind extends FromWorker["kind"]>(kind: Kind): { worker: number; message: Message<Kind> }[] {
    return this.reports.flatMap((report) =>
      report.kind === "worker" && report.message.kind === kind
        ? [{ worker: report.worker, message: report.message as Message<Kind> }]
        : []
    );
  }

  /** Waits until something holds of what was reported. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async ready(count = this.size): Promise<void> {
    await this.until(() => this.heard("ready").length >= count);
  }

  run(worker: number, task: number, work: RunTask["work"]): void {
    this.pool.run(worker, {
      kind: "run",
      task,
      name: `t${task}`,
      work,
      output: `out/${task}`,
      sources: [],
      dependencyArtifacts: [],
      env: {},
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const content = (text: string) => ({ kind: "content", content: text }) as const;
const command = (text: string) => ({ kind: "command", command: text }) as const;

/** Something that no worker knows how to do. */
const CRASH = { kind: "no such work" } as unknown as RunTask["work"];

/** Ids of this process's threads that are workers, as Linux names them; none elsewhere. */
function threads(): string[] {
  if (Deno.build.os !== "linux") return [];
  return [...Deno.readDirSync("/proc/self/task")].map(({ name }) => name).filter((id) => {
    try {
      return Deno.readTextFileSync(`/proc/self/task/${id}/comm`).startsWith("worker-");
    } catch {
      return false; // it has just ended
    }
  });
}

// `deno test` checks the types of a worker for each one anew, unless one before it has done so.
{
  await using first = new Stage(1);
  await first.ready();
}

// S0.13, S0.18
Deno.test("WorkerPool starts exactly as many workers as it was told, and none is alive after close()", async () => {
  const before = new Set(threads());
  let started: string[];
  {
    await using stage = new Stage(8);
    await stage.ready();
    assertEquals(stage.heard("ready").map(({ worker }) => worker).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
    started = threads().filter((id) => !before.has(id));
    assert(started.length >= 8 || Deno.build.os !== "linux");
  }
  // The system lets go of an ended thread a moment later.
  while (threads().some((id) => started.includes(id))) await new Promise((resolve) => setTimeout(resolve, 1));
});

// S0.31, S0.40
Deno.test("WorkerPool has a task done by the worker it is given to, and tells what came of it", async () => {
  await using stage = new Stage(2);
  await stage.ready();
  stage.run(2, 5, content("text"));
  stage.run(1, 6, command("echo out; echo err >&2; exit 3"));
  await stage.until(() => stage.heard("completed").length + stage.heard("failed").length === 2);
  assertEquals(stage.heard("started").map(({ worker, message }) => [worker, message.task]).sort(), [[1, 6], [2, 5]]);
  const [{ worker, message }] = stage.heard("completed");
  assertEquals([worker, message.task, message.published?.size], [2, 5, 4]);
  assertEquals(Deno.readTextFileSync(`${stage.folder}/out/5`), "text");
  const [failed] = stage.heard("failed");
  assertEquals([failed.worker, failed.message.failure], [1, { kind: "exit", code: 3 }]);
  const { stdout, stderr } = failed.message.output!;
  assertEquals([stdout, stderr].map(({ bytes }) => new TextDecoder().decode(bytes)), ["out\n", "err\n"]);
  // The worker takes the word to running; what follows is the scheduler's.
  assertEquals([stage.table.read(5), stage.table.read(6)], ["running", "running"]);
});

// S0.29: whoever loses the exchange leaves the task alone
Deno.test("WorkerPool has a task that two workers are given done by one of them", async () => {
  await using stage = new Stage(4);
  await stage.ready();
  for (let task = 0; task < 8; task++) {
    for (let worker = 1; worker <= 4; worker++) stage.run(worker, task, command('echo x >> log; : > "$OUT"'));
    await stage.until(() => stage.heard("completed").length + stage.heard("lost").length === 4 * (task + 1));
  }
  assertEquals([stage.heard("completed").length, stage.heard("lost").length], [8, 24]);
  assertEquals(Deno.readTextFileSync(`${stage.folder}/log`), "x\n".repeat(8));
});

Deno.test("WorkerPool replaces a worker that crashes, tells whose task is lost, and the new one works", async () => {
  await using stage = new Stage(2);
  await stage.ready();
  stage.run(1, 0, CRASH);
  await stage.until(() => stage.reports.some((report) => report.kind === "crashed"));
  const crash = stage.reports.find((report) => report.kind === "crashed")!;
  assertEquals(crash.worker, 1);
  await stage.ready(3);
  stage.run(1, 1, content("after the crash"));
  await stage.until(() => stage.heard("completed").length === 1);
  assertEquals(Deno.readTextFileSync(`${stage.folder}/out/1`), "after the crash");
});

Deno.test("WorkerPool.cancel() ends the command a worker runs, and the worker lives on", async () => {
  await using stage = new Stage(1);
  await stage.ready();
  stage.run(1, 0, command("echo begun > begun; sleep 1000; echo never"));
  await stage.until(() => stage.heard("started").length === 1);
  stage.pool.cancel(1, "SIGTERM");
  await stage.until(() => stage.heard("failed").length === 1);
  assertEquals(stage.heard("failed")[0].message.failure, { kind: "cancelled" });
  stage.run(1, 1, content("next"));
  await stage.until(() => stage.heard("completed").length === 1);
});

Deno.test("WorkerPool.close() can be called before the workers are ready", async () => {
  const stage = new Stage(3);
  await stage[Symbol.asyncDispose]();
  assertEquals([stage.reports, stage.warnings], [[], []]);
});
