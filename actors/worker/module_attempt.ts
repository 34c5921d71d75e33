/**
 * Owns one attempt at a task that calls a module's function: the permissions it gets, the call, its limit of time, and what
 * becomes of its answer. The function never touches the artifact: it has no right to, and what it makes is published here.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import type { TaskFailure } from "../../graph/failure.ts";
import type { ModuleAction, Permissions } from "../../graph/task.ts";
import { publishContent } from "../storage/artifact.ts";
import type { ArtifactTarget } from "../storage/publication.ts";
import { BUILD_VARIABLE, type BuildChain } from "../process/build_chain.ts";
import { Capture } from "../process/capture.ts";
import { Countdowns } from "../machine/countdowns.ts";
import type { Attempt, RunningAttempt } from "./attempt.ts";
import { type Contents, SeveralOutputs } from "./several_outputs.ts";
import { isSeveral, placed, type TargetContext, targetOf } from "./targets.ts";
import type { RunTask } from "./messages.ts";
import type { LedgerSlot } from "../process/ledger.ts";
import { taskPermissions } from "../sandbox/permissions.ts";
import type { Answer, Sandbox } from "../sandbox/sandbox.ts";
import type { FileAnswer, TaskFiles, Thrown } from "../sandbox/sandbox_messages.ts";
import { readRegular } from "../machine/regular_file.ts";
import { SandboxPool } from "../sandbox/sandbox_pool.ts";
import { systemDetail } from "../machine/system_error.ts";
import { thrownLine, thrownText } from "../sandbox/thrown.ts";
import { RUN_VARIABLE } from "../process/watchdog.ts";
import type { Output } from "../process/output.ts";
import type { EndSignal } from "../process/signals.ts";

export { SandboxPool };

/** Files up to this size are sent along with the call, up to so much in all; others are sent when they are read. */
const SENT_SIZE = 64 * 1024;
const SENT_IN_ALL = 1024 * 1024;

/** A task that calls a module. */
export type ModuleRun = RunTask & { readonly work: ModuleAction };

/** What an attempt needs of the worker it is made in. */
export interface ModuleContext extends TargetContext {
  readonly chain: BuildChain;
  /** The value of the variable that marks what functions start. */
  readonly mark: string;
  readonly ledger: LedgerSlot;
  readonly sandboxes: SandboxPool;
  /** For tasks that say nothing of it. */
  readonly graceMs: number;
  /** Told of an error that nobody handled and that came after the task was done. */
  readonly onLate: (failure: TaskFailure, output: Output | undefined) => void;
}

/** One attempt. */
export class ModuleExecution implements RunningAttempt {
  readonly #task: ModuleRun;
  readonly #context: ModuleContext;
  readonly #countdowns = new Countdowns();
  readonly #stdout = new Capture();
  readonly #stderr = new Capture();
  #sandbox: Sandbox | undefined;
  #stopped: TaskFailure | undefined;
  /** Paths of sources and dependencies; made when first asked for one that was not sent along. */
  #declared: ReadonlySet<string> | undefined;

  constructor(task: ModuleRun, context: ModuleContext) {
    this.#task = task;
    this.#context = context;
  }

  async run(): Promise<Attempt> {
    const { folder, sandboxes } = this.#context;
    const { work } = this.#task;
    const outputs = isSeveral(this.#task) ? new SeveralOutputs(this.#task, this.#context) : undefined;
    const target = outputs === undefined ? targetOf(this.#task, this.#context) : undefined;
    const failure = outputs?.prepare(undefined);
    if (failure !== undefined) return { failure };
    const module = fileUrl(resolve(folder, work.module));
    const outs = outputs?.outs();
    const out = target?.temporary ?? outs?.[0]?.[1] ?? "";
    const files = filesOf(this.#task, {
      folder,
      out,
      ...(outs === undefined ? {} : { outs, isCheck: this.#task.outputs.length === 0 }),
    });
    const permissions = permissionsFor(this.#task, files);
    const sandbox = this.#sandbox = await sandboxes.take(module, permissions, { isAlone: this.#isAlone });
    try {
      return await this.#call(sandbox, { module, files, to: outputs ?? target! });
    } finally {
      if (this.#isAlone) this.#context.ledger.clear();
      sandboxes.giveBack(sandbox);
    }
  }

  async #call(
    sandbox: Sandbox,
    { module, files, to }: {
      readonly module: string;
      readonly files: TaskFiles;
      readonly to: ArtifactTarget | SeveralOutputs;
    },
  ): Promise<Attempt> {
    const { work, timeoutMs, name: task, env } = this.#task;
    if (this.#stopped === undefined) await sandbox.ready;
    if (this.#stopped !== undefined) return this.#ended(this.#stopped);
    if (timeoutMs !== undefined) {
      this.#countdowns.after(timeoutMs, () => this.#stop({ kind: "timeout", timeoutMs }, "timeout"));
    }
    const encoder = new TextEncoder();
    const answer = await sandbox.call({
      module,
      export: work.export,
      argument: { task, args: work.args, env },
      told: { [BUILD_VARIABLE]: this.#context.chain.through(task), [RUN_VARIABLE]: this.#context.mark },
      files,
    }, {
      onPrinted: (stream, text) => (stream === "stdout" ? this.#stdout : this.#stderr).add(encoder.encode(text)),
      onFileWanted: (wanted) => this.#read(wanted),
      onLate: (thrown) => this.#late(thrown),
    });
    const isOne = !(to instanceof SeveralOutputs);
    const failure = this.#stopped ?? this.#failureOf(answer, isOne);
    if (failure !== undefined) {
      if (!isOne) await to.discard();
      return this.#ended(failure);
    }
    this.#countdowns.clear();
    const { value } = answer as { value: string | Uint8Array | Contents };
    const outcome = isOne
      ? await placed(publishContent(to, value as string | Uint8Array), this.#task, this.#context)
      : await to.write(value as Contents);
    return { ...outcome, output: this.#output() };
  }

  cancel(signal: EndSignal): void {
    this.#stop({ kind: "cancelled" }, "cancelled");
    if (signal === "SIGKILL") this.#sandbox?.[Symbol.dispose]();
  }

  /** A thread stands still with troupe's process; one of its own has to be told. */
  async pause(): Promise<void> {
    this.#countdowns.hold();
    if (this.#isAlone) await this.#sandbox?.pause();
  }

  resume(): void {
    if (this.#isAlone) this.#sandbox?.resume();
    this.#countdowns.goOn();
  }

  get #isAlone(): boolean {
    return this.#task.work.isolate === "process";
  }

  #ended(failure: TaskFailure): Attempt {
    this.#countdowns.clear();
    return { failure, output: this.#output() };
  }

  /** A module could ask for more than it was told of: it is in the thread that asks. */
  #read(path: string): FileAnswer {
    if (!this.#isDeclared(path)) return { detail: `'${path}' is not declared` };
    try {
      return { content: readRegular(resolve(this.#context.folder, path)) };
    } catch (error) {
      return { detail: `Cannot read '${path}': ${systemDetail(error)}` };
    }
  }

  #isDeclared(path: string): boolean {
    this.#declared ??= new Set([...this.#task.sources, ...this.#task.dependencyArtifacts]);
    return this.#declared.has(path);
  }

  /** First by the signal, which ends what cannot hear it, and then by an end of the thread. */
  #stop(failure: TaskFailure, reason: "timeout" | "cancelled"): void {
    this.#stopped ??= failure;
    this.#sandbox?.abort(reason);
    this.resume(); // or it would not hear it
    const graceMs = this.#task.graceMs ?? this.#context.graceMs;
    this.#countdowns.after(graceMs, () => this.#sandbox?.[Symbol.dispose]());
  }

  #failureOf(answer: Answer, isOne: boolean): TaskFailure | undefined {
    switch (answer.kind) {
      case "returned":
        if (!isOne) {
          return areContents(answer.value)
            ? undefined
            : { kind: "module", detail: "its answer is no contents of files" };
        }
        if (answer.value === undefined) return { kind: "no-content", path: this.#task.outputs[0].path };
        if (typeof answer.value === "string" || answer.value instanceof Uint8Array) return undefined;
        return { kind: "module", detail: "its answer is no content of a file" };
      case "threw":
        return this.#thrown(answer.thrown);
      case "ended":
        return { kind: "module", detail: answer.detail };
    }
  }

  #thrown(thrown: Thrown): TaskFailure {
    const { name, lacking } = thrown;
    if (lacking !== undefined) {
      const { access, to } = lacking;
      const prefix = `${this.#context.folder}/`;
      const shown = to?.startsWith(prefix) ? to.slice(prefix.length) : to;
      const isDeclared = shown !== undefined && this.#isDeclared(shown);
      return { kind: "right", access, to: shown, byImport: name === "TypeError", isDeclared };
    }
    this.#stderr.add(new TextEncoder().encode(thrownText(thrown)));
    return { kind: "module", detail: thrownLine(thrown) };
  }

  /** Nobody waits for the answer any more: what is said is the error alone. */
  #late(thrown: Thrown): void {
    const late = new ModuleExecution(this.#task, this.#context);
    const failure = late.#thrown(thrown);
    this.#context.onLate(failure, late.#output());
  }

  #output(): Output | undefined {
    const stdout = this.#stdout.finish(), stderr = this.#stderr.finish();
    return stdout.bytes.length + stderr.bytes.length === 0 ? undefined : { stdout, stderr };
  }
}

/**
 * The permissions a task declares, and to read its own modules. To a thread its files are handed over, and need none; a process reads
 * itself those that were not sent along.
 */
function permissionsFor(
  { work, call, sources, dependencyArtifacts }: ModuleRun,
  { folder, contents }: TaskFiles,
): Permissions {
  const files = work.isolate === "process"
    ? [...sources, ...dependencyArtifacts].filter((path) => !contents.has(path))
    : [];
  return taskPermissions({ work, own: [...call?.modules ?? [], ...files], dependencyArtifacts }, folder);
}

function filesOf(
  { work, sources, dependencyArtifacts, call }: ModuleRun,
  where: Pick<TaskFiles, "folder" | "out" | "outs" | "isCheck">,
): TaskFiles {
  const contents = new Map<string, Uint8Array>();
  let room = SENT_IN_ALL;
  for (const path of [...sources, ...dependencyArtifacts]) {
    const absolute = resolve(where.folder, path);
    try {
      const { size, isFile } = Deno.statSync(absolute);
      // Deno takes no right to a path with a comma.
      const isSent = work.isolate === "process" && absolute.includes(",");
      if (!isFile || (size > Math.min(SENT_SIZE, room) && !isSent)) continue;
      contents.set(path, Deno.readFileSync(absolute));
      room -= size;
    } catch {
      // Whoever reads it is told why that cannot be.
    }
  }
  const dependencies = dependencyArtifacts.map((path, at): [string, string] => [call?.dependencies[at] ?? path, path]);
  return { ...where, sources, dependencies, contents };
}

/** A module is in the thread that answers, and could answer anything. */
function areContents(value: unknown): value is Contents {
  return Array.isArray(value) && value.every((entry) =>
    Array.isArray(entry) && typeof entry[0] === "string" &&
    (typeof entry[1] === "string" || entry[1] instanceof Uint8Array)
  );
}

function fileUrl(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}
