/**
 * Owns what a run of shell tasks knows of them: nothing but what was written. They make no artifact, so nothing is ever
 * up to date and nothing is remembered here.
 *
 * @module
 */
import type { ShellTask } from "../graph/task_file.ts";
import type { RunShell } from "./messages.ts";
import type { Finding, Work } from "./work.ts";

/** A shell task as it is run. */
export interface ShellWorkTask extends ShellTask {
  readonly env?: Readonly<Record<string, string>>;
}

/** The work of one run of shell tasks. */
export class ShellWork implements Work {
  /** `stream` passes on what commands print as it comes. */
  constructor(readonly tasks: readonly ShellWorkTask[], readonly options: { readonly stream: boolean }) {}

  check(): Finding {
    return { kind: "run" };
  }

  message(task: number): RunShell {
    const { name, command, env = {}, timeoutMs } = this.tasks[task];
    return { kind: "shell", task, name, command, env, timeoutMs, stream: this.options.stream };
  }

  arrived(task: number): void {
    throw new Error(`Bug: shell task ${task} made an artifact`);
  }

  unrestorable(task: number): void {
    throw new Error(`Bug: shell task ${task} was to be copied`);
  }

  record(): void {}
}
