/**
 * Owns one attempt at a task that calls a module's function: the rights it gets, the call, its limit of time, and what
 * becomes of its answer. The function never touches the artifact: it has no right to, and what it makes is published here.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import type { TaskFailure } from "../graph/failure.ts";
import type { ModuleAction, Permissions } from "../graph/task.ts";
import { publishContent } from "./artifact.ts";
import { Capture } from "./capture.ts";
import { GRACE_MS } from "./command_run.ts";
import { type Attempt, type Execution, targetOf, type TargetSurroundings } from "./execute.ts";
import type { Output, RunTask } from "./messages.ts";
import type { Answer, Sandbox } from "./sandbox.ts";
import type { FileAnswer, Rights, TaskFiles, Thrown } from "./sandbox_messages.ts";
import { Sandboxes } from "./sandboxes.ts";
import type { EndSignal } from "./stop_listener.ts";
import { systemDetail } from "./system_error.ts";

export { Sandboxes };

/** Files up to this size are sent along with the call, up to so much in all; others are sent when they are read. */
const SENT_SIZE = 64 * 1024;
const SENT_IN_ALL = 1024 * 1024;

/** A task that calls a module. */
export type ModuleTask = RunTask & { readonly work: ModuleAction };

/** What an attempt needs of the worker it is made in. */
export interface ModuleSurroundings extends TargetSurroundings {
  readonly sandboxes: Sandboxes;
}

/** One attempt. */
export class ModuleExecution implements Execution {
  readonly #task: ModuleTask;
  readonly #surroundings: ModuleSurroundings;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #stdout = new Capture();
  readonly #stderr = new Capture();
  #sandbox: Sandbox | undefined;
  #stopped: TaskFailure | undefined;
  /** Paths of sources and dependencies; made when first asked for one that was not sent along. */
  #declared: ReadonlySet<string> | undefined;

  constructor(task: ModuleTask, surroundings: ModuleSurroundings) {
    this.#task = task;
    this.#surroundings = surroundings;
  }

  async run(): Promise<Attempt> {
    const { folder, sandboxes } = this.#surroundings;
    const { work, timeoutMs, name: task, env } = this.#task;
    const target = targetOf(this.#task, this.#surroundings);
    const sandbox = this.#sandbox = sandboxes.get(rightsOf(this.#task, folder));
    await sandbox.ready;
    if (this.#stopped !== undefined) return this.#ended(this.#stopped);
    if (timeoutMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#stop({ kind: "timeout", timeoutMs }, "timeout"), timeoutMs));
    }
    const encoder = new TextEncoder();
    const answer = await sandbox.call({
      module: fileUrl(absoluteIn(folder, work.module)),
      export: work.export,
      argument: { task, args: work.args, env },
      files: filesOf(this.#task, { folder, out: target.temporary }),
    }, {
      onPrinted: (stream, text) => (stream === "stdout" ? this.#stdout : this.#stderr).add(encoder.encode(text)),
      onFileWanted: (wanted) => this.#read(wanted),
    });
    const failure = this.#stopped ?? this.#failureOf(answer);
    if (failure !== undefined) return this.#ended(failure);
    for (const timer of this.#timers) clearTimeout(timer);
    const { value } = answer as { value: string | Uint8Array };
    return { ...publishContent(target, value), output: this.#output() };
  }

  cancel(signal: EndSignal): void {
    this.#stop({ kind: "cancelled" }, "cancelled");
    if (signal === "SIGKILL") this.#sandbox?.[Symbol.dispose]();
  }

  #ended(failure: TaskFailure): Attempt {
    for (const timer of this.#timers) clearTimeout(timer);
    return { failure, output: this.#output() };
  }

  /** A module could ask for more than it was told of: it is in the thread that asks. */
  #read(path: string): FileAnswer {
    if (!this.#isDeclared(path)) return { detail: `'${path}' is not declared` };
    try {
      return { content: Deno.readFileSync(absoluteIn(this.#surroundings.folder, path)) };
    } catch (error) {
      return { detail: `Cannot read '${path}': ${systemDetail(error)}` };
    }
  }

  #isDeclared(path: string): boolean {
    this.#declared ??= new Set([...this.#task.sources, ...this.#task.dependencyArtifacts]);
    return this.#declared.has(path);
  }

  /** First by the signal, and soon by an end of the thread: a loop hears no signal. */
  #stop(failure: TaskFailure, reason: "timeout" | "cancelled"): void {
    this.#stopped ??= failure;
    this.#sandbox?.abort(reason);
    this.#timers.push(setTimeout(() => this.#sandbox?.[Symbol.dispose](), GRACE_MS));
  }

  #failureOf(answer: Answer): TaskFailure | undefined {
    switch (answer.kind) {
      case "returned":
        return answer.value === undefined ? { kind: "no-content", path: this.#task.output } : undefined;
      case "threw":
        return this.#thrown(answer.thrown);
      case "ended":
        return { kind: "module", detail: answer.detail };
    }
  }

  #thrown({ name, message, stack, lacking }: Thrown): TaskFailure {
    if (lacking !== undefined) {
      const { access, to } = lacking;
      const prefix = `${this.#surroundings.folder}/`;
      const shown = to?.startsWith(prefix) ? to.slice(prefix.length) : to;
      const isDeclared = shown !== undefined && this.#isDeclared(shown);
      return { kind: "right", access, to: shown, byImport: name === "TypeError", isDeclared };
    }
    this.#stderr.add(new TextEncoder().encode(ownFrames(stack)));
    // The rest of a long message is in the output, with the stack.
    const [first] = message.split("\n", 1);
    const isNamed = name === "Error" || /^\w+Error: /.test(first);
    return { kind: "module", detail: isNamed ? first : `${name}: ${first}` };
  }

  #output(): Output | undefined {
    const stdout = this.#stdout.finish(), stderr = this.#stderr.finish();
    return stdout.bytes.length + stderr.bytes.length === 0 ? undefined : { stdout, stderr };
  }
}

/** The rights a task declares, and to read its own modules. Its files are handed over, and need none. */
function rightsOf({ work, call }: ModuleTask, folder: string): Rights {
  const absolute = (path: string) => absoluteIn(folder, path);
  const { read, write, ffi, ...others }: Permissions = work.permissions ?? {};
  const modules = (call?.modules ?? []).map(absolute);
  const paths = (right: true | readonly string[] | undefined) => right === true ? true : right?.map(absolute);
  return {
    ...others,
    read: read === true ? true : [...modules, ...paths(read) as string[] ?? []],
    write: paths(write),
    ffi: paths(ffi),
  };
}

function filesOf(
  { sources, dependencyArtifacts, call }: ModuleTask,
  where: Pick<TaskFiles, "folder" | "out">,
): TaskFiles {
  const contents = new Map<string, Uint8Array>();
  let room = SENT_IN_ALL;
  for (const path of [...sources, ...dependencyArtifacts]) {
    const absolute = absoluteIn(where.folder, path);
    try {
      const { size, isFile } = Deno.statSync(absolute);
      if (!isFile || size > Math.min(SENT_SIZE, room)) continue;
      contents.set(path, Deno.readFileSync(absolute));
      room -= size;
    } catch {
      // Whoever reads it is told why that cannot be.
    }
  }
  const dependencies = dependencyArtifacts.map((path, at): [string, string] => [call?.dependencies[at] ?? path, path]);
  return { ...where, sources, dependencies, contents };
}

/** A stack without the frames of the thread that made the call; nothing when there are no others. */
function ownFrames(stack: string): string {
  const lines = stack.split("\n").filter((line) => !line.includes("/sandbox_thread.ts:"));
  return lines.some((line) => /^\s+at /.test(line)) ? `${lines.join("\n")}\n` : "";
}

function absoluteIn(folder: string, path: string): string {
  return path.startsWith("/") ? path : join(folder, path);
}

function fileUrl(path: string): string {
  return `file://${path.split("/").map(encodeURIComponent).join("/")}`;
}
