/**
 * Owns one thread that does one task at a time: it takes the task's word in the status table from pending to running,
 * does the work, and tells the scheduler how it went.
 * It is told everything in the message and remembers nothing, so that a dead worker can simply be replaced.
 *
 * @module
 */
import type { Surroundings } from "./command_run.ts";
import {
  ArtifactExecution,
  type ArtifactTask,
  type Attempt,
  type Execution,
  ShellExecution,
  type TargetSurroundings,
} from "./execute.ts";
import { LedgerSlot } from "./ledger.ts";
import type { FromWorker, PermitWanted, RunShell, RunTask, SandboxWanted, ToWorker, WorkerSetup } from "./messages.ts";
import type { ModuleTask, Sandboxes } from "./module_execution.ts";
import type { EndSignal } from "./stop_listener.ts";
import { StatusTable } from "./status_table.ts";

/** The part of a dedicated worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker | PermitWanted | SandboxWanted, transfer?: Transferable[]): void;
  close(): void;
}

const scope = self as unknown as Scope;
let table: StatusTable;
let surroundings: Surroundings & TargetSurroundings;
let current: Execution | undefined;
/** Loaded with the first task that calls a module. */
let sandboxes: Sandboxes | undefined;

/** What a command has printed waits in the main thread's inbox until it is shown, up to so many bytes. */
const MOST_AHEAD = 1024 * 1024;
let ahead = 0;
let proceed: (() => void) | undefined;

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "setup":
      setUp(data);
      break;
    case "run":
    case "shell":
      run(data);
      break;
    case "cancel":
      current?.cancel(data.signal);
      break;
    case "shown":
      ahead -= data.bytes;
      if (ahead < MOST_AHEAD) proceed?.();
      break;
    case "close":
      scope.postMessage({ kind: "closed" });
      scope.close();
      break;
  }
};

function setUp(setup: WorkerSetup): void {
  table = new StatusTable(setup.table);
  surroundings = {
    workerId: setup.workerId,
    folder: setup.folder,
    env: setup.env,
    ledger: new LedgerSlot(setup.ledger, setup.workerId),
    askPermit,
  };
  scope.postMessage({ kind: "ready" });
}

/** This thread has nothing else to do meanwhile. */
function askPermit(task: number): boolean {
  const answer = new Int32Array(new SharedArrayBuffer(4));
  scope.postMessage({ kind: "permit", task, answer: answer.buffer as SharedArrayBuffer });
  Atomics.wait(answer, 0, 0);
  return Atomics.load(answer, 0) === 1;
}

async function run(task: RunTask | RunShell): Promise<void> {
  if (!table.change(task.task, "pending", "running")) {
    scope.postMessage({ kind: "lost", task: task.task });
    return;
  }
  scope.postMessage({ kind: "started", task: task.task });
  const begun = performance.now();
  current = executionOf(task);
  const attempt = await current.run();
  current = undefined;
  answer(task.task, attempt, performance.now() - begun);
}

function executionOf(task: RunTask | RunShell): Execution {
  if (task.kind === "run") {
    return isModuleTask(task)
      ? new LateExecution(() => moduleExecution(task))
      : new ArtifactExecution(task as ArtifactTask, surroundings);
  }
  return new ShellExecution(task, surroundings, {
    onOutput(stream, bytes) {
      ahead += bytes.length;
      scope.postMessage({ kind: "printed", task: task.task, stream, bytes }, [bytes.buffer]);
    },
    mayRead: () => ahead < MOST_AHEAD ? undefined : new Promise((resolve) => proceed = resolve),
  });
}

function isModuleTask(task: RunTask): task is ModuleTask {
  return task.work.kind === "module";
}

async function moduleExecution(task: ModuleTask): Promise<Execution> {
  const { ModuleExecution, Sandboxes } = await import("./module_execution.ts");
  sandboxes ??= new Sandboxes((rights, ports) => {
    scope.postMessage({ kind: "sandbox", rights, ports }, [ports.calls, ports.files, ports.control]);
  });
  return new ModuleExecution(task, { ...surroundings, sandboxes });
}

/** An attempt whose code is still to be loaded, and that may be cancelled even so. */
class LateExecution implements Execution {
  readonly #load: () => Promise<Execution>;
  #execution: Execution | undefined;
  #isCancelled = false;

  constructor(load: () => Promise<Execution>) {
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
}

function answer(task: number, attempt: Attempt, durationMs: number): void {
  if ("unrestorable" in attempt) {
    scope.postMessage({ kind: "unrestorable", task });
    return;
  }
  const { output } = attempt;
  const transfer = output === undefined ? [] : [output.stdout.bytes.buffer, output.stderr.bytes.buffer];
  if ("failure" in attempt) {
    scope.postMessage({ kind: "failed", task, failure: attempt.failure, durationMs, output }, transfer);
  } else {
    const published = "published" in attempt ? attempt.published : undefined;
    scope.postMessage({ kind: "completed", task, published, durationMs, output }, transfer);
  }
}
