// Real threads: started, given tasks, crashed, replaced and ended.
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import type { TaskFailure } from "../../../graph/failure.ts";
import { carryOut, type Deed, type DeedAnswer } from "../../../actors/storage/deed.ts";
import type { FromWorker, RunTask } from "../../../actors/worker/messages.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";
import { KeptWorkers } from "../../../actors/engine/kept_workers.ts";
import type { PoolReport } from "../../../actors/engine/pool.ts";
import { type PoolOptions, WorkerPool } from "../../../actors/engine/worker_pool.ts";

type Message<Kind extends FromWorker["kind"]> = Extract<FromWorker, { kind: Kind }>;

/** A pool over a temp folder, and what it reports. */
class Stage implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly table = new StatusTable(256);
  readonly reports: PoolReport[] = [];
  readonly warnings: string[] = [];
  readonly pool: WorkerPool;
  #waiting: (() => void)[] = [];

  constructor(
    readonly size: number,
    { wanted = size, ...options }: Pick<PoolOptions, "carryOut" | "room" | "callsModules"> & {
      readonly wanted?: number;
    } = {},
  ) {
    this.pool = new WorkerPool({
      ...options,
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
    this.pool.want(wanted);
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

  run(worker: number, task: number, work: RunTask["work"], more: Partial<RunTask> = {}): void {
    this.pool.run(worker, {
      kind: "run",
      task,
      name: `t${task}`,
      work,
      outputs: [{ path: `out/${task}`, kind: "file" }],
      sources: [],
      dependencyArtifacts: [],
      env: {},
      ...more,
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

// `deno test` checks the types of a worker for each one anew, unless one before it has done so.
{
  await using first = new Stage(1);
  await first.ready();
}

// S0.13, S0.18
Deno.test({
  name: "WorkerPool starts exactly as many workers as it was told, and none is alive after close()",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const program = fromFileUrl(new URL("./threads_program.ts", import.meta.url));
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", program] }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    assertEquals(JSON.parse(decoder.decode(stdout)), { ready: [1, 2, 3, 4, 5, 6, 7, 8], started: 8, left: 0 });
  },
});

// S0.18
Deno.test("WorkerPool.close() ends only when every worker was ended", async () => {
  const { terminate } = Worker.prototype;
  let ended = 0;
  const stage = new Stage(3);
  try {
    await stage.ready();
    Worker.prototype.terminate = function () {
      ended++;
      terminate.call(this);
    };
    await stage[Symbol.asyncDispose]();
    assertEquals(ended, 3);
  } finally {
    Worker.prototype.terminate = terminate;
  }
});

// K118
Deno.test("WorkerPool starts threads for tasks that wait, those with the lowest ids, and never more than there may be", async () => {
  await using stage = new Stage(5, { wanted: 0 });
  for (const [wanted, workers] of [[1, [1]], [1, [1, 2]], [0, [1, 2]], [9, [1, 2, 3, 4, 5]]] as [number, number[]][]) {
    stage.pool.want(wanted);
    await stage.ready(workers.length);
    assertEquals(stage.heard("ready").map(({ worker }) => worker).sort(), workers);
  }
  stage.pool.want(9);
  stage.run(1, 0, content("x"));
  await stage.until(() => stage.heard("completed").length === 1);
  assertEquals(stage.heard("ready").length, 5);
});

// S7.8
Deno.test("WorkerPool starts a thread for each processor and one more for many calls of functions, and others for what takes its time", async () => {
  const some = navigator.hardwareConcurrency + 1, size = some + 2;
  using threads = countThreads();
  await using stage = new Stage(size, { wanted: 0, callsModules: true });
  stage.pool.want(size, 1000);
  assertEquals(threads.started, some);
  await stage.ready(some);
  for (let worker = 1; worker <= some; worker++) stage.run(worker, worker, command("exec sleep 1000"));
  await stage.until(() => stage.heard("started").length === some);
  stage.pool.want(2, 1000);
  await stage.ready(size);
  for (let worker = 1; worker <= some; worker++) stage.pool.cancel(worker, "SIGKILL");
  await stage.until(() => stage.heard("failed").length === some);
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
  assertEquals([worker, message.task, message.published?.[0].size], [2, 5, 4]);
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

// K21
Deno.test("WorkerPool gives up a worker that is blocked when its task is to end at once, and starts another", async () => {
  await using stage = new Stage(1);
  await stage.ready();
  Deno.writeTextFileSync(`${stage.folder}/piece`, "x");
  // it hears nothing until it has put them together
  stage.run(1, 0, { kind: "concatenate" }, { sources: Array(500_000).fill("piece") });
  while (!existsSync(`${stage.folder}/out`)) await new Promise((resolve) => setTimeout(resolve, 5));
  stage.pool.cancel(1, "SIGINT");
  stage.pool.cancel(1, "SIGKILL");
  await stage.until(() => stage.heard("failed").length > 0);
  assertEquals(stage.heard("failed").map(({ worker, message }) => [worker, message.task, message.failure]), [
    [1, 0, { kind: "cancelled" }],
  ]);
  assertEquals([...Deno.readDirSync(`${stage.folder}/out`)].map(({ name }) => name), []);
  stage.run(1, 1, content("b"));
  await stage.until(() => stage.heard("completed").length > 0);
  assertEquals([stage.heard("ready").length, Deno.readTextFileSync(`${stage.folder}/out/1`)], [1, "b"]);
});

Deno.test("WorkerPool does not take a worker for blocked whose task had ended before it was to", async () => {
  await using stage = new Stage(1);
  await stage.ready();
  stage.run(1, 0, content("a"));
  await stage.until(() => stage.heard("completed").length === 1);
  stage.pool.cancel(1, "SIGKILL"); // its owner had not heard of that yet
  stage.run(1, 1, { kind: "command", command: 'sleep 0.8; echo b > "$OUT"' });
  await stage.until(() => stage.heard("completed").length + stage.heard("failed").length === 2);
  assertEquals(stage.heard("failed"), []);
});

// K82
Deno.test("a worker that waits for a permit hears a cancel, and takes no late answer for that to its next wish", async () => {
  const wishes: PromiseWithResolvers<DeedAnswer>[] = [];
  const deeds: Deed[] = [];
  await using stage = new Stage(1, {
    carryOut: (_, deed) => {
      deeds.push(deed);
      wishes.push(Promise.withResolvers());
      return wishes.at(-1)!.promise;
    },
  });
  await stage.ready();
  const wished = async (count: number) => {
    while (wishes.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  stage.run(1, 0, content("a"), { asksPermit: true });
  await wished(1);
  stage.pool.cancel(1, "SIGINT");
  await stage.until(() => stage.heard("failed").length > 0);
  assertEquals(stage.heard("failed").map(({ message }) => message.failure), [{ kind: "cancelled" }]);
  assertEquals([...Deno.readDirSync(`${stage.folder}/out`)].map(({ name }) => name), []);
  stage.run(1, 1, content("b"), { asksPermit: true });
  await wished(2);
  wishes[0].resolve("done");
  await wishes[0].promise;
  assertEquals(carryOut(deeds[1]), "done");
  wishes[1].resolve("done");
  await stage.until(() => stage.heard("completed").length > 0);
  assertEquals([...Deno.readDirSync(`${stage.folder}/out`)].map(({ name }) => name), ["1"]);
  stage.run(1, 2, command("echo c > out/2"), { asksPermit: true, expected: { "out/2": "0".repeat(64) } });
  await wished(3);
  assertEquals(deeds[2], { kind: "remove", path: `${stage.folder}/out/2` });
  wishes[2].resolve("refused");
  await stage.until(() => stage.heard("failed").length > 1);
  assertEquals(Deno.readTextFileSync(`${stage.folder}/out/2`), "c\n", "it may be another's by now");
  const path = `${stage.folder}/out/3`;
  stage.run(1, 3, content("d"), { asksPermit: true });
  await wished(4);
  Deno.mkdirSync(path);
  wishes[3].resolve(carryOut(deeds[3]));
  await stage.until(() => stage.heard("failed").length > 2);
  const failure = { kind: "io", doing: "publish artifact", path: "out/3", detail: "not a regular file" };
  assertEquals(stage.heard("failed").at(-1)!.message.failure, failure as TaskFailure);
  assertEquals([...Deno.readDirSync(`${stage.folder}/out`)].map(({ name }) => name).sort(), ["1", "2", "3"]);
});

// K21, K29
Deno.test("WorkerPool gives up a worker that is blocked and was asked to end once, when its grace and some time have passed", async () => {
  await using stage = new Stage(1);
  await stage.ready();
  Deno.writeTextFileSync(`${stage.folder}/piece`, "");
  stage.run(1, 0, { kind: "concatenate" }, { sources: Array(1_000_000).fill("piece"), graceMs: 10 });
  while (!existsSync(`${stage.folder}/out`)) await new Promise((resolve) => setTimeout(resolve, 5));
  stage.pool.cancel(1, "SIGINT");
  await stage.until(() => stage.heard("failed").length > 0);
  const [{ message }] = stage.heard("failed");
  assertEquals(
    [message.failure, message.durationMs],
    [{ kind: "cancelled" }, 0],
    "a worker would say how long it took",
  );
});

// K21
Deno.test("WorkerPool holds back what workers report while there is no room, until something is to end", async () => {
  let isFull = false;
  const { promise: never } = Promise.withResolvers<void>();
  await using stage = new Stage(2, { room: () => isFull ? never : undefined });
  await stage.ready();
  isFull = true;
  stage.run(1, 0, content("a"));
  stage.run(2, 1, command("echo up > up; exec sleep 1000"));
  while (!existsSync(`${stage.folder}/up`) || !existsSync(`${stage.folder}/out/0`)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals([stage.heard("started"), stage.heard("completed")], [[], []]);
  stage.pool.cancel(2, "SIGTERM");
  await stage.until(() => stage.heard("failed").length > 0);
  assertEquals(stage.heard("completed").map(({ message }) => message.task), [0]);
});

// K21
Deno.test("a worker that is started while there is no room is ready all the same", async () => {
  const { promise: never } = Promise.withResolvers<void>();
  await using stage = new Stage(2, { room: () => never });
  await stage.ready();
});

/** One run after another with workers that are kept; each answers how a command ended in its only task. */
async function runKept(kept: KeptWorkers, folder: string, size: number, text: string): Promise<readonly string[]> {
  const said: string[] = [], over = Promise.withResolvers<void>();
  const pool = kept.open({
    size,
    folder,
    table: new StatusTable(1).buffer,
    onWarning: (sentence) => said.push(sentence),
    onReport(report) {
      const message = report.kind === "worker" ? report.message : undefined;
      said.push(message?.kind ?? report.kind);
      if (message?.kind === "ready" && !said.includes("started")) {
        const more = {
          name: "t",
          outputs: [{ path: "out", kind: "file" as const }],
          sources: [],
          dependencyArtifacts: [],
          env: {},
        };
        pool.run((report as { worker: number }).worker, { kind: "run", task: 0, work: command(text), ...more });
      } else if (message?.kind === "completed" || message?.kind === "failed") over.resolve();
    },
  });
  pool.start();
  pool.want(1);
  await over.promise;
  await pool.close();
  return said;
}

/** Counts the threads that this test file starts; other files' threads are in the same process. */
function countThreads(): { readonly alive: Set<Worker>; started: number } & Disposable {
  const Real = globalThis.Worker, alive = new Set<Worker>();
  const count = { alive, started: 0, [Symbol.dispose]: () => void (globalThis.Worker = Real) };
  globalThis.Worker = class extends Real {
    constructor(...args: ConstructorParameters<typeof Real>) {
      super(...args);
      count.started += 1;
      alive.add(this);
    }
    override terminate(): void {
      alive.delete(this);
      super.terminate();
    }
  };
  return count;
}

// S6.14
Deno.test("KeptWorkers serve one run after another with the same thread, and end with them", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  using threads = countThreads();
  const kept = new KeptWorkers();
  try {
    assertEquals(await runKept(kept, folder, 2, 'echo 1 > "$OUT"'), ["ready", "started", "completed"]);
    // a folder that was made anew meanwhile is as good
    Deno.removeSync(folder, { recursive: true });
    Deno.mkdirSync(folder);
    assertEquals(await runKept(kept, folder, 2, 'echo 2 > "$OUT"'), ["ready", "started", "completed"]);
    assertEquals([Deno.readTextFileSync(`${folder}/out`), threads.started], ["2\n", 1]);
    // one of another kind has its own
    assertEquals(await runKept(kept, folder, 1, "exit 1"), ["ready", "started", "failed"]);
    assertEquals(threads.started, 2);
  } finally {
    await kept[Symbol.asyncDispose]();
    Deno.removeSync(folder, { recursive: true });
  }
  assertEquals(threads.alive.size, 0);
});

// S6.14, S0.18
Deno.test("KeptWorkers keep no worker that has run a function", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" }), kept = new KeptWorkers();
  Deno.writeTextFileSync(`${folder}/m.ts`, "export default () => 'x';");
  const over = Promise.withResolvers<FromWorker>();
  const options: PoolOptions = {
    size: 1,
    folder,
    table: new StatusTable(1).buffer,
    callsModules: true,
    onWarning: () => {},
    onReport(report) {
      const message = report.kind === "worker" ? report.message : undefined;
      if (message?.kind === "ready") {
        pool.run(1, {
          ...{
            kind: "run" as const,
            task: 0,
            name: "t",
            outputs: [{ path: "out", kind: "file" }],
            sources: [],
            dependencyArtifacts: [],
            env: {},
          },
          work: { kind: "module", module: "m.ts", export: "default", args: [] },
          call: { dependencies: [], modules: ["m.ts"] },
        });
      } else if (message?.kind === "completed" || message?.kind === "failed") over.resolve(message);
    },
  };
  const pool = kept.open(options);
  pool.start();
  pool.want(1);
  assertEquals((await over.promise).kind, "completed");
  await pool.close();
  assert(kept.open(options) !== pool);
  await kept[Symbol.asyncDispose]();
  Deno.removeSync(folder, { recursive: true });
});
