/**
 * Owns one thread that does one task at a time: it takes the task's word in the status table from pending to running,
 * does the work, and tells the scheduler how it went.
 * It is told everything in the message and remembers nothing, so that a dead worker can simply be replaced.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import { BUILD_VARIABLE, BuildChain } from "../process/build_chain.ts";
import type { CommandContext } from "../process/command_run.ts";
import type { Deed, DeedAnswer } from "../storage/deed.ts";
import { ArtifactExecution, type ArtifactTask, type Attempt, type RunningAttempt, ShellExecution } from "./attempt.ts";
import type { TargetContext } from "./targets.ts";
import { HomeFolder } from "../storage/home_folder.ts";
import type { SpawnOptions } from "../process/spawn.ts";
import { LedgerSlot } from "../process/ledger.ts";
import type {
  Discovered,
  DiscoveryAnswered,
  FromWorker,
  PermitAnswered,
  PermitWanted,
  RunShell,
  RunTask,
  SandboxWanted,
  ToWorker,
  WorkerSetup,
} from "./messages.ts";
import type { FoundFiles } from "./found_files.ts";
import type { ModuleRun, SandboxPool } from "./module_attempt.ts";
import { later } from "../machine/later.ts";
import { OutputWindow } from "./output_window.ts";
import { adoptOrphans } from "../process/process.ts";
import { StatusTable } from "./status_table.ts";
import { RUN_VARIABLE } from "../process/watchdog.ts";
import { Strays } from "../process/strays.ts";
import type { Output } from "../process/output.ts";
import type { EndSignal } from "../process/signals.ts";

/** The part of a dedicated worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker | PermitWanted | SandboxWanted, transfer?: Transferable[]): void;
  close(): void;
}

/** What a command has printed waits in the main thread's inbox until it is shown, up to so many bytes. */
const MOST_AHEAD = 1024 * 1024;

/** What the main thread answers to a wish. */
type Answered = PermitAnswered | DiscoveryAnswered;

/** What it was last asked for. */
interface Wished {
  readonly wish: number;
  readonly answer: (answer: Answered) => void;
  readonly refuse: () => void;
}

/** What a thread is between two tasks: where it stands and what it may do, none of it from any task. */
class TaskWorker {
  readonly #scope: Scope;
  readonly #context: CommandContext & TargetContext & { readonly chain: BuildChain };
  /** Marks what functions start, which may serve several of them: it ends with the run, and not with a command. */
  readonly #mark: string;
  readonly #mostSandboxes: number;
  /** See {@linkcode WorkerSetup}. */
  readonly #main: string | undefined;
  readonly #printed = new OutputWindow(MOST_AHEAD);
  #table: StatusTable;
  #home: HomeFolder;
  #current: RunningAttempt | undefined;
  /** What the main thread was last asked to do. */
  #wished: Wished | undefined;
  /** Loaded with the first task that calls a module. */
  #modules: Promise<typeof import("./module_attempt.ts")> | undefined;
  #sandboxes: SandboxPool | undefined;

  /** Is ready as soon as it is made, and says so. */
  constructor(scope: Scope, setup: WorkerSetup) {
    const { workerId, folder, env, graceMs } = setup;
    this.#scope = scope;
    this.#table = new StatusTable(setup.table);
    this.#home = new HomeFolder(folder);
    this.#mostSandboxes = setup.sandboxes;
    this.#main = setup.main;
    this.#mark = `${env[RUN_VARIABLE]}-module`;
    const cancelled = new Int32Array(setup.cancelled);
    const orphans = setup.adoptsOrphans ? adoptOrphans() : undefined;
    this.#context = {
      workerId,
      folder,
      env,
      chain: new BuildChain(setup.origin, env[BUILD_VARIABLE]),
      ledger: new LedgerSlot(setup.ledger, workerId),
      graceMs,
      strays: new Strays(setup.mark, orphans),
      askPermit: (task, deed) => this.#askPermit(task, deed),
      tellFound: (task, found) => this.#tellFound(task, found),
      isCancelled: () => Atomics.load(cancelled, 0) !== 0,
    };
    scope.postMessage({ kind: "ready", adoptsOrphans: orphans !== undefined });
  }

  /** Does what it is told; it answers when that is done. */
  handle(message: Exclude<ToWorker, WorkerSetup>): void {
    switch (message.kind) {
      case "begin":
        this.#table = new StatusTable(message.table);
        this.#home = new HomeFolder(this.#context.folder);
        break;
      case "run":
      case "shell":
        this.#run(message);
        break;
      case "cancel":
        this.#current?.cancel(message.signal);
        this.#wished?.refuse();
        break;
      case "permit":
      case "discovery":
        if (message.wish === this.#wished?.wish) this.#wished.answer(message);
        break;
      case "pause":
        this.#pause();
        break;
      case "resume":
        this.#current?.resume();
        break;
      case "shown":
        this.#printed.remove(message.bytes);
        break;
      case "finish":
        this.#finish();
        break;
      case "close":
        this.#sandboxes?.[Symbol.dispose]();
        this.#scope.postMessage({ kind: "closed" });
        this.#scope.close();
        break;
    }
  }

  async #pause(): Promise<void> {
    await this.#current?.pause();
    this.#scope.postMessage({ kind: "paused" });
  }

  async #finish(): Promise<void> {
    await this.#sandboxes?.finish();
    this.#scope.postMessage({ kind: "finished" });
  }

  /** Refused as soon as the task is cancelled: whether the database can be asked or not, nobody waits for that. */
  async #askPermit(task: number, deed: Deed): Promise<DeedAnswer> {
    const answer = await this.#ask((wish) => ({ kind: "permit", task, wish, deed }));
    return answer?.kind === "permit" ? answer.answer : "refused";
  }

  async #tellFound(task: number, found: FoundFiles): Promise<TaskFailure | undefined> {
    const answer = await this.#ask((wish) => ({ kind: "discovered", task, wish, ...found }));
    return answer?.kind === "discovery" ? answer.failure : { kind: "cancelled" };
  }

  /** Undefined when the task is cancelled first. */
  async #ask(messageOf: (wish: number) => PermitWanted | Discovered): Promise<Answered | undefined> {
    const { promise, resolve } = Promise.withResolvers<Answered | undefined>();
    const wish = (this.#wished?.wish ?? 0) + 1;
    this.#wished = { wish, answer: resolve, refuse: () => resolve(undefined) };
    this.#scope.postMessage(messageOf(wish));
    return await promise;
  }

  async #run(task: RunTask | RunShell): Promise<void> {
    if (!this.#table.change(task.task, "pending", "running")) {
      this.#scope.postMessage({ kind: "lost", task: task.task });
      return;
    }
    this.#scope.postMessage({ kind: "started", task: task.task });
    const begun = performance.now();
    const running = this.#current = this.#attemptAt(task);
    const attempt = await (task.kind === "run" ? this.#atHome(running) : running.run());
    this.#current = undefined;
    this.#answer(task.task, attempt, performance.now() - begun);
  }

  /** Whatever else went wrong, a folder that is gone is what matters. */
  async #atHome(running: RunningAttempt): Promise<Attempt> {
    const gone = this.#home.failure();
    if (gone !== undefined) return { failure: gone };
    const attempt = await running.run();
    const failure = "failure" in attempt ? this.#home.failure() : undefined;
    return failure === undefined ? attempt : { output: attempt.output, usage: attempt.usage, failure };
  }

  #attemptAt(task: RunTask | RunShell): RunningAttempt {
    if (task.kind === "run" && isModuleTask(task)) return new LateExecution(() => this.#moduleAttempt(task));
    const listener: Pick<SpawnOptions, "onOutput" | "mayRead"> = {
      onOutput: (stream, bytes) => {
        this.#printed.add(bytes.length);
        this.#scope.postMessage({ kind: "printed", task: task.task, stream, bytes }, [bytes.buffer]);
      },
      mayRead: () => this.#printed.room(),
    };
    return task.kind === "run"
      ? new ArtifactExecution(task as ArtifactTask, this.#context, listener)
      : new ShellExecution(task, this.#context, listener);
  }

  async #moduleAttempt(task: ModuleRun): Promise<RunningAttempt> {
    const loaded = this.#modules ??= later("./module_attempt.ts", import.meta.url);
    const { ModuleExecution, SandboxPool } = await loaded;
    const { env } = this.#context;
    const sandboxes = this.#sandboxes ??= new SandboxPool(this.#mostSandboxes, {
      connect: (permissions, ports) => {
        this.#scope.postMessage({ kind: "sandbox", permissions, ports }, [ports.calls, ports.files, ports.control]);
      },
      connectAlone: async (permissions, ports) => {
        const { startProcess } = await later<typeof import("../sandbox/sandbox_host.ts")>(
          "../sandbox/sandbox_host.ts",
          import.meta.url,
        );
        const own = { env: { ...env, [RUN_VARIABLE]: this.#mark }, main: this.#main };
        startProcess(permissions, ports, { ...this.#context, ...own });
      },
    });
    const onLate = (failure: TaskFailure, output?: Output) => {
      this.#scope.postMessage({ kind: "late", task: task.task, failure, output });
    };
    return new ModuleExecution(task, { ...this.#context, mark: this.#mark, sandboxes, onLate });
  }

  #answer(task: number, attempt: Attempt, durationMs: number): void {
    if ("unrestorable" in attempt) return this.#scope.postMessage({ kind: "unrestorable", task });
    const { output, usage } = attempt;
    // Nothing is handed over: to copy what a command has printed takes less than what Deno loads for a first transfer.
    if ("failure" in attempt) {
      const { failure } = attempt;
      this.#scope.postMessage({ kind: "failed", task, failure, durationMs, output, usage });
    } else {
      const published = "published" in attempt ? attempt.published : undefined;
      this.#scope.postMessage({ kind: "completed", task, published, durationMs, output, usage });
    }
  }
}

function isModuleTask(task: RunTask): task is ModuleRun {
  return task.work.kind === "module";
}

/** An attempt whose code is still to be loaded, and that may be cancelled even so. */
class LateExecution implements RunningAttempt {
  readonly #load: () => Promise<RunningAttempt>;
  #execution: RunningAttempt | undefined;
  #isCancelled = false;

  constructor(load: () => Promise<RunningAttempt>) {
    this.#load = load;
  }

  async run(): Promise<Attempt> {
    this.#execution = await this.#load();
    return this.#isCancelled ? { failure: { kind: "cancelled" } } : await this.#execution.run();
  }

  cancel(signal: EndSignal): void {
    this.#isCancelled = true;
    this.#execution?.cancel(signal);
  }

  async pause(): Promise<void> {
    await this.#execution?.pause();
  }

  resume(): void {
    this.#execution?.resume();
  }
}

const scope = self as unknown as Scope;
// The first message is the setup, and it comes once.
scope.onmessage = ({ data: setup }) => {
  const worker = new TaskWorker(scope, setup as WorkerSetup);
  scope.onmessage = ({ data }) => worker.handle(data as Exclude<ToWorker, WorkerSetup>);
};
